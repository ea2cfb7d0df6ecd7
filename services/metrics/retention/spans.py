"""The spans of a series, and its points: an answer together with the span that it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from services.metrics.retention.domain.points import Step, points, span_of
from shared.contracts.metrics import Retention
from shared.kernel import DayOrdinal


@dataclass(frozen=True, slots=True)
class Spans:
    """How time is cut: by a step of a calendar, weeks from a weekday on (0 is Monday)."""

    step: Step
    calendar: str
    week_start: int
    today: DayOrdinal

    def ends(self, first: int, last: int) -> list[int]:
        """The last day of each span from `first` to `last`, and `last`; ordinals."""
        return points(first, last, self.step, calendar=self.calendar, week_start=self.week_start)

    def place(self, day: date) -> dict[str, Any]:
        """Which span a point's day ends: its name, its first day, and whether it is complete."""
        at = day.toordinal()
        span = span_of(at, self.step, calendar=self.calendar, week_start=self.week_start)
        return {
            "span": span.name,
            "span_from": date.fromordinal(span.first),
            "complete": at == span.last and at < self.today,
        }

    def point(self, answer: Retention) -> dict[str, Any]:
        """An answer with the place of its day."""
        return msgspec.structs.asdict(answer) | self.place(answer.as_of)
