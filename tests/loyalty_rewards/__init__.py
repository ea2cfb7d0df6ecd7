"""Tests of loyalty: rewards, redemptions, corrections."""
