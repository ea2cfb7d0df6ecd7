"""What a worker does beside its events: timers that fall due, dead letters to be handled again.

Each runs in a fenced transaction of its own, like a batch, so that it takes its locks in the service's order; to keep
an idle service from writing all day, a look comes first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from time import monotonic
from typing import Any

import asyncpg

from shared.db.timers import any_due
from shared.kernel import Clock
from shared.messaging.batch import Step
from shared.messaging.chores.timers import DueTimers, WallClock
from shared.messaging.handling import ShopClock, TimerHandler

_TIMERS_EVERY_SECONDS = 0.25
_REPLAY_EVERY_SECONDS = 2.0
_ANY_REQUESTED = """
SELECT EXISTS (
    SELECT FROM dead_letter d JOIN unnest($1::text[], $2::int[]) AS a(topic, partition) USING (topic, partition)
    WHERE d.state = 'requested'
)
"""


class Rota:
    """Says what is to be done now. One for each worker."""

    def __init__(
        self,
        handlers: Mapping[str, TimerHandler],
        clock: Clock,
        reference: Collection[str] = frozenset(),
        shop_clock: ShopClock | None = None,
    ) -> None:
        """`reference` names the topics of reference data, whose partitions have no timers."""
        self._clock = clock
        self._reference = reference
        self._shop_clock = shop_clock or WallClock()
        self.timers = DueTimers(handlers, self._shop_clock) if handlers else None
        self._timers_at = self._replay_at = 0.0

    def waiting(self) -> bool:
        """Whether it is time to look."""
        now = monotonic()
        return now >= self._replay_at or (self.timers is not None and now >= self._timers_at)

    async def look(
        self, conn: asyncpg.Connection[Any], places: Sequence[tuple[str, int]], *, idle: bool = True
    ) -> tuple[list[Step], bool]:
        """Steps to run in a transaction that fences these places, or that dead letters wait there: never both.

        `idle`: no event waits.
        """
        now = monotonic()
        steps: list[Step] = []
        if now >= self._replay_at:
            self._replay_at = now + _REPLAY_EVERY_SECONDS
            topics, numbers = [place[0] for place in places], [place[1] for place in places]
            if await conn.fetchval(_ANY_REQUESTED, topics, numbers):
                return [], True
        if self.timers is not None and now >= self._timers_at:
            self._timers_at = now + _TIMERS_EVERY_SECONDS
            self.timers.idle = idle
            partitions = sorted({partition for topic, partition in places if topic not in self._reference})
            reaches = await self._shop_clock.reaches(conn, self._clock.now(), partitions)
            if await any_due(conn, reaches, self.timers.kinds):
                steps.append(self.timers.step(partitions))
        return steps, False

    def done(self) -> dict[str, int]:
        """After the transaction committed: how many timers fired, by kind.

        Comes back at once if more are due and nothing else waits. In a backlog timers keep to their pace: what an event
        tells of its customer by the way need not be done by a timer before, one transaction after the other.
        """
        if self.timers is None:
            return {}
        if self.timers.more and self.timers.idle:
            self._timers_at = 0.0
        return self.timers.fired
