"""Firing timers: by the owner of their partition, inside its fenced transaction, on the shop's clock.

In the transaction: 1 read what is due, 2 run one handler, 3 remove what fired; what a handler sets anew is written with
everything else when the transaction ends. A crash anywhere leaves the timers as they were, and they fire again; a
former owner who comes back fails at the fence. So a timer fires once.

**One kind in a transaction.** A handler takes its locks in the order of its service, once; so then does the
transaction. Two handlers, one after the other, would take theirs in no order at all, and wait in a circle with whoever
keeps to it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import asyncpg
import structlog

from shared.db.timers import Reach, due_timers, settle
from shared.db.transaction import OpenTransaction
from shared.messaging import crash
from shared.messaging.batching import grown
from shared.messaging.handling import ShopClock, Timer, TimerHandler, Work
from shared.messaging.isolation import isolate

log = structlog.get_logger(__name__)

POSTPONED_BY = timedelta(hours=1)
"""A timer whose handler fails on it alone is tried again after this time; meanwhile it blocks nobody."""


class WallClock:
    """Timers follow the runtime's clock."""

    async def reaches(
        self,
        conn: asyncpg.Connection[Any],  # noqa: ARG002 - nothing need be read
        now: datetime,
        partitions: Sequence[int],
    ) -> list[Reach]:
        return [Reach(partition, now) for partition in partitions]


class FiringSize:
    """How many timers one transaction fires: as many as fit into a time, like the size of a batch. Pure.

    Each transaction costs a dozen statements whatever it fires, so where nothing else waits, as at the end of a
    history, the number doubles until a quarter of the time is used. Else it grows by a tenth.
    """

    def __init__(self, *, limit_max: int = 2_000, seconds_max: float = 0.3, begin: int = 100) -> None:
        self.limit = min(begin, limit_max)
        self._limit_max = limit_max
        self._seconds_max = seconds_max

    def fired(self, seconds: float, *, more: bool, idle: bool) -> None:
        """Some fired in so much time. `more`: others were due that did not fit in; `idle`: nothing else waits."""
        if seconds > self._seconds_max:
            self.failed()
        elif more:
            self.limit = grown(self.limit, self._limit_max, quickly=idle and seconds < self._seconds_max / 4)

    def failed(self) -> None:
        """The transaction will be rolled back, or was too slow."""
        self.limit = max(1, self.limit // 2)


def one_run(due: Sequence[Timer], last: str) -> list[Timer]:
    """Those of one kind that come before all others of their partitions: the next kind after the `last` one.

    In a partition timers fire in order of time, not kind by kind: what a customer's timers do must not depend on who
    else has some. Kinds take turns, so no partition waits for another's backlog. Pure.
    """
    first: dict[int, str] = {}
    for timer in due:
        first.setdefault(timer.partition, timer.kind)
    if not first:
        return []
    kind = min(set(first.values()), key=lambda one: (one <= last, one))
    run: list[Timer] = []
    for timer in due:
        if first[timer.partition] == kind:
            if timer.kind == kind:
                run.append(timer)
            else:
                first[timer.partition] = ""
    return run


class DueTimers:
    """A step of a worker's transactions that fires what is due. One for each worker."""

    def __init__(
        self, handlers: Mapping[str, TimerHandler], clock: ShopClock | None = None, size: FiringSize | None = None
    ) -> None:
        self._handlers = handlers
        self._clock = clock or WallClock()
        self._size = size or FiringSize()
        self.kinds = sorted(handlers)
        """Kinds that somebody handles. Timers of others stay as they are."""
        self.fired: dict[str, int] = {}
        """How many fired in the last step, by kind. They count once the transaction has committed."""
        self.more = False
        """The last step left some that were due."""
        self.idle = True
        """Nothing else waits to be done."""
        self._last = ""

    def step(self, partitions: Sequence[int]) -> Callable[[Work], Awaitable[None]]:
        """The step for a transaction that has fenced these partitions."""

        async def fire(work: Work) -> None:
            await self.fire(work, partitions)

        return fire

    async def fire(self, work: Work, partitions: Sequence[int]) -> None:
        """Fire what is due, of one kind and bounded in number. Errors that concern the transaction pass through."""
        self.fired, self.more = {}, False
        conn, started = work.tx.conn, monotonic()
        reaches = await self._clock.reaches(conn, work.tx.now, partitions)
        due = await due_timers(conn, reaches, self.kinds, self._size.limit)
        if not due:
            return
        crash.at("timer_after_claim")
        run = one_run(due, self._last)
        self._last = run[0].kind  # also if it fails now: the others need not wait for it
        try:
            failed = await self._run(work, self._last, run)
        except Exception:
            self._size.failed()
            raise
        failed_ones = set(failed)
        done = [timer for timer in run if timer not in failed_ones]
        await settle(conn, done, failed, work.tx.now + POSTPONED_BY)
        if done:
            self.fired[self._last] = len(done)
        self.more = len(run) < len(due) or len(due) >= max(1, self._size.limit // max(1, len(reaches)))
        self._size.fired(monotonic() - started, more=self.more, idle=self.idle)

    async def _run(self, work: Work, kind: str, timers: list[Timer]) -> list[Timer]:
        """Run one handler, each part under a savepoint. Gives the timers that fail even alone."""
        conn, tx = work.tx.conn, work.tx
        assert isinstance(tx, OpenTransaction)  # the runtime's own, which knows savepoints

        async def attempt(part: Sequence[Timer]) -> None:
            mark = tx.mark()
            await conn.execute("SAVEPOINT timers")
            try:
                await self._handlers[kind](work, part)
                await conn.execute("RELEASE SAVEPOINT timers")
            except Exception:
                tx.back_to(mark)
                if not conn.is_closed():
                    await conn.execute("ROLLBACK TO SAVEPOINT timers")
                raise

        culprits = await isolate(attempt, timers, patient=False)  # who waits for something waits without the others
        for culprit in culprits:
            log.error("timer postponed: its handler fails on it", kind=kind, error=type(culprit.error).__name__)
        return [culprit.item for culprit in culprits]
