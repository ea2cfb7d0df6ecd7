"""nps: what customers answered on the scale from 0 to 10, and the net promoter score of it at any day.

An answer holds until the customer gives the next one, or until its day has left the window. Nothing here belongs to a
generation: answers keep their instants, and days are cut when they are counted.
"""

from services.metrics.nps.domain import Scored, scored
from services.metrics.nps.store import move, tallies_at

__all__ = ["Scored", "move", "scored", "tallies_at"]
