"""lifecycle: the stage of each customer (new, active, lapsing, lost, reactivated), and each change of it, once."""

from services.metrics.lifecycle.domain.stages import Stage

__all__ = ["Stage"]
