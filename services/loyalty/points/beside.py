"""What other slices tell of a customer in the day's turn, each in its step of the day."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from services.loyalty.points.domain.book import Expiring, Telling
from services.loyalty.points.domain.plain import PlainTelling
from shared.contracts.envelope import Envelope
from shared.messaging.handling import OutboxKey

Told = Telling | Expiring | PlainTelling


class Step(IntEnum):
    """Of a day, in their order."""

    ACTIVATE = 0
    REVIEW = 1
    EXPIRE = 2
    ANNOUNCE = 3
    REST = 4
    """What the day then brings, in the order in which it is told."""


_Place = tuple[int, int]
"""A day of the shop, and its step."""
_AFTER_ALL = (2**31, Step.REST)


class Beside(NamedTuple):
    """An event of another slice."""

    key: OutboxKey
    topic: str
    event: Callable[[int], Envelope]
    """From its number among the events of the key."""
    day: int | None
    """As this day of the shop begins; None: behind all that the ledger tells."""
    step: Step = Step.REVIEW
    """Of the day. What the ledger tells of the step comes first."""


def in_turn(
    tellings: Sequence[Told], keys: Sequence[OutboxKey], besides: Sequence[Beside]
) -> Iterator[tuple[OutboxKey, Told | Beside]]:
    """All of them with their keys, in the order in which they are told. Those of one topic keep their own order."""
    waiting: dict[OutboxKey, dict[str, deque[Beside]]] = {}
    for one in besides:
        waiting.setdefault(one.key, {}).setdefault(one.topic, deque()).append(one)
    for telling, key in zip(tellings, keys, strict=True):
        if key in waiting:
            yield from ((key, one) for one in _before(_place(telling), waiting[key].values()))
        yield key, telling
    for key, topics in waiting.items():
        yield from ((key, one) for one in _before(_AFTER_ALL, topics.values()))
        yield from ((key, one) for own in topics.values() for one in own)


def _before(place: _Place, queues: Iterable[deque[Beside]]) -> Iterator[Beside]:
    """Those whose turn comes before a place, the earliest first."""
    while ready := [own for own in queues if own and _turn(own[0]) < place]:
        yield min(ready, key=lambda own: _turn(own[0])).popleft()


def _turn(one: Beside) -> _Place:
    return _AFTER_ALL if one.day is None else (one.day, one.step)


def _place(telling: Told) -> _Place:
    """The shop's day on which it happens, and the step of that day."""
    match telling:
        case Telling():
            steps = {"activated": Step.ACTIVATE, "expired": Step.EXPIRE}
            return telling.entries[0].day, steps.get(telling.happening, Step.REST)
        case Expiring():
            return telling.day, Step.ANNOUNCE
        case PlainTelling():
            return telling.award.day, Step.REST
