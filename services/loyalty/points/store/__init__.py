"""Every query of points. Statements are for sets: their number does not grow with the batch."""
