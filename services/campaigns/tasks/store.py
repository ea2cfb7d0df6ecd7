"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from services.campaigns.tasks.domain import Opening, State, Task
from shared.db import Reads
from shared.kernel import CustomerId, ShopId, moment_of

_COLUMNS = "shop, id, customer, campaign, step, occasion, locale, via, owner, title, note, due, test"
_STANDING = "state, outcome, free_text, opened_at, changed_at"
_ADD = f"""
INSERT INTO task ({_COLUMNS}, {_STANDING}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
    $16, $17, $18) ON CONFLICT (shop, id) DO NOTHING RETURNING 1
"""  # noqa: S608 - text of our own
_ONE = f"SELECT {_COLUMNS}, {_STANDING} FROM task WHERE shop = $1 AND id = $2"  # noqa: S608 - text of our own
_LIST = f"""
SELECT {_COLUMNS}, {_STANDING} FROM task
WHERE shop = $1 AND state = $2 AND ($3::text IS NULL OR owner = $3) AND ($4::bigint[] IS NULL OR customer = ANY($4))
  AND ($5::timestamptz IS NULL OR (due, id) > ($5, $6)) ORDER BY due, id LIMIT $7
"""  # noqa: S608 - text of our own
_OF = f"""
SELECT {_COLUMNS}, {_STANDING} FROM task
WHERE shop = $1 AND customer = ANY($2::bigint[]) ORDER BY opened_at, id LIMIT $3
"""  # noqa: S608 - text of our own
_SAVE = """
UPDATE task SET state = $3, owner = $4, outcome = $5, free_text = $6, changed_at = $7 WHERE shop = $1 AND id = $2
"""
_FORGET = """
UPDATE task SET title = '', note = '', free_text = '', state = CASE WHEN state = 0 THEN 2 ELSE state END,
    outcome = CASE WHEN state = 0 THEN 'erased' ELSE outcome END
WHERE shop = $1 AND customer = ANY($2::bigint[]) RETURNING 1
"""
_LATEST = 2**57


class Wanted(NamedTuple):
    """Which tasks of a shop."""

    state: State
    owner: str | None = None
    customers: Collection[int] | None = None


async def add(conn: asyncpg.Connection[Any], task: Task) -> bool:
    """Keep a task; False where it was there."""
    row = (*task.opening, int(task.state), task.outcome, task.text, task.opened_at, task.changed_at)
    return await conn.fetchval(_ADD, *row) is not None


async def find(reads: Reads, shop: int, task: str) -> Task | None:
    """One task."""
    row = await reads.fetchrow(_ONE, shop, task)
    return None if row is None else _task(row)


async def lock(conn: asyncpg.Connection[Any], shop: int, task: str) -> Task | None:
    """One task, locked."""
    row = await conn.fetchrow(f"{_ONE} FOR UPDATE", shop, task)
    return None if row is None else _task(row)


async def save(conn: asyncpg.Connection[Any], task: Task) -> None:
    """Write how it stands. It is locked."""
    opening = task.opening
    said = (int(task.state), opening.owner, task.outcome, task.text, task.changed_at)
    await conn.execute(_SAVE, opening.shop, opening.id, *said)


async def listed(reads: Reads, shop: int, wanted: Wanted, after: tuple[int, str] | None, limit: int) -> list[Task]:
    """By when they are due. `after`: microseconds and id of the last one that is known."""
    at, task = (None, "") if after is None else (moment_of(min(max(after[0], 0), _LATEST)), after[1])
    customers = None if wanted.customers is None else sorted(wanted.customers)
    rows = await reads.fetch(_LIST, shop, int(wanted.state), wanted.owner, customers, at, task, limit)
    return [_task(row) for row in rows]


async def shown_of(reads: Reads, shop: int, customers: Collection[int], most: int) -> list[Task]:
    """Those of these identities, the oldest first."""
    return [_task(row) for row in await reads.fetch(_OF, shop, sorted(customers), most)]


async def forget(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> int:
    """Empty what is said in tasks, and cancel those that are open; how many there are."""
    return len(await conn.fetch(_FORGET, shop, list(customers)))


def _task(row: asyncpg.Record) -> Task:
    opened: datetime = row["opened_at"]
    opening = Opening(*(row[name] for name in Opening._fields))
    return Task(opening, State(row["state"]), row["outcome"], row["free_text"], opened, row["changed_at"])
