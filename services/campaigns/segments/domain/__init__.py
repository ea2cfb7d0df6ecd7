"""Conditions on a person, and whom they hold for. Pure."""
