"""A rebuild of one service from its topics, from the tables beside the live ones to the exchange of both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from mandegar.connecting import Connection
from mandegar.failures import CommandFailed
from mandegar.services import service_main

if TYPE_CHECKING:
    import asyncpg

    from shared.messaging.rebuilding import Filler, Progress, RebuildPlan, Switched, Verdict

_ROUNDS_MAX = 1_000
_NEARLY = 2_000
"""Events behind live from which on the rest fits into a standstill."""
_LOCK = "SELECT pg_try_advisory_lock(hashtext('mandegar.rebuild'), hashtext($1))"


class Refused(CommandFailed):
    """The rebuild may not go on as asked."""


class State(NamedTuple):
    """What the operator works with: connections, and the filler of the tables beside."""

    service: str
    plan: RebuildPlan
    operator: asyncpg.Connection[Any]
    worker: asyncpg.Connection[Any]
    beside: asyncpg.Connection[Any]
    """Another one of the worker's role: live's snapshot is held by the first."""
    filler: Filler


class Checked(NamedTuple):
    """What a comparison found."""

    verdicts: list[Verdict]
    apart: int
    """Customers who were on their way on one side, so that some of their state was not compared."""


def plan_of(service: str) -> tuple[ModuleType, RebuildPlan]:
    """The wiring of a service and its plan. Raises Refused when it cannot be rebuilt."""
    main = service_main(service)
    plan = getattr(main, "REBUILD", None)
    if plan is None:
        raise Refused(
            f"{service} cannot be rebuilt: its input goes after a week, and it decides what cannot be decided twice"
        )
    return main, plan


@asynccontextmanager
async def opened(
    found: Connection, service: str, *, restart: bool, told: Callable[[Progress], None]
) -> AsyncIterator[State]:
    """Make the tables beside the live ones, if they are not there, and open what reads and writes them."""
    from shared.messaging.cluster.topics import is_compacted
    from shared.messaging.connecting import opener
    from shared.messaging.dead_letters import Cipher, DeadLetters
    from shared.messaging.rebuilding import Filler, live_positions, seed
    from shared.messaging.rebuilding.reading import MergedReader

    main, plan = plan_of(service)
    operator = await _connect(found.service_database_url(service), service)
    worker = await _connect(found.login(service), service)
    second = await _connect(found.login(service), service)
    try:
        if not await operator.fetchval(_LOCK, service):
            raise Refused(f"another rebuild of {service} runs; this one was not begun")
        anew = await _make_beside(found, operator, service, restart=restart)
        await seed(worker, plan, service, anew)
        async with MergedReader({"bootstrap_servers": found.bootstrap_servers}) as reader:
            filler = Filler(
                main.SERVICE,
                plan,
                opener(found.login(service), anew, "rebuild"),
                reader,
                DeadLetters(service, Cipher(found.secret_key)),
                told=told,
            )
            try:
                places = set(await live_positions(worker, service, service))
                topics = {place.topic for place in places} & filler.topics
                places = {place for place in places if place.topic in topics}
                await filler.open(places, compacted={topic for topic in topics if is_compacted(topic)})
                yield State(service, plan, operator, worker, second, filler)
            finally:
                await filler.close()
    finally:
        operator.terminate()
        worker.terminate()
        second.terminate()


async def fill(state: State, limit: int | None = None) -> None:
    """Read until less than a standstill's worth is left, or `limit` rounds are done."""
    for _ in range(limit or _ROUNDS_MAX):
        events = await state.filler.to(await _targets(state))
        await state.filler.catch_up_timers(await state.worker.fetchval("SELECT now()"))
        if events < _NEARLY:
            return


