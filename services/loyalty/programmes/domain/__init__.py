"""What a programme is, whether it holds together, and which version is in force. Pure."""
