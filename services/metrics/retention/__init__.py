"""retention: held, new, won-back and lost customers, repeat and loyal rates, at any day of any shop."""

from services.metrics.retention.answering import figures
from services.metrics.retention.domain.points import Step
from services.metrics.retention.spans import Spans

__all__ = ["Spans", "Step", "figures"]
