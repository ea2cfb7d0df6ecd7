"""Surveys: what they ask, when they are due, whose turn it is. Pure."""
