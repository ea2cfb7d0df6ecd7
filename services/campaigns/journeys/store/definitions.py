"""Journeys and their versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import IntEnum
from typing import Any, NamedTuple

import asyncpg

from services.campaigns.journeys.domain.journey import Journey
from services.campaigns.journeys.domain.program import BY_HAND, Program, program_of
from services.campaigns.journeys.domain.reading import from_stored, stored
from shared.db import Reads

_STANDS = "SELECT shop, id, state, version FROM journey WHERE shop = ANY($1::smallint[]) AND version > 0 ORDER BY 1, 2"
_VERSIONS = """
SELECT v.shop, v.journey, v.version, v.body::text AS body
FROM unnest($1::smallint[], $2::text[], $3::int[]) AS k (shop, journey, known)
JOIN journey_version v ON v.shop = k.shop AND v.journey = k.journey AND v.version > k.known
"""
_HOLD = """
SELECT j.shop, j.id, j.state FROM unnest($1::smallint[], $2::text[]) AS k (shop, id) JOIN journey j USING (shop, id)
ORDER BY j.shop, j.id FOR SHARE OF j
"""
_COLUMNS = "id, state, version, edition, changed_at, author, draft::text AS draft"
_ONE = f"SELECT {_COLUMNS} FROM journey WHERE shop = $1 AND id = $2"  # noqa: S608 - text of our own
_LIST = f"SELECT {_COLUMNS} FROM journey WHERE shop = $1 AND id > $2 ORDER BY id LIMIT $3"  # noqa: S608 - text of our own
_DRAFT = """
INSERT INTO journey AS j (shop, id, state, version, edition, changed_at, author, draft)
VALUES ($1, $2, 0, 0, 1, $3, $4, $5::text::jsonb)
ON CONFLICT (shop, id) DO UPDATE SET
    edition = j.edition + 1, changed_at = excluded.changed_at, author = excluded.author, draft = excluded.draft
