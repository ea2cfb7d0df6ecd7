"""Slice `clocks`: the time of shops, the wall's or what their events tell; invitations fall due by it."""

from services.feedback.clocks.keeping import heed, origin_of, place_of, time_now, time_of

__all__ = ["heed", "origin_of", "place_of", "time_now", "time_of"]
