"""Every query of the slice. Rows are locked in one order: orders by key, then profiles by key."""
