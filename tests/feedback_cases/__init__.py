"""Tests of the slice cases of feedback."""
