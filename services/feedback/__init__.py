"""Feedback: what a shop asks its customers, what they answer, how that scores, and the cases that bad answers open."""
