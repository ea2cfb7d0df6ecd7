"""Timers of the slice, as rows."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from services.campaigns.journeys.domain.run import Run
from shared.kernel import ShopId
from shared.messaging.handling import Timer

RUN_TIMER = "journeys_run"
"""Of a run, by id: it is to go on."""
SWEEP_TIMER = "journeys_sweep"
"""Of a journey, by id: its runs are to end, or to go on."""
DATE_TIMER = "journeys_date"
"""Of a journey that is entered on a date: by id, day, and the last customer who was looked at."""


class Turn(NamedTuple):
    """What a timer of a day stands for."""

    shop: ShopId
    journey: str
    day: date | None = None
    """None: the first day is to be found."""
    after: int = 0
    """Customers from there on."""

    @classmethod
    def of(cls, timer: Timer) -> Turn:
        """As the timer's name says."""
        journey, *more = timer.identity.split("|")
        return cls(timer.shop, journey, date.fromisoformat(more[0]), int(more[1])) if more else cls(timer.shop, journey)

    def at(self, day: date) -> Turn:
        """The turn of another day, from its first customer on."""
        return Turn(self.shop, self.journey, day, 0)


def run_timer(run: Run, now: datetime) -> Timer:
    """When a run is to go on. The run is locked, or new."""
    return Timer(ShopId(run.shop), RUN_TIMER, run.id, run.due or now, run.partition)


def sweep_timer(shop: ShopId, journey: str, now: datetime) -> Timer:
    """Have the runs of a journey follow it."""
    return Timer(shop, SWEEP_TIMER, journey, now, 0)


def turn_timer(turn: Turn, due: datetime) -> Timer:
    """When a journey's day, or its next customers, are looked at."""
    name = turn.journey if turn.day is None else f"{turn.journey}|{turn.day.isoformat()}|{turn.after}"
    return Timer(turn.shop, DATE_TIMER, name, due, 0)
