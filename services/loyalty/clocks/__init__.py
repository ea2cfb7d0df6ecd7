"""The time of shops: the wall's, or what their events tell. Word of it comes with orders; points fall due by it."""

from services.loyalty.clocks.keeping import Clocks, Reached, day_now, partition_of, reached, read_clocks, time_now

__all__ = ["Clocks", "Reached", "day_now", "partition_of", "reached", "read_clocks", "time_now"]
