"""The time of shops: the wall's, or what their events tell. Word of it comes with orders; timers fall due by it."""

from services.campaigns.clocks.keeping import Told, keep_clocks, place_of, shops_of, time_of, times_of

__all__ = ["Told", "keep_clocks", "place_of", "shops_of", "time_of", "times_of"]
