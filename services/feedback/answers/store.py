"""Every query of the slice. Whoever changes an answer holds its customer (`customers.lock`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import msgspec

from services.feedback.answers.domain import Answer, Given
from shared.db import Reads
from shared.kernel import CustomerId, ShopId

_COLUMNS = (
    "shop, id, customer, survey, version, kind, invitation, by, at, score, counts, complete, stage, tier,"
    " given::text AS given, texts::text AS texts"
)
_KEEP = """
INSERT INTO answer AS a (shop, id, customer, survey, version, kind, invitation, by, at, score, counts, complete, stage,
                         tier, given, texts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::text::jsonb, $16::text::jsonb)
ON CONFLICT (shop, id) DO UPDATE SET at = excluded.at, score = excluded.score, counts = excluded.counts,
    complete = excluded.complete, stage = excluded.stage, tier = excluded.tier, given = excluded.given,
    texts = excluded.texts
WHERE NOT a.counts
RETURNING 1
"""
_FIND = f"SELECT {_COLUMNS} FROM answer WHERE shop = $1 AND id = $2"  # noqa: S608 - text of our own
_SEVERAL = f"""
SELECT {_COLUMNS} FROM unnest($1::smallint[], $2::text[]) AS k (shop, id) JOIN answer USING (shop, id)
"""  # noqa: S608 - text of our own
_LISTED = f"""
SELECT {_COLUMNS} FROM answer
WHERE shop = $1 AND counts AND ($2::text IS NULL OR survey = $2) AND ($3::bigint[] IS NULL OR customer = ANY($3))
  AND ($4::timestamptz IS NULL OR (at, id) < ($4, $5))
ORDER BY at DESC, id DESC LIMIT $6
"""  # noqa: S608 - text of our own
_FORGET = """
UPDATE answer SET texts = '{}' WHERE shop = $1 AND customer = ANY($2::bigint[]) AND texts <> '{}' RETURNING 1
"""
_DROP = "DELETE FROM answer WHERE shop = $1 AND customer = ANY($2::bigint[]) AND NOT counts"
_DROP_ONE = "DELETE FROM answer WHERE shop = $1 AND id = $2 AND NOT counts"
_COUNTED = "SELECT count(*) FROM answer WHERE shop = $1 AND customer = ANY($2::bigint[])"
# Of each person the last answer in each window. Of two at one instant the one with the greater id.
_TALLIES = """
SELECT w.n, CASE $7 WHEN 'stage' THEN l.stage WHEN 'tier' THEN l.tier WHEN 'version' THEN l.version::text ELSE '' END
       AS part, l.score, count(*) AS answers
FROM unnest($3::timestamptz[], $4::timestamptz[]) WITH ORDINALITY AS w (since, before, n)
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (coalesce(p.canonical, a.customer)) a.score, a.version, a.stage, a.tier
    FROM answer a LEFT JOIN customer_pointer p ON p.shop = a.shop AND p.customer = a.customer
    WHERE a.shop = $1 AND a.kind = $2 AND a.counts AND a.score IS NOT NULL AND a.at >= w.since AND a.at < w.before
      AND ($5::text IS NULL OR a.survey = $5) AND ($6::int IS NULL OR a.version = $6)
    ORDER BY coalesce(p.canonical, a.customer), a.at DESC, a.id DESC
) AS l
GROUP BY 1, 2, 3
"""
Key = tuple[int, str]


class Wanted(NamedTuple):
    """Which answers are tallied."""

    kind: str
    survey: str | None = None
    version: int | None = None
    by: str = ""
    """`stage`, `tier` or `version`: apart by what it was when they answered; empty: all together."""


async def keep(conn: asyncpg.Connection[Any], answer: Answer) -> bool:
    """Keep an answer, or what it is now; False for one that counts already, which stays."""
    encode = msgspec.json.encode
    row = (*answer[:-1], encode(answer.given.only(texts=False)).decode(), encode(answer.given.texts).decode())
    return bool(await conn.fetchval(_KEEP, *row))


async def find(reads: Reads, shop: int, answer: str) -> Answer | None:
    """One answer."""
    row = await reads.fetchrow(_FIND, shop, answer)
    return None if row is None else _read(row)


async def several(reads: Reads, keys: Collection[Key]) -> dict[Key, Answer]:
    """Answers by shop and id; those that there are not are left out."""
    if not keys:
        return {}
    columns = [list(column) for column in zip(*sorted(keys), strict=True)]
    return {(row["shop"], row["id"]): _read(row) for row in await reads.fetch(_SEVERAL, *columns)}


async def listed(
    reads: Reads,
    shop: int,
    survey: str | None,
    customers: Collection[int] | None,
    after: tuple[datetime, str] | None,
    *,
    most: int,
) -> list[Answer]:
    """Answers that count, the newest first, from behind one on."""
    at, last = after or (None, None)
    asked = None if customers is None else sorted(customers)
    return [_read(row) for row in await reads.fetch(_LISTED, shop, survey, asked, at, last, most)]


async def tallies(
    reads: Reads, shop: int, wanted: Wanted, windows: Sequence[tuple[datetime, datetime]]
) -> list[dict[str, dict[int, int]]]:
    """Of each window, from an instant until before another: how many persons scored what, by part."""
    found: list[dict[str, dict[int, int]]] = [{} for _ in windows]
    since, before = [one for one, _ in windows], [one for _, one in windows]
    narrowed = (wanted.survey, wanted.version, wanted.by)
    for row in await reads.fetch(_TALLIES, shop, wanted.kind, since, before, *narrowed):
        found[row["n"] - 1].setdefault(row["part"], {})[row["score"]] = row["answers"]
    return found


async def drop(conn: asyncpg.Connection[Any], shop: int, answer: str) -> None:
    """What was begun and never sent goes."""
    await conn.execute(_DROP_ONE, shop, answer)


async def forget(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> int:
    """Empty what was written, and drop what was begun and never sent; how many had something written."""
    emptied = len(await conn.fetch(_FORGET, shop, list(customers)))
    await conn.execute(_DROP, shop, list(customers))
    return emptied


async def counted(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> Mapping[str, int]:
    """How much is kept of these customers, by kind."""
    count = await conn.fetchval(_COUNTED, shop, list(customers))
    return {"answers": int(count)} if count else {}


def _read(row: asyncpg.Record) -> Answer:
    given = msgspec.json.decode(row["given"], type=Given)
    texts = msgspec.json.decode(row["texts"], type=dict[str, str])
    whole = msgspec.structs.replace(given, texts=texts)
    return Answer._make((*(row[name] for name in Answer._fields[:-1]), whole))
