"""Segments as a shop keeps them: drafts, versions, and how far a version has been made."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import msgspec

from services.campaigns.segments.domain.condition import Condition, written
from services.campaigns.segments.store.members import read_condition
from shared.contracts import topics
from shared.db import Reads

_COLUMNS = "id, title, draft::text AS draft, version, made, making, done, whole, changed_at"
_MAKE = """
INSERT INTO segment (shop, id, title, draft, changed_at) VALUES ($1, $2, $3, $4::text::jsonb, $5)
ON CONFLICT (shop, id) DO NOTHING RETURNING 1
"""
_CHANGE = """
UPDATE segment SET title = $3, draft = $4::text::jsonb, changed_at = $5 WHERE shop = $1 AND id = $2 RETURNING 1
"""
_COUNT = "SELECT count(*) FROM segment WHERE shop = $1"
_ONE = f"SELECT {_COLUMNS} FROM segment WHERE shop = $1 AND id = $2"  # noqa: S608 - text of our own
_LOCKED = f"{_ONE} FOR UPDATE"
_LIST = f"""
SELECT {_COLUMNS} FROM segment WHERE shop = $1 AND id > $2 ORDER BY id LIMIT $3
"""  # noqa: S608 - text of our own
_PUBLISH = """
UPDATE segment SET version = version + 1, changed_at = $3 WHERE shop = $1 AND id = $2 RETURNING version
"""
_VERSION = """
INSERT INTO segment_version (shop, segment, version, title, author, published_at, condition)
SELECT shop, id, version, title, $3, $4, draft FROM segment WHERE shop = $1 AND id = $2
"""
_VERSIONS = """
SELECT version, title, author, published_at, condition::text AS condition FROM segment_version
WHERE shop = $1 AND segment = $2 ORDER BY version DESC LIMIT $3
"""
_LAST = """
SELECT v.condition::text AS condition, v.title FROM segment_version v
JOIN segment s ON s.shop = v.shop AND s.id = v.segment AND s.version = v.version
WHERE s.shop = $1 AND s.id = $2
"""
_TO_MAKE = """
SELECT shop, id, version, making, walked FROM segment WHERE made < version
ORDER BY changed_at, shop, id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_BEGIN = """
UPDATE segment SET making = $3, walked = NULL, done = 0,
    whole = (SELECT count(*) FROM profile p WHERE p.shop = $1)
WHERE shop = $1 AND id = $2
"""
_CHUNK = """
SELECT customer FROM profile WHERE shop = $1 AND ($2::bigint IS NULL OR customer > $2) ORDER BY customer LIMIT $3
"""
_WALKED = "UPDATE segment SET walked = $3, done = done + $4 WHERE shop = $1 AND id = $2"
_MADE = "UPDATE segment SET made = $3 WHERE shop = $1 AND id = $2"
_PARTITIONS = "SELECT count(*) AS partitions FROM consumer_offset WHERE topic = $1"
SEGMENTS_MAX = 500
"""Of one shop: each costs something with every event."""
_VERSIONS_MAX = 1_000


class Draft(NamedTuple):
    """What would be published."""

    title: str
    condition: Condition


class Segment(NamedTuple):
    """A segment, and how it stands."""

    id: str
    draft: Draft
    version: int
    """That holds; 0: none is published."""
    made: int
    making: int
    done: int
    whole: int
    changed_at: datetime


class Published(NamedTuple):
    """A version."""

    version: int
    title: str
    author: str
    published_at: datetime
    condition: Condition


class ToMake(NamedTuple):
    """A version by which not everybody was judged yet; its segment is locked."""

    shop: int
    segment: str
    version: int
    making: int
    walked: int | None


async def make(conn: asyncpg.Connection[Any], shop: int, segment: str, draft: Draft, now: datetime) -> bool:
    """Keep a new one; False where one of this id is there."""
    return await conn.fetchval(_MAKE, shop, segment, draft.title, _text(draft.condition), now) is not None


async def change(conn: asyncpg.Connection[Any], shop: int, segment: str, draft: Draft, now: datetime) -> bool:
    """Keep another draft; False where there is no such segment."""
    return await conn.fetchval(_CHANGE, shop, segment, draft.title, _text(draft.condition), now) is not None


async def publish(conn: asyncpg.Connection[Any], shop: int, segment: str, author: str, now: datetime) -> int | None:
    """Make the draft the version that holds; its number. None where there is no such segment."""
    number: int | None = await conn.fetchval(_PUBLISH, shop, segment, now)
    if number is not None:
        await conn.execute(_VERSION, shop, segment, author, now)
    return number


async def find(reads: Reads, shop: int, segment: str) -> Segment | None:
    """One segment."""
    row = await reads.fetchrow(_ONE, shop, segment)
    return None if row is None else _segment(row)


async def locked(conn: asyncpg.Connection[Any], shop: int, segment: str) -> Segment | None:
    """One segment, that nobody else changes or makes until the transaction ends."""
    row = await conn.fetchrow(_LOCKED, shop, segment)
    return None if row is None else _segment(row)


async def holding(reads: Reads, shop: int, segment: str) -> Draft | None:
    """What the version says that holds."""
    row = await reads.fetchrow(_LAST, shop, segment)
    return None if row is None else Draft(row["title"], read_condition(row["condition"]))


async def listed(reads: Reads, shop: int, after: str, most: int) -> list[Segment]:
    """Segments by id."""
    return [_segment(row) for row in await reads.fetch(_LIST, shop, after, most)]


async def count(conn: asyncpg.Connection[Any], shop: int) -> int:
    """How many a shop has."""
    return int(await conn.fetchval(_COUNT, shop))


async def versions_of(reads: Reads, shop: int, segment: str) -> list[Published]:
    """The newest first."""
    rows = await reads.fetch(_VERSIONS, shop, segment, _VERSIONS_MAX)
    return [
        Published(row["version"], row["title"], row["author"], row["published_at"], read_condition(row["condition"]))
        for row in rows
    ]


async def to_make(conn: asyncpg.Connection[Any]) -> ToMake | None:
    """A version by which not everybody was judged yet, that nobody else is at."""
    row = await conn.fetchrow(_TO_MAKE)
    return None if row is None else ToMake(*row)


async def begin(conn: asyncpg.Connection[Any], one: ToMake) -> None:
    """Go through everybody from the start. The shop's segments must be held alone."""
    await conn.execute(_BEGIN, one.shop, one.segment, one.version)


async def chunk(conn: asyncpg.Connection[Any], one: ToMake, most: int) -> list[int]:
    """The next identities."""
    return [row["customer"] for row in await conn.fetch(_CHUNK, one.shop, one.walked, most)]


async def walked(conn: asyncpg.Connection[Any], one: ToMake, identities: list[int]) -> None:
    """These are done."""
    await conn.execute(_WALKED, one.shop, one.segment, identities[-1], len(identities))


async def made(conn: asyncpg.Connection[Any], one: ToMake) -> None:
    """Everybody was judged by it."""
    await conn.execute(_MADE, one.shop, one.segment, one.version)


async def partitions(conn: asyncpg.Connection[Any]) -> int:
    """Of the topic whose owners fire timers; 0 before any worker has read it."""
    return int(await conn.fetchval(_PARTITIONS, topics.ORDERS))


def _text(condition: Condition) -> str:
    return msgspec.json.encode(written(condition)).decode()


def _segment(row: asyncpg.Record) -> Segment:
    return Segment(
        row["id"],
        Draft(row["title"], read_condition(row["draft"])),
        *(row[name] for name in ("version", "made", "making", "done", "whole", "changed_at")),
    )
