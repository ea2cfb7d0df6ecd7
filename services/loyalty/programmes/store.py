"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from services.loyalty.programmes.domain.body import Programme
from services.loyalty.programmes.domain.reading import from_stored, stored
from services.loyalty.programmes.domain.versions import Version
from shared.db import Reads

# Who publishes or makes a draft waits for others of the shop, so that numbers follow one another.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('loyalty.programme'), $1)"
_VERSION = "number, in_force_from, body::text, author, reason, published_at"
_VERSIONS_OF = f"SELECT shop, {_VERSION} FROM programme_version WHERE shop = ANY($1::smallint[]) ORDER BY shop, number"  # noqa: S608 - constants
_LATEST_OF = "SELECT shop, max(number) AS number FROM programme_version WHERE shop = ANY($1::smallint[]) GROUP BY shop"
_ONE = f"SELECT {_VERSION} FROM programme_version WHERE shop = $1 AND number = $2::int"  # noqa: S608 - constants
_IN_FORCE = f"""
SELECT {_VERSION} FROM programme_version WHERE shop = $1 AND in_force_from <= $2 ORDER BY number DESC LIMIT 1
"""  # noqa: S608 - constants
_PUBLISH = """
INSERT INTO programme_version (shop, number, in_force_from, body, author, reason, published_at)
VALUES ($1, $2, $3, $4::text::jsonb, $5, $6, $7)
"""
_LIST = (
    "SELECT number, in_force_from, author, reason, published_at FROM programme_version WHERE shop = $1 ORDER BY number"
)
_DRAFT = "number, edition, name, discarded, based_on, author, changed_at, body::text"
_ONE_DRAFT = f"SELECT {_DRAFT} FROM programme_draft WHERE shop = $1 AND number = $2"  # noqa: S608 - constants
_DRAFTS = f"""
SELECT {_DRAFT} FROM programme_draft WHERE shop = $1 AND number < $2 AND NOT discarded ORDER BY number DESC LIMIT $3
"""  # noqa: S608 - constants
_DRAFT_NUMBERS = """
SELECT coalesce(max(number), 0) + 1 AS next, count(*) FILTER (WHERE NOT discarded) AS kept
FROM programme_draft WHERE shop = $1
"""
_ADD_DRAFT = """
INSERT INTO programme_draft (shop, number, edition, name, discarded, based_on, author, changed_at, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb)
"""
_SAVE_DRAFT = """
UPDATE programme_draft
SET edition = $3, name = $4, discarded = $5, based_on = $6, author = $7, changed_at = $8, body = $9::text::jsonb
WHERE shop = $1 AND number = $2
"""
_NEWEST = 2**31 - 1


class Listed(NamedTuple):
    """A version without its body."""

    number: int
    in_force_from: datetime
    author: str
    reason: str
    published_at: datetime


class Draft(NamedTuple):
    """A programme that nobody earns by yet."""

    number: int
    edition: int
    name: str
    discarded: bool
    based_on: int | None
    author: str
    changed_at: datetime
    programme: Programme


async def lock(conn: asyncpg.Connection[Any], shop: int) -> None:
    """Nobody else adds a version or a draft of the shop until the transaction ends."""
    await conn.fetchval(_LOCK, shop)


async def list_versions(reads: Reads, shop: int) -> list[Listed]:
    """All versions of a shop, the oldest first."""
    return [Listed(*row) for row in await reads.fetch(_LIST, shop)]


async def load_version(reads: Reads, shop: int, number: int) -> Version | None:
    """One version."""
    return _version(await reads.fetchrow(_ONE, shop, number))


async def load_in_force(reads: Reads, shop: int, at: datetime) -> Version | None:
    """The version in force at an instant."""
    return _version(await reads.fetchrow(_IN_FORCE, shop, at))


async def add_version(conn: asyncpg.Connection[Any], shop: int, one: Version) -> None:
    """A new version; the shop must be locked."""
    body = stored(one.programme).decode()
    given = (one.in_force_from, body, one.author, one.reason, one.published_at)
    await conn.execute(_PUBLISH, shop, one.number, *given)


async def load_draft(reads: Reads, shop: int, number: int) -> Draft | None:
    """One draft, discarded or not."""
    row = await reads.fetchrow(_ONE_DRAFT, shop, number)
    return None if row is None else _draft(row)


async def lock_draft(conn: asyncpg.Connection[Any], shop: int, number: int) -> Draft | None:
    """The same, and no other change of it until the transaction ends."""
    row = await conn.fetchrow(_ONE_DRAFT + " FOR UPDATE", shop, number)
    return None if row is None else _draft(row)


async def list_drafts(reads: Reads, shop: int, before: int | None, limit: int) -> list[Draft]:
    """Drafts that were not discarded, the newest first."""
    rows = await reads.fetch(_DRAFTS, shop, _NEWEST if before is None else before, limit)
    return [_draft(row) for row in rows]


async def next_draft(conn: asyncpg.Connection[Any], shop: int) -> tuple[int, int]:
    """The number of a new draft, and how many there are; the shop must be locked."""
    row = await conn.fetchrow(_DRAFT_NUMBERS, shop)
    assert row is not None, "an aggregate has a row"
    return row["next"], row["kept"]


async def save_draft(conn: asyncpg.Connection[Any], shop: int, one: Draft, *, is_new: bool = False) -> None:
    """Write a draft: a new one of a shop that is locked, or one that is locked itself."""
    body = stored(one.programme).decode()
    await conn.execute(_ADD_DRAFT if is_new else _SAVE_DRAFT, shop, *one[:-1], body)


class KnownVersions:
    """What a worker knows of shops' versions. They never change, so only new ones are read."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Version, ...]] = {}

    async def load(self, reads: Reads, shops: Iterable[int]) -> dict[int, tuple[Version, ...]]:
        """All versions of these shops as they stand now; one small query where nothing is new."""
        wanted = sorted(set(shops))
        latest = {row["shop"]: row["number"] for row in await reads.fetch(_LATEST_OF, wanted)}
        stale = [shop for shop in wanted if _last(self._known.get(shop, ())) != latest.get(shop, 0)]
        if stale:
            found: dict[int, list[Version]] = {shop: [] for shop in stale}
            for row in await reads.fetch(_VERSIONS_OF, stale):
                version = _version(row)
                assert version is not None, "there is a row"
                found[row["shop"]].append(version)
            self._known |= {shop: tuple(versions) for shop, versions in found.items()}
        return {shop: self._known.get(shop, ()) for shop in wanted}


def _last(versions: tuple[Version, ...]) -> int:
    return versions[-1].number if versions else 0


def _version(row: asyncpg.Record | None) -> Version | None:
    if row is None:
        return None
    return Version(
        row["number"], row["in_force_from"], from_stored(row["body"]), row["author"], row["reason"], row["published_at"]
    )


def _draft(row: asyncpg.Record) -> Draft:
    told = {name: row[name] for name in Draft._fields if name != "programme"}
    return Draft(**told, programme=from_stored(row["body"]))
