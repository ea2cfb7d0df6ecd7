"""Security: who may what, what is refused, what is written down, and what is told to nobody."""
