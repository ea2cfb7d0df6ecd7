"""What orders and interactions earn, why, and from when to when it can be spent. Pure."""
