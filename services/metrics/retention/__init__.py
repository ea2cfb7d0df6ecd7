"""retention: held, new, won-back and lost customers, repeat and loyal rates, at any day of any shop."""

from services.metrics.retention.answering import figures

__all__ = ["figures"]
