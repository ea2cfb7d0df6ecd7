"""Time of shops that goes by their events, as in replays: how far it has come, partition by partition.

`courses` is pure; `keeping` reads and moves clocks in the table `shop_clock` that a service describes, and tells the
runtime which timers are due. What may not live here: what falls due, which is each slice's own.
"""

from shared.clocks.courses import PARTITIONS_MAX, Course, Moment, place_of, timers_of
from shared.clocks.keeping import Place, ShopsOwnClock, move, read

__all__ = ["PARTITIONS_MAX", "Course", "Moment", "Place", "ShopsOwnClock", "move", "place_of", "read", "timers_of"]
