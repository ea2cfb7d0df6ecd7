"""What orders and interactions earn."""
