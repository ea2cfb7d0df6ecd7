"""The catalogue: rewards, their versions, codes, and what is left.

What is left changes by conditional updates, which the database checks once more; nothing is read first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import msgspec

from services.loyalty.rewards.domain.judging import Shelf
from services.loyalty.rewards.domain.reward import Reward
from shared.db import Reads

_LISTED = """
SELECT r.reward, r.version, r.taken, r.committed, v.body::text, v.author, v.reason, v.published_at,
       (SELECT count(*) FROM reward_code c WHERE c.shop = r.shop AND c.reward = r.reward AND c.redemption IS NULL)
           AS codes
FROM reward r JOIN reward_version v USING (shop, reward, version)
WHERE r.shop = $1
"""
_ONE = _LISTED + " AND r.reward = $2"
_PAGE = _LISTED + " AND r.reward > $2 ORDER BY r.reward LIMIT $3"
_VERSIONS = """
SELECT version, body::text, author, reason, published_at FROM reward_version
WHERE shop = $1 AND reward = $2 ORDER BY version DESC LIMIT 500
"""
_OF_VERSION = "SELECT body::text FROM reward_version WHERE shop = $1 AND reward = $2 AND version = $3"
_OF_VERSIONS = """
SELECT v.reward, v.version, v.body::text AS body
FROM unnest($2::text[], $3::int[]) AS k (reward, version) JOIN reward_version v USING (reward, version)
WHERE v.shop = $1
"""
_MAKE = """
INSERT INTO reward (shop, reward, version, stock, budget) VALUES ($1, $2, 1, $3, $4)
ON CONFLICT (shop, reward) DO NOTHING RETURNING version
"""
# Less stock or budget than is taken already changes nothing.
_CHANGE = """
UPDATE reward SET version = version + 1, stock = $4, budget = $5
WHERE shop = $1 AND reward = $2 AND version = coalesce($3, version) AND ($4::bigint IS NULL OR taken <= $4)
  AND ($5::bigint IS NULL OR committed <= $5)
RETURNING version
"""
_PUBLISH = """
INSERT INTO reward_version (shop, reward, version, body, author, reason, published_at)
VALUES ($1, $2, $3, $4::text::jsonb, $5, $6, $7)
"""
_TAKE = """
UPDATE reward SET taken = taken + 1, committed = committed + $4
WHERE shop = $1 AND reward = $2 AND version = $3 AND (stock IS NULL OR taken < stock)
  AND (budget IS NULL OR committed + $4 <= budget)
RETURNING taken
"""
_PUT_BACK = "UPDATE reward SET taken = taken - 1, committed = committed - $3 WHERE shop = $1 AND reward = $2"
# The rows of all identities of a person are locked in one order, so that they decide one after the other.
_LOCK_USES = """
INSERT INTO reward_use AS u (shop, customer, reward, period)
SELECT $1, c, $2, $3 FROM unnest($4::bigint[]) AS c ORDER BY c
ON CONFLICT (shop, customer, reward, period) DO UPDATE SET used = u.used
"""
_USE = """
UPDATE reward_use SET used = used + 1
WHERE shop = $1 AND reward = $2 AND period = $3 AND customer = $5
  AND ($6::int IS NULL OR (SELECT sum(u.used) FROM reward_use u
                           WHERE u.shop = $1 AND u.reward = $2 AND u.period = $3 AND u.customer = ANY($4)) < $6)
