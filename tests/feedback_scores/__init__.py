"""Tests of the slice scores of feedback."""
