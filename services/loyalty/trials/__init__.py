"""Slice `trials`: what a draft would have given for what really happened in the last days."""
