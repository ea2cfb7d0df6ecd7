"""Chores: what a worker does beside its events: timers that fall due, repaired dead letters, what is old.

`rota` says what is to be done in the next transaction, `timers` fires, `housekeeping` removes. What may not live here:
a transaction of its own around a service's handler: the batch's is the only one.
"""

from shared.messaging.chores.housekeeping import Housekeeping
from shared.messaging.chores.rota import Rota
from shared.messaging.chores.timers import POSTPONED_BY, DueTimers, FiringSize, WallClock

__all__ = ["POSTPONED_BY", "DueTimers", "FiringSize", "Housekeeping", "Rota", "WallClock"]
