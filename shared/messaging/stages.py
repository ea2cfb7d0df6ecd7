"""How long each stage of a batch took: for Prometheus, and for `make bench`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from time import perf_counter_ns


@dataclass(slots=True)
class StageTimes:
    """Microseconds of one batch, or added up over several, by stage."""

    fetch: float = 0.0
    decode: float = 0.0
    fence: float = 0.0
    ids: float = 0.0
    handle: float = 0.0
    outbox: float = 0.0
    commit: float = 0.0

    def add(self, other: StageTimes) -> None:
        """Add another batch's times to these."""
        for item in fields(self):
            setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))

    def as_dict(self) -> dict[str, float]:
        """Microseconds by stage."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


class Stopwatch:
    """Attributes the time since its last lap to a stage."""

    def __init__(self, times: StageTimes) -> None:
        self.times = times
        self._last = perf_counter_ns()

    def lap(self, stage: str) -> None:
        """What passed since the last lap belongs to `stage`."""
        now = perf_counter_ns()
        setattr(self.times, stage, getattr(self.times, stage) + (now - self._last) / 1000)
        self._last = now