async def check(state: State) -> Checked:
    """Compare live with the rebuild at the same positions. Live goes on meanwhile."""
    from shared.messaging.rebuilding import (
        compare,
        digests,
        exemplified,
        letters_to_repeat,
        live_positions,
        refresh,
    )

    anew, plan = _anew(state.service), state.plan
    await refresh(state.beside, plan, state.service, anew)
    async with state.worker.transaction(isolation="repeatable_read"):
        # One snapshot: the tables as they stood at these positions. It stays open while the rebuild reads up to them.
        await state.worker.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        positions = await live_positions(state.worker, state.service, state.service)
        now: datetime = await state.worker.fetchval("SELECT now()")
        await state.worker.execute(f'SET LOCAL search_path = "{state.service}"')
        await state.filler.to({place: end for place, end in positions.items() if place.topic in state.filler.topics})
        await state.filler.catch_up_timers(now)
        await letters_to_repeat(state.beside, state.service, anew)
        await state.filler.repeat_letters()
        async with state.beside.transaction(isolation="repeatable_read"):
            await state.beside.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            await state.beside.execute(f'SET LOCAL search_path = "{anew}"')
            apart = 0 if plan.set_apart is None else await plan.set_apart(state.worker, state.beside)
            live = await digests(state.worker, plan.compared)
            rebuilt = await digests(state.beside, plan.compared)
            verdicts = compare(plan.compared, live, rebuilt)
            verdicts = await exemplified(state.worker, state.beside, plan.compared, verdicts)
    return Checked(verdicts, apart)


async def switch(state: State) -> Switched:
    """Put the rebuild in the place of live. Raises Refused or RebuildTrouble, and has then changed nothing."""
    from shared.db import beside
    from shared.messaging.rebuilding import switch as exchange
    from shared.messaging.rebuilding.switching import refuse_changed_choices

    before = beside.schema_of(state.service, beside.BEFORE)
    if await beside.exists(state.operator, before):
        raise Refused(f"schema {before} still keeps the tables of an earlier exchange: `--drop-old` removes it")
    await refuse_changed_choices(state.worker, state.service, state.plan)
    await fill(state)
    return await exchange(state.operator, state.worker, state.service, state.plan, state.filler)


async def drop_old(found: Connection, service: str) -> bool:
    """Drop what was live before the exchange. Whether there was anything."""
    from shared.db import beside

    plan_of(service)
    operator = await _connect(found.service_database_url(service), service)
    try:
        async with operator.transaction():
            await beside.become_owner(operator, service)
            await operator.execute("SET LOCAL statement_timeout = '10min'")
            return await beside.drop(operator, beside.schema_of(service, beside.BEFORE))
    finally:
        operator.terminate()


async def _targets(state: State) -> dict[Any, int]:
    from shared.messaging.rebuilding import live_positions

    positions = await live_positions(state.worker, state.service, state.service)
    return {place: end for place, end in positions.items() if place.topic in state.filler.topics}


async def _make_beside(found: Connection, operator: asyncpg.Connection[Any], service: str, *, restart: bool) -> str:
    from shared.db import beside
    from shared.db.migrating import migrate
    from shared.settings import logins_of

    anew = _anew(service)
    if restart:
        async with operator.transaction():
            await beside.become_owner(operator, service)
            await operator.execute("SET LOCAL statement_timeout = '10min'")
            await beside.drop(operator, anew)
    url = found.service_database_url(service)
    await asyncio.to_thread(migrate, service, url, logins=logins_of(service, url), schema=anew)
    differing = await beside.differing_shapes(operator, service, anew)
    if differing:
        raise Refused(
            f"the tables beside do not look like the live ones: {', '.join(differing[:5])}. Run `mandegar migrate` "
            "first; if that does not help, a migration names its schema, which it must not"
        )
    return anew


def _anew(service: str) -> str:
    from shared.db import beside

    return beside.schema_of(service, beside.ANEW)


async def _connect(url: str, schema: str) -> asyncpg.Connection[Any]:
    import asyncpg

    from shared.db.engine import plain_url, server_settings

    settings = server_settings(schema, "mandegar-rebuild")
    return await asyncpg.connect(plain_url(url), timeout=5, command_timeout=600, server_settings=settings)
