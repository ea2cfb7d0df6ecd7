"""Every query of the slice. Messages are locked before consents, profiles and keys of the outbox."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
import msgspec

from services.campaigns.messages.domain import Claimed, Outcome, Plan, State
from services.campaigns.pacing import Past
from shared.contracts.shops import Shop
from shared.db import Reads
from shared.kernel import CustomerId, ShopId

_COLUMNS = (
    "shop, id, customer, channel, purpose, campaign, step, occasion, template, fields, due, expires_at, run,"
    " journey_version, variant"
)
_ADD = f"""
INSERT INTO message ({_COLUMNS}, planned_at, state)
SELECT n.*, $16, $17 FROM unnest($1::smallint[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[],
    $7::text[], $8::text[], $9::text[], $10::bytea[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::int[],
    $15::text[]) AS n
ON CONFLICT (shop, id) DO NOTHING RETURNING shop, id
"""  # noqa: S608 - text of our own
# By the database's clock: who sends may be anywhere, and its own clock off.
_DUE = f"""
SELECT {_COLUMNS}, attempt, test, test_to, now() AS now FROM message
WHERE state = 0 AND due <= now() AND (channel <> ALL($2::text[]) OR expires_at <= now())
ORDER BY due LIMIT $1 FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - text of our own
_LOST = f"""
SELECT {_COLUMNS}, attempt, test, template_version, locale, now() AS now FROM message
WHERE state = 1 AND claimed_at < now() - $1::interval ORDER BY claimed_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - text of our own
_CLAIM = """
UPDATE message m
SET state = 1, claimed_at = now(), attempt = m.attempt + 1, template_version = n.version, locale = n.locale,
    went_to = n.went_to
FROM unnest($1::smallint[], $2::text[], $3::int[], $4::text[], $5::bytea[]) AS n (shop, id, version, locale, went_to)
WHERE m.shop = n.shop AND m.id = n.id
"""
# Only what is claimed, by this attempt: one that was given up meanwhile has ended.
_END = """
UPDATE message m
SET state = n.state, reason = n.reason, due = coalesce(n.due, m.due),
    reference = coalesce(nullif(n.reference, ''), m.reference), segments = coalesce(n.segments, m.segments),
    test_to = CASE WHEN n.state = 0 THEN m.test_to END, ended_at = CASE WHEN n.state = 0 THEN NULL ELSE now() END
FROM unnest($1::smallint[], $2::text[], $3::int[], $4::smallint[], $5::text[], $6::timestamptz[], $7::text[], $8::int[])
    AS n (shop, id, attempt, state, reason, due, reference, segments)
WHERE m.shop = n.shop AND m.id = n.id AND m.state = 1 AND m.attempt = n.attempt
RETURNING m.shop, m.id
"""
_SUPPRESS = """
UPDATE message m SET state = 5, reason = n.reason, ended_at = now(), test_to = NULL
FROM unnest($1::smallint[], $2::text[], $3::text[]) AS n (shop, id, reason) WHERE m.shop = n.shop AND m.id = n.id
"""
# Until its run goes on it is looked at once more: when it expires.
_PUT_OFF = """
UPDATE message m SET due = n.until, reason = n.reason
FROM unnest($1::smallint[], $2::text[], $3::timestamptz[], $4::text[]) AS n (shop, id, until, reason)
WHERE m.shop = n.shop AND m.id = n.id
"""
# Those that were handed over, are being so, or may have been: by when they were claimed.
_RECENT = """
SELECT m.shop, m.customer, m.claimed_at, m.channel, m.purpose
FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN message m USING (shop, customer)
WHERE m.state IN (1, 2, 4) AND NOT m.test AND m.claimed_at > now() - $3::interval
"""
_HOLD = """
UPDATE message m SET due = m.expires_at, reason = 'paused'
FROM unnest($1::smallint[], $2::text[]) AS n (shop, id) WHERE m.shop = n.shop AND m.id = n.id
"""
# Whoever holds runs waits for no message: one that a claim has locked is judged there, by its run.
_OF_RUNS = f"""
SELECT {_COLUMNS} FROM message m JOIN unnest($1::smallint[], $2::text[]) AS k (shop, run) USING (shop, run)
WHERE m.state = 0 ORDER BY m.shop, m.id FOR UPDATE OF m SKIP LOCKED
"""  # noqa: S608 - text of our own
_LET_GO = """
UPDATE message SET due = least(due, now()), reason = '' WHERE (shop, id) IN (
    SELECT shop, id FROM message WHERE shop = $1 AND campaign = $2 AND state = 0 AND reason = 'paused'
    LIMIT $3 FOR UPDATE SKIP LOCKED
) RETURNING id
"""
_SHOPS = "SELECT settings::text AS settings FROM shop WHERE number = ANY($1::smallint[])"
_ONE = f"""
SELECT {_COLUMNS}, attempt, state, reason, locale, template_version, planned_at, ended_at, test FROM message
WHERE shop = $1 AND id = $2
"""  # noqa: S608 - text of our own
_TEST = f"""
INSERT INTO message ({_COLUMNS}, planned_at, state, test, test_to)
SELECT $1::smallint, $2, $3::bigint, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16::timestamptz, 0, true,
       $17
WHERE (SELECT count(*) FROM message
       WHERE shop = $1 AND customer = $3 AND test AND planned_at > $16 - interval '1 hour') < $18
RETURNING 1
"""  # noqa: S608 - text of our own
_OF = f"""
SELECT {_COLUMNS}, attempt, state, reason, locale, template_version, planned_at, ended_at, test FROM message
WHERE shop = $1 AND customer = ANY($2::bigint[]) ORDER BY planned_at DESC, id LIMIT $3
"""  # noqa: S608 - text of our own
_LOCK_OF = "SELECT id FROM message WHERE shop = $1 AND customer = ANY($2::bigint[]) ORDER BY id FOR UPDATE"
_FORGET = """
UPDATE message SET fields = '{}', went_to = NULL, state = CASE WHEN state = 0 THEN 5 ELSE state END,
    reason = CASE WHEN state = 0 THEN 'erased' ELSE reason END,
    ended_at = CASE WHEN state = 0 THEN now() ELSE ended_at END
WHERE shop = $1 AND customer = ANY($2::bigint[])
"""
Key = tuple[int, str]


class Due(NamedTuple):
    """A message whose time has come, locked."""

    plan: Plan
    attempt: int
    test: bool = False
    test_to: str | None = None


class Shown(NamedTuple):
    """A message, and how it stands."""

    plan: Plan
    state: State
    attempt: int
    reason: str
    locale: str
    version: int | None
    planned_at: datetime
    ended_at: datetime | None
    test: bool = False


async def add(conn: asyncpg.Connection[Any], plans: Collection[Plan], state: State, now: datetime) -> set[Key]:
    """Keep plans; (shop, id) of those that were not kept before."""
    rows = sorted({(one.shop, one.id): one for one in plans}.values(), key=lambda one: (one.shop, one.id))
    if not rows:
        return set()
    columns = [list(column) for column in zip(*rows, strict=True)]
    return {(row[0], row[1]) for row in await conn.fetch(_ADD, *columns, now, int(state))}


async def add_test(conn: asyncpg.Connection[Any], plan: Plan, to: str, *, now: datetime, hourly_max: int) -> bool:
    """Keep a test; False above so many of the shop in an hour."""
    return await conn.fetchval(_TEST, *plan, now, to, hourly_max) is not None


async def due(conn: asyncpg.Connection[Any], most: int, dormant: Collection[str]) -> tuple[list[Due], datetime | None]:
    """Messages whose time has come, that nobody else holds, and what time it is. By channels that are `dormant`

    nothing can be sent: what waits for them is due only once it has expired.
    """
    rows = await conn.fetch(_DUE, most, sorted(dormant))
    found = [Due(_plan(row), row["attempt"], row["test"], row["test_to"]) for row in rows]
    return found, rows[0]["now"] if rows else None


async def lost(conn: asyncpg.Connection[Any], held: timedelta, most: int) -> tuple[list[Shown], datetime | None]:
    """Messages that were claimed so long ago that whoever claimed them is no more."""
    rows = await conn.fetch(_LOST, held, most)
    found = [
        Shown(
            *(_plan(row), State.CLAIMED, row["attempt"], "", row["locale"], row["template_version"]),
            *(row["now"], None, row["test"]),
        )
        for row in rows
    ]
    return found, rows[0]["now"] if rows else None


async def claim(conn: asyncpg.Connection[Any], claimed: Sequence[Claimed]) -> None:
    """These are to be sent by us."""
    rows = [(one.plan.shop, one.plan.id, one.version.number, one.locale, one.went_to) for one in claimed]
    if rows:
        await conn.execute(_CLAIM, *(list(column) for column in zip(*rows, strict=True)))


async def end(conn: asyncpg.Connection[Any], outcomes: Mapping[tuple[int, str, int], Outcome]) -> set[Key]:
    """Write what became of messages, by (shop, id, attempt); (shop, id) of those that were still ours."""
    rows = [
        (*key, int(one.state), one.reason, one.due, one.reference, one.segments)
        for key, one in sorted(outcomes.items())
    ]
    if not rows:
        return set()
    found = await conn.fetch(_END, *(list(column) for column in zip(*rows, strict=True)))
    return {(row["shop"], row["id"]) for row in found}


async def suppress(conn: asyncpg.Connection[Any], reasons: Mapping[Key, str]) -> None:
    """Write that messages are not sent."""
    rows = [(*key, why) for key, why in sorted(reasons.items())]
    if rows:
        await conn.execute(_SUPPRESS, *(list(column) for column in zip(*rows, strict=True)))


async def hold(conn: asyncpg.Connection[Any], keys: Collection[Key]) -> None:
    """Have messages of runs that rest wait."""
    if keys:
        await conn.execute(_HOLD, *(list(column) for column in zip(*sorted(keys), strict=True)))


async def put_off(conn: asyncpg.Connection[Any], waiting: Mapping[Key, tuple[datetime, str]]) -> None:
    """Have messages be judged anew at another time, by (shop, id), each with why."""
    rows = [(*key, *how) for key, how in sorted(waiting.items())]
    if rows:
        await conn.execute(_PUT_OFF, *(list(column) for column in zip(*rows, strict=True)))


async def recent(
    reads: Reads, customers: Collection[tuple[int, int]], window: timedelta
) -> list[tuple[tuple[int, int], Past]]:
    """What these identities, by shop, were sent of late, or may have been."""
    if not customers:
        return []
    asked = sorted(customers)
    rows = await reads.fetch(_RECENT, [shop for shop, _ in asked], [customer for _, customer in asked], window)
    return [((row["shop"], row["customer"]), Past(row["claimed_at"], row["channel"], row["purpose"])) for row in rows]


async def planned_of(conn: asyncpg.Connection[Any], runs: Collection[Key]) -> list[Plan]:
    """Messages of these runs (shop, run) that nobody has claimed or is claiming, locked."""
    if not runs:
        return []
    rows = await conn.fetch(_OF_RUNS, *(list(column) for column in zip(*sorted(runs), strict=True)))
    return [_plan(row) for row in rows]


async def let_go(conn: asyncpg.Connection[Any], shop: int, campaign: str, most: int) -> int:
    """Have messages that wait for a journey to go on be due; how many."""
    return len(await conn.fetch(_LET_GO, shop, campaign, most))


async def shops(reads: Reads, numbers: Collection[int]) -> dict[int, Shop]:
    """Shops by number."""
    found = [msgspec.json.decode(row["settings"], type=Shop) for row in await reads.fetch(_SHOPS, sorted(numbers))]
    return {shop.number: shop for shop in found}


async def find(reads: Reads, shop: int, message: str) -> Shown | None:
    """One message."""
    row = await reads.fetchrow(_ONE, shop, message)
    return None if row is None else _shown(row)


async def of_customers(reads: Reads, shop: int, customers: Collection[int], most: int) -> list[Shown]:
    """Messages of these identities, the newest first."""
    return [_shown(row) for row in await reads.fetch(_OF, shop, sorted(customers), most)]


async def forget(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> int:
    """Empty what messages were to show, and send none that is planned; how many messages stay, without it."""
    rows = await conn.fetch(_LOCK_OF, shop, list(customers))
    await conn.execute(_FORGET, shop, list(customers))
    return len(rows)


def _plan(row: asyncpg.Record) -> Plan:
    return Plan(*(row[name] for name in Plan._fields))


def _shown(row: asyncpg.Record) -> Shown:
    return Shown(
        _plan(row),
        State(row["state"]),
        row["attempt"],
        row["reason"],
        row["locale"],
        row["template_version"],
        row["planned_at"],
        row["ended_at"],
        row["test"],
    )
