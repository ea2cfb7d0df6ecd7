"""Tests of the slice answers of feedback."""