"""
_COUNT = "SELECT count(*) FROM journey WHERE shop = $1"
_STAND = "UPDATE journey SET state = $3, version = $4, changed_at = $5 WHERE shop = $1 AND id = $2"
_ADD_VERSION = """
INSERT INTO journey_version (shop, journey, version, published_at, author, body)
VALUES ($1, $2, $3, $4, $5, $6::text::jsonb)
"""
_VERSION = """
SELECT version, published_at, author, body::text AS body FROM journey_version
WHERE shop = $1 AND journey = $2 AND version = $3
"""
_VERSIONS_OF = """
SELECT version, published_at, author, body::text AS body FROM journey_version
WHERE shop = $1 AND journey = $2 AND version < $3 ORDER BY version DESC LIMIT $4
"""
NEWEST = 2**31 - 1
Key = tuple[int, str]
"""Shop and journey."""


class Stand(IntEnum):
    """Of a journey."""

    DRAFT = 0
    ACTIVE = 1
    PAUSED = 2
    KILLED = 3


class Kept(NamedTuple):
    """A journey, with its draft."""

    id: str
    state: Stand
    version: int
    edition: int
    changed_at: datetime
    author: str
    draft: Journey


class Version(NamedTuple):
    """A version that was published."""

    version: int
    published_at: datetime
    author: str
    journey: Journey


class Known:
    """What a worker knows of journeys. Versions never change, so only new ones are read."""

    def __init__(self) -> None:
        self._programs: dict[tuple[int, str, int], Program] = {}
        self._last: dict[Key, int] = {}

    async def load(self, reads: Reads, shops: Iterable[int]) -> dict[int, Shelf]:
        """Journeys of these shops as they stand now; one small query where nothing is new."""
        rows = await reads.fetch(_STANDS, sorted(set(shops)))
        stale = [(row["shop"], row["id"]) for row in rows if self._last.get((row["shop"], row["id"])) != row["version"]]
        if stale:
            known = [self._last.get(key, 0) for key in stale]
            columns = ([shop for shop, _ in stale], [name for _, name in stale], known)
            for shop, name, version, body in await reads.fetch(_VERSIONS, *columns):
                self._programs[shop, name, version] = program_of(name, version, from_stored(body))
                self._last[shop, name] = max(version, self._last.get((shop, name), 0))
        shelves: dict[int, Shelf] = {}
        for shop, name, state, version in rows:
            programs = {(name, at): self._programs[shop, name, at] for at in range(1, version + 1)}
            shelf = shelves.setdefault(shop, Shelf({}, [], {}))
            shelf.programs.update(programs)
            shelf.stands[name] = Stand(state)
            if state == Stand.ACTIVE:
                shelf.open.append(programs[name, version])
        return shelves


class Shelf(NamedTuple):
    """Journeys of one shop."""

    programs: dict[tuple[str, int], Program]
    open: list[Program]
    """Those that new runs enter."""
    stands: dict[str, Stand]

    def matters(self, event: str) -> bool:
        """Whether any of them hears the event."""
        if event == BY_HAND or any(event in one.listens for one in self.programs.values()):
            return True
        return any(event == one.entered_by for one in self.open)


async def hold(conn: asyncpg.Connection[Any], keys: Iterable[Key]) -> dict[Key, Stand]:
    """How journeys stand, until the transaction ends."""
    asked = sorted(set(keys))
    rows = await conn.fetch(_HOLD, [shop for shop, _ in asked], [name for _, name in asked])
    return {(row["shop"], row["id"]): Stand(row["state"]) for row in rows}


async def find(reads: Reads, shop: int, name: str, *, lock: bool = False) -> Kept | None:
    """One journey. `lock`: nobody else changes it until the transaction ends."""
    row = await reads.fetchrow(_ONE + (" FOR UPDATE" if lock else ""), shop, name)
    return None if row is None else _kept(row)


async def listed(reads: Reads, shop: int, after: str, most: int) -> list[Kept]:
    """Journeys by id."""
    return [_kept(row) for row in await reads.fetch(_LIST, shop, after, most)]


async def count(reads: Reads, shop: int) -> int:
    """How many journeys a shop has."""
    row = await reads.fetchrow(_COUNT, shop)
    return 0 if row is None else int(row[0])


async def save_draft(
    conn: asyncpg.Connection[Any], shop: int, name: str, journey: Journey, *, author: str, now: datetime
) -> None:
    """A new journey, or another draft of one."""
    await conn.execute(_DRAFT, shop, name, now, author, stored(journey))


async def stand(conn: asyncpg.Connection[Any], shop: int, one: Kept, now: datetime) -> None:
    """Write how a journey stands that is locked."""
    await conn.execute(_STAND, shop, one.id, int(one.state), one.version, now)


async def add_version(conn: asyncpg.Connection[Any], shop: int, one: Kept, *, author: str, now: datetime) -> None:
    """The draft of a journey that is locked, as its last version."""
    await conn.execute(_ADD_VERSION, shop, one.id, one.version, now, author, stored(one.draft))


async def version_of(reads: Reads, shop: int, name: str, version: int) -> Version | None:
    """One version."""
    row = await reads.fetchrow(_VERSION, shop, name, version)
    return None if row is None else _version(row)


async def versions_of(reads: Reads, journey: Key, before: int, most: int) -> list[Version]:
    """Versions, the newest first."""
    return [_version(row) for row in await reads.fetch(_VERSIONS_OF, *journey, before, most)]


def program_in(shelves: Mapping[int, Shelf], shop: int, name: str, version: int) -> Program | None:
    """The version that a run keeps."""
    shelf = shelves.get(shop)
    return None if shelf is None else shelf.programs.get((name, version))


def _kept(row: asyncpg.Record) -> Kept:
    told = {name: row[name] for name in Kept._fields if name not in ("draft", "state")}
    return Kept(**told, state=Stand(row["state"]), draft=from_stored(row["draft"]))


def _version(row: asyncpg.Record) -> Version:
    return Version(row["version"], row["published_at"], row["author"], from_stored(row["body"]))