RETURNING used
"""
_NOT_USED = """
UPDATE reward_use SET used = used - 1 WHERE shop = $1 AND reward = $2 AND period = $3 AND customer = $4
"""
_HAD = """
SELECT reward, period, sum(used)::int FROM reward_use WHERE shop = $1 AND customer = ANY($2::bigint[])
GROUP BY reward, period
"""
_UPLOAD = """
INSERT INTO reward_code (shop, reward, code) SELECT $1, $2, c FROM unnest($3::text[]) AS c ORDER BY c
ON CONFLICT (shop, code) DO NOTHING RETURNING code
"""
# Whoever finds a code locked takes the next one: two never wait for, or get, the same.
_TAKE_CODE = """
UPDATE reward_code SET redemption = $3 WHERE (shop, code) = (
    SELECT shop, code FROM reward_code WHERE shop = $1 AND reward = $2 AND redemption IS NULL
    ORDER BY code LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING code
"""
_DRAW_CODE = "INSERT INTO reward_code (shop, reward, code, redemption) VALUES ($1, $2, $3, $4)"
_PUT_CODE_BACK = "UPDATE reward_code SET redemption = NULL WHERE shop = $1 AND redemption = $2"
_CODES_OF = "SELECT redemption, code FROM reward_code WHERE shop = $1 AND redemption = ANY($2::text[])"
_HOLDER = "SELECT redemption FROM reward_code WHERE shop = $1 AND code = $2"


class Listed(NamedTuple):
    """A reward in the version in force."""

    id: str
    version: int
    reward: Reward
    shelf: Shelf
    author: str
    reason: str
    published_at: datetime


class Published(NamedTuple):
    """One version."""

    version: int
    reward: Reward
    author: str
    reason: str
    published_at: datetime


async def listed(reads: Reads, shop: int, after: str, limit: int) -> list[Listed]:
    """Rewards in the order of their ids."""
    return [_listed(row) for row in await reads.fetch(_PAGE, shop, after, limit)]


async def load(reads: Reads, shop: int, reward: str) -> Listed | None:
    """One reward."""
    row = await reads.fetchrow(_ONE, shop, reward)
    return None if row is None else _listed(row)


async def versions_of(reads: Reads, shop: int, reward: str) -> list[Published]:
    """All versions, the newest first."""
    rows = await reads.fetch(_VERSIONS, shop, reward)
    return [
        Published(row["version"], _read(row["body"]), row["author"], row["reason"], row["published_at"]) for row in rows
    ]


async def of_version(reads: Reads, shop: int, reward: str, version: int) -> Reward:
    """What a version says. Versions stay for ever."""
    row = await reads.fetchrow(_OF_VERSION, shop, reward, version)
    assert row is not None, "a redemption names a version that there is"
    return _read(row["body"])


async def of_versions(reads: Reads, shop: int, versions: Collection[tuple[str, int]]) -> dict[tuple[str, int], Reward]:
    """What these versions say."""
    asked = sorted(versions)
    rows = await reads.fetch(_OF_VERSIONS, shop, [reward for reward, _ in asked], [number for _, number in asked])
    return {(row["reward"], row["version"]): _read(row["body"]) for row in rows}


async def make(conn: asyncpg.Connection[Any], shop: int, reward: str, body: Reward) -> int | None:
    """A new reward; None where there is one of that id."""
    version: int | None = await conn.fetchval(_MAKE, shop, reward, body.stock, body.budget)
    return version


async def change(conn: asyncpg.Connection[Any], shop: int, reward: str, before: int | None, body: Reward) -> int | None:
    """The number of the next version; None where `before` is not in force any more, or more is taken than would be."""
    version: int | None = await conn.fetchval(_CHANGE, shop, reward, before, body.stock, body.budget)
    return version


async def publish(conn: asyncpg.Connection[Any], shop: int, reward: str, one: Published) -> None:
    """Keep a version."""
    body = msgspec.json.encode(one.reward).decode()
    await conn.execute(_PUBLISH, shop, reward, one.version, body, one.author, one.reason, one.published_at)


async def take(conn: asyncpg.Connection[Any], shop: int, one: Listed, worth: int) -> bool:
    """Take one off the shelf. False where none is left, the budget does not hold it, or another version is in force."""
    return await conn.fetchval(_TAKE, shop, one.id, one.version, worth) is not None


async def put_back(conn: asyncpg.Connection[Any], shop: int, reward: str, worth: int) -> None:
    """Put one back."""
    await conn.execute(_PUT_BACK, shop, reward, worth)


class Use(NamedTuple):
    """What counts against the limit of a customer."""

    shop: int
    reward: str
    period: str
    customer: int


async def count_use(conn: asyncpg.Connection[Any], use: Use, identities: Sequence[int], limit: int | None) -> bool:
    """Count one. False where the person, with all identities, has had as many as they may."""
    people = sorted(identities)
    await conn.execute(_LOCK_USES, *use[:3], people)
    return await conn.fetchval(_USE, *use[:3], people, use.customer, limit) is not None


async def uncount_use(conn: asyncpg.Connection[Any], use: Use) -> None:
    """Count it no more."""
    await conn.execute(_NOT_USED, *use)


async def had_by(reads: Reads, shop: int, identities: Sequence[int]) -> dict[tuple[str, str], int]:
    """How many a person has had, by reward and period."""
    rows = await reads.fetch(_HAD, shop, list(identities))
    return {(reward, period): used for reward, period, used in rows}


async def upload(conn: asyncpg.Connection[Any], shop: int, reward: str, codes: Sequence[str]) -> int:
    """Add codes; how many are new."""
    return len(await conn.fetch(_UPLOAD, shop, reward, sorted(set(codes))))


async def take_code(conn: asyncpg.Connection[Any], shop: int, reward: str, redemption: str) -> str | None:
    """A code that nobody has."""
    code: str | None = await conn.fetchval(_TAKE_CODE, shop, reward, redemption)
    return code


async def keep_code(conn: asyncpg.Connection[Any], shop: int, reward: str, redemption: str, code: str) -> None:
    """A code that was drawn for this redemption."""
    await conn.execute(_DRAW_CODE, shop, reward, code, redemption)


async def put_code_back(conn: asyncpg.Connection[Any], shop: int, redemption: str) -> None:
    """A code that was never shown can be another's."""
    await conn.execute(_PUT_CODE_BACK, shop, redemption)


async def codes_of(reads: Reads, shop: int, redemptions: Sequence[str]) -> dict[str, str]:
    """The codes of those redemptions that have one."""
    return {row["redemption"]: row["code"] for row in await reads.fetch(_CODES_OF, shop, list(redemptions))}


async def holder_of(reads: Reads, shop: int, code: str) -> str | None:
    """The redemption that a code was given for."""
    row = await reads.fetchrow(_HOLDER, shop, code)
    return None if row is None else row["redemption"]


def _listed(row: asyncpg.Record) -> Listed:
    shelf = Shelf(row["taken"], row["committed"], row["codes"])
    said = (row["author"], row["reason"], row["published_at"])
    return Listed(row["reward"], row["version"], _read(row["body"]), shelf, *said)


def _read(body: str) -> Reward:
    return msgspec.json.decode(body, type=Reward)
