"""Every query of the slice. Whoever changes a case holds its customer (`customers.lock`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from services.feedback.cases.domain import Case, Contact, State
from shared.db import Reads
from shared.kernel import CustomerId, ShopId

_COLUMNS = ", ".join(Case._fields)
_ADD = f"""
INSERT INTO care_case ({_COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT (shop, id) DO NOTHING RETURNING 1
"""  # noqa: S608 - text of our own
_SAVE = """
UPDATE care_case SET state = $3, due_at = $4, solved_at = $5, escalations = $6, reopened = $7, contacts = $8,
    owner = $9, outcome = $10
WHERE shop = $1 AND id = $2
"""
_FIND = f"SELECT {_COLUMNS} FROM care_case WHERE shop = $1 AND id = $2"  # noqa: S608 - text of our own
_SEVERAL = f"""
SELECT {_COLUMNS} FROM unnest($1::smallint[], $2::text[]) AS k (shop, id) JOIN care_case USING (shop, id)
"""  # noqa: S608 - text of our own
_LISTED = f"""
SELECT {_COLUMNS} FROM care_case
WHERE shop = $1 AND ($2::smallint IS NULL OR state = $2) AND ($3::text IS NULL OR owner = $3)
  AND ($4::bigint[] IS NULL OR customer = ANY($4)) AND ($5::timestamptz IS NULL OR due_at < $5)
  AND ($6::timestamptz IS NULL OR (due_at, id) > ($6, $7))
ORDER BY due_at, id LIMIT $8
"""  # noqa: S608 - text of our own
_ADD_CONTACT = """
INSERT INTO care_contact (shop, case_id, ref, at, channel, actor, text, points) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (shop, case_id, ref) DO NOTHING RETURNING 1
"""
_CONTACTS = """
SELECT shop, case_id, ref, at, channel, actor, text, points FROM care_contact
WHERE shop = $1 AND case_id = ANY($2::text[]) ORDER BY at, ref
"""
_OWN = "SELECT id FROM care_case WHERE shop = $1 AND customer = ANY($2::bigint[])"
_FORGET = f"""
UPDATE care_contact SET text = '' WHERE shop = $1 AND text <> '' AND case_id IN ({_OWN}) RETURNING 1
"""  # noqa: S608 - text of our own
_FORGET_ABOUT = """
UPDATE care_case SET about = '' WHERE shop = $1 AND customer = ANY($2::bigint[]) AND about <> '' RETURNING 1
"""
_COUNTED = "SELECT count(*) FROM care_case WHERE shop = $1 AND customer = ANY($2::bigint[])"
Key = tuple[int, str]


class Wanted(NamedTuple):
    """Which cases are listed; None: whatever."""

    state: State | None = None
    owner: str | None = None
    customers: Collection[int] | None = None
    due_before: datetime | None = None


async def add(conn: asyncpg.Connection[Any], case: Case) -> bool:
    """Keep a case; whether it is new."""
    return bool(await conn.fetchval(_ADD, *case))


async def save(conn: asyncpg.Connection[Any], case: Case) -> None:
    """Keep what changed."""
    changed = (int(case.state), case.due_at, case.solved_at, case.escalations, case.reopened, case.contacts)
    await conn.execute(_SAVE, case.shop, case.id, *changed, case.owner, case.outcome)


async def find(reads: Reads, shop: int, case: str) -> Case | None:
    """One case."""
    row = await reads.fetchrow(_FIND, shop, case)
    return None if row is None else _read(row)


async def several(reads: Reads, keys: Collection[Key]) -> dict[Key, Case]:
    """Cases by shop and id; those that there are not are left out."""
    if not keys:
        return {}
    columns = [list(column) for column in zip(*sorted(keys), strict=True)]
    return {(row["shop"], row["id"]): _read(row) for row in await reads.fetch(_SEVERAL, *columns)}


async def listed(reads: Reads, shop: int, wanted: Wanted, after: tuple[datetime, str] | None, most: int) -> list[Case]:
    """Cases by their deadline, from behind one on."""
    at, last = after or (None, None)
    state = None if wanted.state is None else int(wanted.state)
    own = None if wanted.customers is None else sorted(wanted.customers)
    rows = await reads.fetch(_LISTED, shop, state, wanted.owner, own, wanted.due_before, at, last, most)
    return [_read(row) for row in rows]


async def add_contact(conn: asyncpg.Connection[Any], contact: Contact) -> bool:
    """Keep what was done; whether it is new."""
    return bool(await conn.fetchval(_ADD_CONTACT, *contact))


async def contacts_of(reads: Reads, shop: int, cases: Collection[str]) -> list[Contact]:
    """What was done about cases, in order."""
    return [Contact(*row) for row in await reads.fetch(_CONTACTS, shop, sorted(cases))]


async def forget(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> int:
    """Empty what people wrote; how many texts there were."""
    texts = await conn.fetch(_FORGET, shop, list(customers))
    return len(texts) + len(await conn.fetch(_FORGET_ABOUT, shop, list(customers)))


async def counted(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> Mapping[str, int]:
    """How much is kept of these customers, by kind."""
    count = await conn.fetchval(_COUNTED, shop, list(customers))
    return {"cases": int(count)} if count else {}


def _read(row: asyncpg.Record) -> Case:
    made = Case(*row)
    return made._replace(state=State(made.state))
