"""Tests of pacing: quiet hours, weekends, caps."""
