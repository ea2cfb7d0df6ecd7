"""Rules that a reviewer would repeat, as checks."""
