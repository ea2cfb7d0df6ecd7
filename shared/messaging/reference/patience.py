"""Patience with shops that are not known yet: whether one exists is judged by what was read, never by time alone.

A shop's settings may overtake its orders or come long after them: other partitions, other relays, owners that are
replaced. An event of an unknown shop therefore waits until its shop has been unknown for a while without a break,
and then until the service (all of its workers together) has read the topic of shops as far as that went at a moment
after both: the while had passed, and the event had come. While Kafka or the database is away nothing is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import Any, NamedTuple

import asyncpg

from shared.contracts import topics
from shared.messaging.fence import TopicPartition
from shared.messaging.handling import Delivery, NotYet

PATIENCE_SECONDS = 120.0
"""So long a shop's settings may be on their way to the topic: its relay may hang and be replaced meanwhile."""
_REMEMBERED_MAX = 10_000
_READ_TO = "SELECT partition, next FROM consumer_offset WHERE grp = $1 AND topic = $2"

Ends = Mapping[TopicPartition, int]
"""Where the partitions of the topic of shops end."""


class ShopUnknown(NotYet):
    """An event's shop is not known, and it is too early to say that there is no such shop."""


class _Met(NamedTuple):
    offset: int
    at: float


class UnknownShops:
    """Remembers since when a slug is unknown, so that the second event of a misspelt one waits no longer."""

    def __init__(self, now: Callable[[], float] = monotonic, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """`patience_seconds` 0: the service keeps the registry itself, what it does not know does not exist."""
        self._now = now
        self._patience = patience_seconds
        self._since: dict[str, float] = {}
        self._met: dict[TopicPartition, _Met] = {}
        self._ends: tuple[float, Ends] | None = None

    def ends_to_pass(self, deliveries: Iterable[Delivery[Any]]) -> Ends:
        """What must have been read before these events of unknown shops may be refused. Raises ShopUnknown.

        Unless it was asked for since they came and their shops' time was over, which `observed` tells.
        """
        if not self._patience:
            return {}
        now = self._now()
        if len(self._since) > _REMEMBERED_MAX:
            self._since.clear()  # somebody sends random slugs: they may wait again
        earliest = 0.0
        for delivery in deliveries:  # all of them wait from now on, not in turn
            since = self._since.setdefault(delivery.event.shop, now)
            place = TopicPartition(delivery.topic, delivery.partition)
            met = self._met.get(place)
            if met is None or met.offset < delivery.offset:
                met = self._met[place] = _Met(delivery.offset, now)
            earliest = max(earliest, since + self._patience, met.at)
        if self._ends is None or self._ends[0] < earliest:
            raise ShopUnknown("the event's shop is not configured in this service yet")
        return self._ends[1]

    def observed(self, asked_at: float, ends: Ends | None) -> None:
        """Where the topic of shops ended at that moment or later; None when Kafka did not tell."""
        if ends is None:
            self.interrupted()
        else:
            self._ends = (asked_at, ends)

    def interrupted(self) -> None:
        """Something was away that shops come by: all wait anew from when it is back."""
        self._since.clear()
        self._ends = None


async def has_read(conn: asyncpg.Connection[Any], group: str, ends: Ends) -> bool:
    """Whether the workers of a service, all together, have read the topic of shops up to there."""
    if not any(ends.values()):
        return True
    reached = {row[0]: row[1] for row in await conn.fetch(_READ_TO, group, topics.SHOPS)}
    return all(reached.get(place.partition, 0) >= end for place, end in ends.items())
