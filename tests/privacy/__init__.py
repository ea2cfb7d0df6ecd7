"""A person is handed out, agrees, and is erased."""
