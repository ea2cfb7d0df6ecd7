"""lifecycle: the stage of each customer (new, active, lapsing, lost, reactivated), and each change of it, once."""

from services.metrics.lifecycle.beside import Beside, beside_of, count_gaps, freeze, look_at, stage
from services.metrics.lifecycle.domain.stages import Stage
from services.metrics.lifecycle.forgetting import watch_visits
from services.metrics.lifecycle.store.besides import is_marked, mark, take, visitors_behind
from services.metrics.lifecycle.visiting import move_visits

__all__ = [
    "Beside",
    "Stage",
    "beside_of",
    "count_gaps",
    "freeze",
    "is_marked",
    "look_at",
    "mark",
    "move_visits",
    "stage",
    "take",
    "visitors_behind",
    "watch_visits",
]
