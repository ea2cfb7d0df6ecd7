"""Tests of the audience: profiles by events."""
