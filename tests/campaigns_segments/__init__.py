"""Tests of segments: conditions, in Python and in SQL, members by events and by time."""
