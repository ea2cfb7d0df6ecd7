"""Runs, what was before them, and what came before what would have entered one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import asyncpg

from services.campaigns import messages
from services.campaigns.journeys.domain.run import Mark, Past, Run, State
from services.campaigns.journeys.store.definitions import Stand
from shared.db import Reads

_COLUMNS = (
    "shop, id, journey, version, customer, key, state, control, step, due, met, since, entered_at, changed_at, variant,"
    " cause, trigger, partition, context"
)
_OF = ", ".join(f"r.{name.strip()}" for name in _COLUMNS.split(","))
_RUNNING = f"""
SELECT {_OF} FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN journey_run r USING (shop, customer)
WHERE r.state = 0 ORDER BY r.shop, r.id FOR UPDATE OF r
"""  # noqa: S608 - text of our own
_BY_ID = f"""
SELECT {_OF} FROM unnest($1::smallint[], $2::text[]) AS k (shop, id) JOIN journey_run r USING (shop, id)
WHERE r.state = 0 ORDER BY r.shop, r.id FOR UPDATE OF r
"""  # noqa: S608 - text of our own
_PAST = """
SELECT r.shop, r.customer, r.journey, max(r.entered_at) AS last,
       array_agg(r.key) FILTER (WHERE r.key = ANY($3::text[])) AS keys
FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN journey_run r USING (shop, customer)
WHERE r.journey = ANY($4::text[]) GROUP BY 1, 2, 3
"""
_MARKS = """
SELECT m.shop, m.customer, m.journey, m.value, m.at, m.cause
FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN journey_mark m USING (shop, customer)
WHERE m.journey = ANY($3::text[])
"""
_MARK = """
INSERT INTO journey_mark AS m (shop, customer, journey, value, at, cause)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[], $6::text[])
ON CONFLICT (shop, customer, journey, value) DO UPDATE SET at = excluded.at, cause = excluded.cause
WHERE (m.at, m.cause) < (excluded.at, excluded.cause)
"""
_UNMARK = """
DELETE FROM journey_mark WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM journey_mark WHERE at < $1 LIMIT 500 FOR UPDATE SKIP LOCKED))
"""
_JOURNEYS = """
SELECT shop, id, journey FROM unnest($1::smallint[], $2::text[]) AS k (shop, id) JOIN journey_run USING (shop, id)
"""
_TYPES = (
    "smallint text text int bigint text smallint boolean text timestamptz boolean timestamptz timestamptz timestamptz"
    " text text text int bytea"
)
_GIVEN = ", ".join(f"${at}::{kind}[]" for at, kind in enumerate(_TYPES.split(), 1))
_ADD = f"""
INSERT INTO journey_run ({_COLUMNS}) SELECT * FROM unnest({_GIVEN})
ON CONFLICT (shop, id) DO NOTHING RETURNING shop, id
"""  # noqa: S608 - text of our own
_CHANGE = """
UPDATE journey_run r
SET state = n.state, step = n.step, due = n.due, met = n.met, changed_at = n.changed_at, variant = n.variant
FROM unnest($1::smallint[], $2::text[], $3::smallint[], $4::text[], $5::timestamptz[], $6::boolean[],
    $7::timestamptz[], $8::text[]) AS n (shop, id, state, step, due, met, changed_at, variant)
WHERE r.shop = n.shop AND r.id = n.id
"""
_PARK = """
UPDATE journey_run r SET parked = true
FROM unnest($1::smallint[], $2::text[]) AS k (shop, id) WHERE r.shop = k.shop AND r.id = k.id
"""
_GO_ON = f"""
UPDATE journey_run r SET parked = false WHERE (shop, id) IN (
    SELECT shop, id FROM journey_run WHERE shop = $1 AND journey = $2 AND state = 0 AND parked ORDER BY id LIMIT $3
    FOR UPDATE
) RETURNING {_OF}
"""  # noqa: S608 - text of our own
_OF_JOURNEY = f"""
SELECT {_COLUMNS} FROM journey_run WHERE shop = $1 AND journey = $2 AND state = 0 ORDER BY id LIMIT $3 FOR UPDATE
"""  # noqa: S608 - text of our own
_STANDING = """
SELECT r.shop, r.id, r.state, j.state AS stand
FROM unnest($1::smallint[], $2::text[]) AS k (shop, id)
JOIN journey_run r USING (shop, id) JOIN journey j ON j.shop = r.shop AND j.id = r.journey
ORDER BY r.shop, r.id FOR SHARE OF j, r
"""
_LIST = f"""
SELECT {_COLUMNS} FROM journey_run
WHERE shop = $1 AND journey = $2 AND state = coalesce($3::smallint, state)
  AND ($4::timestamptz IS NULL OR (entered_at, id) > ($4, $5))
