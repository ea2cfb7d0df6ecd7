"""Versions of surveys, and how far a new one has gone through a shop's customers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import msgspec

from services.feedback.surveys.domain.body import Survey, Version
from shared.db import Reads

LISTED_MAX = 500
_LAST = """
SELECT DISTINCT ON (shop, survey) shop, survey, version, body::text AS body FROM survey_version
WHERE shop = ANY($1::smallint[]) ORDER BY shop, survey, version DESC
"""
_LISTED = """
SELECT DISTINCT ON (survey) survey, version, author, published_at, body::text AS body FROM survey_version
WHERE shop = $1 ORDER BY survey, version DESC LIMIT $2
"""
_ONE = """
SELECT survey, version, author, published_at, body::text AS body FROM survey_version
WHERE shop = $1 AND survey = $2 AND ($3::int IS NULL OR version = $3) ORDER BY version DESC LIMIT 1
"""
_SEVERAL = """
SELECT shop, survey, version, body::text AS body
FROM unnest($1::smallint[], $2::text[], $3::int[]) AS k (shop, survey, version)
JOIN survey_version USING (shop, survey, version)
"""
_ADD = """
INSERT INTO survey_version (shop, survey, version, published_at, author, body)
SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5::text::jsonb FROM survey_version
WHERE shop = $1 AND survey = $2
ON CONFLICT DO NOTHING RETURNING version
"""
_BEGIN = """
INSERT INTO survey_round (shop, survey, customer) VALUES ($1, $2, 0)
ON CONFLICT (shop, survey) DO UPDATE SET customer = 0
"""
_ROUND = "SELECT customer FROM survey_round WHERE shop = $1 AND survey = $2 FOR UPDATE"
_STEP = "UPDATE survey_round SET customer = $3 WHERE shop = $1 AND survey = $2"


class Listed(NamedTuple):
    """A version, with who published it."""

    survey: str
    version: int
    author: str
    published_at: datetime
    body: Survey

    def as_version(self) -> Version:
        """The version alone."""
        return Version(survey=self.survey, number=self.version, body=self.body)


async def last_versions(reads: Reads, shops: Collection[int]) -> dict[int, dict[str, Version]]:
    """The last version of each survey, by shop and name."""
    found: dict[int, dict[str, Version]] = {shop: {} for shop in shops}
    for row in await reads.fetch(_LAST, sorted(shops)):
        version = Version(survey=row["survey"], number=row["version"], body=_read(row["body"]))
        found[row["shop"]][version.survey] = version
    return found


async def several(reads: Reads, keys: Collection[tuple[int, str, int]]) -> dict[tuple[int, str, int], Version]:
    """Versions by shop, survey and number."""
    if not keys:
        return {}
    columns = [list(column) for column in zip(*sorted(keys), strict=True)]
    return {
        (row["shop"], row["survey"], row["version"]): Version(
            survey=row["survey"], number=row["version"], body=_read(row["body"])
        )
        for row in await reads.fetch(_SEVERAL, *columns)
    }


async def listed(reads: Reads, shop: int) -> list[Listed]:
    """All surveys of a shop."""
    return [_listed(row) for row in await reads.fetch(_LISTED, shop, LISTED_MAX)]


async def find(reads: Reads, shop: int, survey: str, version: int | None = None) -> Listed | None:
    """One version of a survey; without a number the last."""
    row = await reads.fetchrow(_ONE, shop, survey, version)
    return None if row is None else _listed(row)


async def publish(
    conn: asyncpg.Connection[Any], shop: int, survey: str, body: Survey, *, author: str, now: datetime
) -> int | None:
    """The number of the new version; None when somebody else published one at the same moment."""
    number: int | None = await conn.fetchval(_ADD, shop, survey, now, author, msgspec.json.encode(body).decode())
    return number


async def begin_round(conn: asyncpg.Connection[Any], shop: int, survey: str) -> None:
    """Customers who ordered before are to be gone through from the first on."""
    await conn.execute(_BEGIN, shop, survey)


async def round_at(conn: asyncpg.Connection[Any], shop: int, survey: str) -> int | None:
    """Who was gone through last; locks the round. None: there is none."""
    last: int | None = await conn.fetchval(_ROUND, shop, survey)
    return last


async def step_round(conn: asyncpg.Connection[Any], shop: int, survey: str, customer: int) -> None:
    """This one was gone through last."""
    await conn.execute(_STEP, shop, survey, customer)


def _read(body: str) -> Survey:
    return msgspec.json.decode(body, type=Survey)


def _listed(row: asyncpg.Record) -> Listed:
    return Listed(row["survey"], row["version"], row["author"], row["published_at"], _read(row["body"]))
