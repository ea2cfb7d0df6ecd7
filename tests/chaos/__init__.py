"""The whole path with real processes, while everything that can fail does."""
