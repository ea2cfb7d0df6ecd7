"""What a reward is, who can have it, and what becomes of one that was asked for. Pure."""