ORDER BY entered_at, id LIMIT $6
"""  # noqa: S608 - text of our own
_COUNTED = "SELECT state, count(*) FROM journey_run WHERE shop = $1 AND journey = $2 GROUP BY state ORDER BY state"
_OF_CUSTOMERS = f"""
SELECT {_COLUMNS} FROM journey_run WHERE shop = $1 AND customer = ANY($2::bigint[]) ORDER BY entered_at, id LIMIT $3
"""  # noqa: S608 - text of our own
_EMPTY = "UPDATE journey_run SET context = '{}' WHERE shop = $1 AND customer = ANY($2::bigint[]) RETURNING id"
_KEPT = timedelta(days=31)
"""More than the age that any trigger may have."""
Who = tuple[int, int]
"""Shop and identity."""
RunKey = tuple[int, str]


class Before(NamedTuple):
    """What is kept of some identities; their profiles are locked."""

    runs: list[Run]
    pasts: dict[tuple[Who, str], Past]
    marks: dict[tuple[Who, str, str], Mark]


async def load(
    conn: asyncpg.Connection[Any], whos: Collection[Who], journeys: Collection[str], keys: Collection[str]
) -> Before:
    """Runs of these identities that go on, locked; of journeys that may be entered, what was before."""
    asked = _turned(sorted(whos))
    runs = [_run(row) for row in await conn.fetch(_RUNNING, *asked)]
    if not journeys:
        return Before(runs, {}, {})
    names = sorted(journeys)
    pasts = {
        ((row["shop"], row["customer"]), row["journey"]): Past(row["last"], frozenset(row["keys"] or ()))
        for row in await conn.fetch(_PAST, *asked, sorted(keys), names)
    }
    marks = {
        ((row["shop"], row["customer"]), row["journey"], row["value"]): Mark(row["at"], row["cause"])
        for row in await conn.fetch(_MARKS, *asked, names)
    }
    return Before(runs, pasts, marks)


async def journeys_of(reads: Reads, keys: Collection[RunKey]) -> dict[RunKey, str]:
    """Which journeys runs are of."""
    rows = await reads.fetch(_JOURNEYS, *_turned(sorted(keys))) if keys else []
    return {(row["shop"], row["id"]): row["journey"] for row in rows}


async def lock(conn: asyncpg.Connection[Any], keys: Collection[RunKey]) -> list[Run]:
    """Those of these runs that go on, locked."""
    return [_run(row) for row in await conn.fetch(_BY_ID, *_turned(sorted(keys)))] if keys else []


async def add(conn: asyncpg.Connection[Any], runs: Iterable[Run]) -> set[RunKey]:
    """Keep new runs; those that were not kept before."""
    rows = [(*one[:6], int(one.state), *one[7:]) for one in sorted(runs)]
    return {(row["shop"], row["id"]) for row in await conn.fetch(_ADD, *_turned(rows))} if rows else set()


async def change(conn: asyncpg.Connection[Any], runs: Iterable[Run]) -> None:
    """Write runs that are locked."""
    rows = [
        (one.shop, one.id, int(one.state), one.step, one.due, one.met, one.changed_at, one.variant)
        for one in sorted(runs)
    ]
    if rows:
        await conn.execute(_CHANGE, *_turned(rows))


async def mark(conn: asyncpg.Connection[Any], marks: Mapping[tuple[Who, str, str], Mark], now: datetime) -> None:
    """Remember what would end runs; what is older than any trigger may be goes."""
    rows = [(*who, journey, value, *one) for (who, journey, value), one in sorted(marks.items())]
    if rows:
        await conn.execute(_MARK, *_turned(rows))
        await conn.execute(_UNMARK, now - _KEPT)


async def park(conn: asyncpg.Connection[Any], keys: Collection[RunKey]) -> None:
    """Have runs that are locked wait for their journey to go on."""
    if keys:
        await conn.execute(_PARK, *_turned(sorted(keys)))


async def go_on(conn: asyncpg.Connection[Any], shop: int, journey: str, most: int) -> list[Run]:
    """Runs that waited for their journey, which wait no longer."""
    return [_run(row) for row in await conn.fetch(_GO_ON, shop, journey, most)]


async def of_journey(conn: asyncpg.Connection[Any], shop: int, journey: str, most: int) -> list[Run]:
    """Some runs of a journey that go on, locked."""
    return [_run(row) for row in await conn.fetch(_OF_JOURNEY, shop, journey, most)]


async def standing(conn: asyncpg.Connection[Any], keys: Collection[RunKey]) -> dict[RunKey, messages.Standing]:
    """Whether messages of these runs may be sent. It stays so until the transaction ends."""
    rows = await conn.fetch(_STANDING, *_turned(sorted(keys))) if keys else []
    return {(row["shop"], row["id"]): _standing(State(row["state"]), Stand(row["stand"])) for row in rows}


async def listed(
    reads: Reads, journey: tuple[int, str], state: State | None, after: tuple[datetime, str] | None, most: int
) -> list[Run]:
    """Runs of a journey, in the order in which they were entered."""
    at, name = after or (None, "")
    rows = await reads.fetch(_LIST, *journey, None if state is None else int(state), at, name, most)
    return [_run(row) for row in rows]


async def counted(reads: Reads, shop: int, journey: str) -> dict[State, int]:
    """How many runs of a journey are in which state."""
    return {State(row[0]): row[1] for row in await reads.fetch(_COUNTED, shop, journey)}


async def of_customers(reads: Reads, shop: int, customers: Sequence[int], most: int) -> list[Run]:
    """Runs of these identities."""
    return [_run(row) for row in await reads.fetch(_OF_CUSTOMERS, shop, sorted(customers), most)]


async def empty(conn: asyncpg.Connection[Any], shop: int, customers: Sequence[int]) -> int:
    """Forget what runs were entered with; how many runs."""
    return len(await conn.fetch(_EMPTY, shop, sorted(customers)))


def _standing(state: State, stand: Stand) -> messages.Standing:
    if state is State.GOAL:
        return "goal"
    if state in (State.EXIT, State.KILLED, State.ERASED) or stand is Stand.KILLED:
        return "exit"
    return "paused" if stand is Stand.PAUSED else "stands"


def _run(row: asyncpg.Record) -> Run:
    return Run(*row)._replace(state=State(row["state"]))


def _turned(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
