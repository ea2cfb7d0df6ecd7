"""When events arrive: at once, late, much later than all that followed them, and more than once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Protocol, TypeVar

_DAY_S = 86_400.0
_LATE_SHARE = 0.10
_VERY_LATE_SHARE = 0.05
_BACKDATED_SHARE = 0.02
_DOUBLED_SHARE = 0.06


class _Span(Protocol):
    @property
    def days(self) -> int: ...
    @property
    def in_order(self) -> bool: ...


class Arriving(Protocol):
    """What can arrive."""

    @property
    def occurred(self) -> datetime: ...


ArrivingT = TypeVar("ArrivingT", bound=Arriving)


def arrive(rng: Random, span: _Span, events: Iterable[ArrivingT]) -> Iterator[tuple[float, datetime, ArrivingT]]:
    """(arrival in epoch seconds, when it was first received, event), some of them twice or three times.

    Each event is delayed by itself, so that refunds and cancellations also come before their order. In order, each
    arrives once, when it occurs.
    """
    for event in events:
        if span.in_order:
            yield event.occurred.timestamp(), event.occurred, event
            continue
        arrival = event.occurred.timestamp() + _delay_s(rng, span.days)
        received = datetime.fromtimestamp(int(arrival * 1000) / 1000, UTC)
        yield arrival, received, event
        while rng.random() < _DOUBLED_SHARE:
            arrival += timedelta(days=rng.choice((0, 0, 1, 40))).total_seconds() + rng.uniform(0, 60)
            yield arrival, received, event


def _delay_s(rng: Random, days: int) -> float:
    chance = rng.random()
    if chance < _BACKDATED_SHARE:
        return rng.uniform(0, days * _DAY_S)
    if chance < _BACKDATED_SHARE + _VERY_LATE_SHARE:
        return rng.uniform(_DAY_S, 60 * _DAY_S)
    if chance < _BACKDATED_SHARE + _VERY_LATE_SHARE + _LATE_SHARE:
        return rng.uniform(60, 2 * _DAY_S)
    return rng.uniform(0, 5)
