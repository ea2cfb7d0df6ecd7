"""Tests of what campaigns led to."""
