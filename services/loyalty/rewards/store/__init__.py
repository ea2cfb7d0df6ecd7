"""Every query of the slice."""
