"""What holds for each service."""
