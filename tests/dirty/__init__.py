"""Dirty streams through the whole platform, held against a recount from scratch."""
