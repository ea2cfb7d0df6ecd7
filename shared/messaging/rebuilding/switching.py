"""Putting a rebuild in place: live stands still for some seconds, the rebuild reads its rest, the tables change places.

    1 lock live's positions: batches in hand commit, later ones wait at their fence
    2 the rebuild reads to these very positions
    3 lock the tables to be exchanged; what was published is live's history, and the rebuild goes on from it
    4 exchange the tables, raise all epochs above live's, COMMIT
    5 workers fail at the fence, drop what they hold, and claim their partitions anew within seconds

Whatever fails before COMMIT leaves live as it was. Live's waiting batches give up after their own time limit and are
tried again, so nothing is lost if it takes long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple

import asyncpg

from shared.db import beside
from shared.messaging import crash
from shared.messaging.rebuilding.comparing import compare, digests
from shared.messaging.rebuilding.filling import Filler, RebuildTrouble
from shared.messaging.rebuilding.plan import RUNTIME_EXCHANGED, RebuildPlan, Sides
from shared.messaging.rebuilding.preparing import refresh
from shared.messaging.rebuilding.targets import letters_to_repeat, live_positions

_STANDSTILL_SECONDS = 5.0
"""Longer, live's own batches would give up at their lock."""
_TRIES = 20
_PAUSE_SECONDS = 2.0
_LIMITS = """
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '5s';
SET LOCAL idle_in_transaction_session_timeout = '15s'
"""
_RAISE_EPOCHS = """
UPDATE "{anew}".consumer_offset n SET epoch = greatest(n.epoch, l.epoch) + 1
FROM "{live}".consumer_offset l
WHERE (l.grp, l.topic, l.partition) = (n.grp, n.topic, n.partition)
"""
_UNREAD = """
INSERT INTO "{anew}".consumer_offset (grp, topic, partition, next, epoch, cluster_id, topic_id)
SELECT grp, topic, partition, next, epoch + 1, cluster_id, topic_id FROM "{live}".consumer_offset l
WHERE NOT EXISTS (
    SELECT FROM "{anew}".consumer_offset n
    WHERE (l.grp, l.topic, l.partition) = (n.grp, n.topic, n.partition))
"""
_POSITIONS = """
SELECT count(*) FROM "{live}".consumer_offset l FULL JOIN "{anew}".consumer_offset n USING (grp, topic, partition)
WHERE l.next IS DISTINCT FROM n.next
"""


class Switched(NamedTuple):
    """How the exchange went."""

    seconds: float
    """For which live stood still."""
    attempts: int
    events: int
    """Read while live stood still."""
    told: Sequence[str] = ()
    """What was done so that what was published stays true."""


class _Parties(NamedTuple):
    operator: asyncpg.Connection[Any]
    worker: asyncpg.Connection[Any]
    sides: Sides
    plan: RebuildPlan
    filler: Filler


async def switch(
    operator: asyncpg.Connection[Any], worker: asyncpg.Connection[Any], service: str, plan: RebuildPlan, filler: Filler
) -> Switched:
    """Exchange the tables. `operator` may alter them; `worker` sees all shops. Raises RebuildTrouble.

    Call it when the rebuild has nearly caught up: what it has left to read must fit into seconds.
    """
    last: Exception | None = None
    sides = Sides(service, beside.schema_of(service, beside.ANEW))
    for attempt in range(1, _TRIES + 1):
        prepared = await plan.history.prepare(worker, sides) if plan.history is not None else None
        began = monotonic()
        try:
            async with asyncio.timeout(_STANDSTILL_SECONDS):
                events, told = await _attempt(_Parties(operator, worker, sides, plan, filler), prepared)
            return Switched(monotonic() - began, attempt, events, told)
        except (TimeoutError, asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
            last = error
        if operator.is_closed():
            raise RebuildTrouble("the connection was lost during the exchange; look with --check, then try again")
        await filler.reload()
        await filler.to(await live_positions(worker, service, service))
        await asyncio.sleep(_PAUSE_SECONDS)
    raise RebuildTrouble(
        f"live did not stand still for long enough in {_TRIES} attempts ({type(last).__name__}); nothing was changed"
    )


async def _attempt(parties: _Parties, prepared: Any) -> tuple[int, Sequence[str]]:
    operator, worker, sides, plan, filler = parties
    service, anew = sides
    before = beside.schema_of(service, beside.BEFORE)
    async with operator.transaction():
        await operator.execute(_LIMITS)
        await beside.make_schema_like(operator, before, service)
        await beside.lock(operator, service, ["consumer_offset"])
        crash.at("rebuild_after_lock")
        events = await filler.to(await live_positions(operator, service, service))
        await letters_to_repeat(worker, service, anew)
        await filler.repeat_letters()
        await refresh(worker, plan, service, anew)
        now: datetime = await worker.fetchval("SELECT now()")
        await filler.catch_up_timers(now)
        await filler.close()
        await beside.lock(operator, service, sorted({*RUNTIME_EXCHANGED, *plan.exchanged} - {"consumer_offset"}))
        names = {"live": service, "anew": anew}
        for statement in (_UNREAD, _RAISE_EPOCHS):
            await operator.execute(_named(statement, names))
        if await operator.fetchval(_named(_POSITIONS, names)):
            raise RebuildTrouble("the rebuild does not stand where live stands; nothing was changed. Begin anew")
        told: Sequence[str] = ()
        if plan.history is not None:
            told = await plan.history.adopt(operator, sides, prepared, now)
        await beside.exchange(operator, service, {*RUNTIME_EXCHANGED, *plan.exchanged})
        await operator.execute(f'DROP SCHEMA "{anew}" CASCADE')
        crash.at("rebuild_before_commit")
    return events, told


async def refuse_changed_choices(worker: asyncpg.Connection[Any], service: str, plan: RebuildPlan) -> None:
    """Raise RebuildTrouble when something that people chose differs from when the rebuild began."""
    sides = []
    for schema in (service, beside.schema_of(service, beside.ANEW)):
        async with worker.transaction():
            await worker.execute(f'SET LOCAL search_path = "{schema}"')
            sides.append(await digests(worker, plan.constant))
    changed = [verdict.table for verdict in compare(plan.constant, *sides) if not verdict.equal]
    if changed:
        raise RebuildTrouble(
            f"{', '.join(changed)} changed since the rebuild began: settings of a shop took effect meanwhile. Begin "
            "anew with --restart, or they would be undone"
        )


def _named(statement: str, names: dict[str, str]) -> str:
    for name, schema in names.items():
        statement = statement.replace(f"{{{name}}}", schema)
    return statement
