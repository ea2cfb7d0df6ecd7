"""Tests of the slice surveys of feedback."""
