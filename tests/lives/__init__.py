"""Generated lives: what they are, and that they go through the platform."""
