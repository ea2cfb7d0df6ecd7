"""Decides what is posted: accounts, lots, and everything that may happen to them. Pure."""
