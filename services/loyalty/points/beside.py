"""What other slices tell of a customer in the day's turn: after what becomes active on a day, before what expires."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from services.loyalty.points.domain.book import Expiring, Telling
from services.loyalty.points.domain.plain import PlainTelling
from shared.contracts.envelope import Envelope
from shared.messaging.handling import OutboxKey

Told = Telling | Expiring | PlainTelling
_ACTIVATE, _REVIEW, _REST = 0, 1, 2
"""Steps of a day; the ledger itself tells the rest in its order."""


class Beside(NamedTuple):
    """An event of another slice."""

    key: OutboxKey
    topic: str
    event: Callable[[int], Envelope]
    """From its number among the events of the key."""
    day: int | None
    """As this day of the shop begins; None: behind all that the ledger tells."""


def in_turn(
    tellings: Sequence[Told], keys: Sequence[OutboxKey], besides: Sequence[Beside]
) -> Iterator[tuple[OutboxKey, Told | Beside]]:
    """All of them with their keys, in the order in which they are told. Those beside keep their own order."""
    waiting: dict[OutboxKey, deque[Beside]] = {}
    for one in besides:
        waiting.setdefault(one.key, deque()).append(one)
    for telling, key in zip(tellings, keys, strict=True):
        own = waiting.get(key)
        while own and own[0].day is not None and (own[0].day, _REVIEW) < _place(telling):
            yield key, own.popleft()
        yield key, telling
    for key, own in waiting.items():
        for one in own:
            yield key, one


def _place(telling: Told) -> tuple[int, int]:
    """The shop's day on which it happens, and the step of that day."""
    match telling:
        case Telling():
            return telling.entries[0].day, _ACTIVATE if telling.happening == "activated" else _REST
        case Expiring():
            return telling.day, _REST
        case PlainTelling():
            return telling.award.day, _REST
