"""When events arrive: at once, late, much later than all that followed them, and more than once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Protocol

from mandegar.generating.rendering import Rendered

_DAY_S = 86_400.0
_LATE_SHARE = 0.10
_VERY_LATE_SHARE = 0.05
_BACKDATED_SHARE = 0.02
_DOUBLED_SHARE = 0.06


class _Span(Protocol):
    @property
    def days(self) -> int: ...


def arrive(rng: Random, span: _Span, events: list[Rendered]) -> Iterator[tuple[float, bytes]]:
    """(arrival in epoch seconds, line) of each event, some of them twice or three times.

    Each event is delayed by itself, so that refunds and cancellations also come before their order.
    """
    for event in events:
        arrival = event.occurred.timestamp() + _delay_s(rng, span.days)
        yield arrival, event.line
        while rng.random() < _DOUBLED_SHARE:
            arrival += timedelta(days=rng.choice((0, 0, 1, 40))).total_seconds() + rng.uniform(0, 60)
            yield arrival, event.line


def _delay_s(rng: Random, days: int) -> float:
    chance = rng.random()
    if chance < _BACKDATED_SHARE:
        return rng.uniform(0, days * _DAY_S)
    if chance < _BACKDATED_SHARE + _VERY_LATE_SHARE:
        return rng.uniform(_DAY_S, 60 * _DAY_S)
    if chance < _BACKDATED_SHARE + _VERY_LATE_SHARE + _LATE_SHARE:
        return rng.uniform(60, 2 * _DAY_S)
    return rng.uniform(0, 5)
