"""Drafts tried on what really happened."""
