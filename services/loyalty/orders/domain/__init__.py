"""What orders and interactions earn members, decided from what is known of them. Pure."""
