"""Every query of the slice. Times of attempts are the database's, since several workers share them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import asyncpg

from services.loyalty.entitlements.domain import Notice, Outcome, Place, State, body_of
from shared.db import Reads
from shared.kernel import moment_of
from shared.receivers import Receivers

RECEIVERS = Receivers("entitlement_endpoint")
_LATEST = 2**57
_HISTORY = "an import told of it: it is not sent by itself"

# The redemption is locked, so nobody else counts meanwhile. A shop without an endpoint follows the topic instead.
_NEXT = """
SELECT coalesce((SELECT max(number) FROM entitlement_delivery WHERE shop = $1 AND redemption = $2), 0) + 1
FROM entitlement_endpoint WHERE shop = $1
"""
_NOTE = """
INSERT INTO entitlement_delivery
    (shop, redemption, number, what, customer, made_at, due_at, state, ended_at, trouble, body)
VALUES ($1, $2, $3, $4, $5, $6, now(), $7::smallint, CASE WHEN $7::smallint = 3 THEN now() END, $8, $9)
"""
_ENDPOINT = """
SELECT e.url, e.set_at, e.rotated_at, e.gone_at,
       CASE WHEN e.previous_until > now() THEN e.previous_until END AS previous_until,
       (SELECT count(*) FROM entitlement_delivery d WHERE d.shop = $1 AND d.state = 1) AS waiting,
       (SELECT count(*) FROM entitlement_delivery d WHERE d.shop = $1 AND d.state = 3) AS failed
FROM (SELECT) AS one LEFT JOIN entitlement_endpoint e ON e.shop = $1
"""
_GIVE_UP = """
UPDATE entitlement_delivery SET state = 3, ended_at = now(), trouble = 'the endpoint was removed'
WHERE shop = $1 AND state = 1
"""
# A few of each shop, so that one whose receiver hangs keeps no other waiting. The next of a redemption waits for the
# one before.
_CLAIM = """
WITH due AS (
    SELECT d.shop, d.redemption, d.number, e.url, e.secret,
           CASE WHEN e.previous_until > now() THEN e.previous_secret END AS previous
    FROM entitlement_endpoint e CROSS JOIN LATERAL (
        SELECT w.shop, w.redemption, w.number FROM entitlement_delivery w
        WHERE w.shop = e.shop AND w.state = 1 AND w.due_at <= now()
          AND (w.claimed_until IS NULL OR w.claimed_until <= now())
          AND NOT EXISTS (SELECT FROM entitlement_delivery b WHERE b.shop = w.shop AND b.redemption = w.redemption
                                                               AND b.number < w.number AND b.state = 1)
        ORDER BY w.due_at LIMIT $2 FOR UPDATE SKIP LOCKED) d
    WHERE e.gone_at IS NULL AND e.shop <> ALL($4::smallint[]) LIMIT $3
)
UPDATE entitlement_delivery d SET claimed_until = now() + $1, attempts = d.attempts + 1
FROM due WHERE d.shop = due.shop AND d.redemption = due.redemption AND d.number = due.number
RETURNING d.shop, d.redemption, d.number, d.failures, d.claimed_until, d.body, due.url, due.secret, due.previous
"""
# Whose claim is over changes nothing: somebody else has it, and the next of the redemption must wait for them.
_DONE = """
UPDATE entitlement_delivery
SET state = $5::smallint, claimed_until = NULL, due_at = now() + $6, last_status = $7::smallint, trouble = $8,
    failures = CASE WHEN $5::smallint = 2 THEN failures ELSE failures + 1 END,
    ended_at = CASE WHEN $5::smallint <> 1 THEN now() END
WHERE shop = $1 AND redemption = $2 AND number = $3 AND claimed_until = $4 RETURNING shop
"""
_SHOWN = """
SELECT shop, redemption, number, what, state, attempts, last_status, trouble, made_at, due_at, ended_at
FROM entitlement_delivery
"""
_LISTED = (
    _SHOWN
    + """
WHERE shop = $1 AND ($2::smallint IS NULL OR state = $2)
  AND ($3::timestamptz IS NULL OR (made_at, redemption, number) > ($3, $4, $5))
ORDER BY made_at, redemption, number LIMIT $6
"""
)
_OF_CUSTOMER = _SHOWN + " WHERE shop = $1 AND customer = $2 ORDER BY made_at, redemption, number LIMIT $3"
_OF_REDEMPTION = _SHOWN + " WHERE shop = $1 AND redemption = $2 ORDER BY number FOR UPDATE"
# What comes after it is put off a moment, so that a claim that did not see this one wait looks again.
_AGAIN = """
UPDATE entitlement_delivery
SET state = CASE WHEN number = $3 THEN 1 ELSE state END,
    failures = CASE WHEN number = $3 THEN 0 ELSE failures END,
    ended_at = CASE WHEN number = $3 THEN NULL ELSE ended_at END,
    due_at = CASE WHEN number = $3 THEN now() ELSE greatest(due_at, now() + interval '1 second') END
WHERE shop = $1 AND redemption = $2 AND (number = $3 OR (number > $3 AND state = 1))
"""
_STANDING = """
SELECT count(*) FILTER (WHERE d.state = 1) AS waiting,
       coalesce(max(extract(epoch FROM now() - greatest(d.due_at, d.claimed_until))) FILTER (
           WHERE d.state = 1 AND e.gone_at IS NULL AND e.shop IS NOT NULL), 0)::float8 AS late,
       count(*) FILTER (WHERE d.state = 3) AS failed,
       (SELECT count(*) FROM entitlement_endpoint WHERE gone_at IS NOT NULL) AS gone
FROM entitlement_delivery d LEFT JOIN entitlement_endpoint e USING (shop) WHERE d.state IN (1, 3)
"""


async def note(conn: asyncpg.Connection[Any], shop: int, notice: Notice) -> None:
    """Write what is to be told, where the shop has an endpoint. The redemption is locked."""
    redemption = notice.told.redemption
    number: int | None = await conn.fetchval(_NEXT, shop, redemption)
    if number is None:
        return
    state, trouble = (State.FAILED, _HISTORY) if notice.from_history else (State.WAITING, "")
    told = (notice.what, notice.customer, notice.at, int(state), trouble, body_of(notice, number))
    await conn.execute(_NOTE, shop, redemption, number, *told)


class Kept(NamedTuple):
    """The endpoint of a shop, and its deliveries. None: there is none."""

    url: str | None
    set_at: datetime | None
    rotated_at: datetime | None
    gone_at: datetime | None
    previous_until: datetime | None
    waiting: int
    failed: int


async def endpoint_of(reads: Reads, shop: int) -> Kept:
    """Where a shop is told, without secrets."""
    row = await reads.fetchrow(_ENDPOINT, shop)
    assert row is not None, "there is always one"
    return Kept(*(row[name] for name in Kept._fields))


async def remove(conn: asyncpg.Connection[Any], shop: int) -> bool:
    """Have a shop told nothing any more: what waits has failed. False without an endpoint."""
    found = await RECEIVERS.remove(conn, shop)
    await conn.execute(_GIVE_UP, shop)
    return found


class Claimed(NamedTuple):
    """A delivery that is ours until the claim ends."""

    shop: int
    place: Place
    failures: int
    until: datetime
    body: str
    url: str
    secrets: tuple[bytes, ...]
    """Sealed, the newest first."""


async def claim(
    conn: asyncpg.Connection[Any], held: timedelta, each: int, most: int, busy: Collection[int]
) -> list[Claimed]:
    """Deliveries that are due and that nobody else sends, at most so many `each` shop, of none that is `busy`."""
    rows = await conn.fetch(_CLAIM, held, each, most, sorted(busy))
    return [
        Claimed(
            row["shop"],
            Place(row["redemption"], row["number"]),
            row["failures"],
            row["claimed_until"],
            row["body"],
            row["url"],
            tuple(one for one in (row["secret"], row["previous"]) if one is not None),
        )
        for row in rows
    ]


async def done(conn: asyncpg.Connection[Any], one: Claimed, outcome: Outcome, status: int | None, trouble: str) -> bool:
    """Write what an attempt came to. False where the claim was over."""
    place, said = (one.shop, *one.place, one.until), (int(outcome.state), outcome.pause, status, trouble)
    found = await conn.fetchval(_DONE, *place, *said) is not None
    if found and outcome.gone:
        await RECEIVERS.gone(conn, one.shop, one.url)
    return found


class Delivery(NamedTuple):
    """How a delivery stands."""

    shop: int
    place: Place
    what: str
    state: State
    attempts: int
    last_status: int | None
    trouble: str
    made_at: datetime
    due_at: datetime
    ended_at: datetime | None


async def listed(
    reads: Reads, shop: int, state: State | None, after: tuple[int, str, int] | None, limit: int
) -> list[Delivery]:
    """Those of a state, or all, in the order in which they were made."""
    at, name, number = (None, "", 0) if after is None else (moment_of(min(max(after[0], 0), _LATEST)), *after[1:])
    return _deliveries(await reads.fetch(_LISTED, shop, state, at, name, number, limit))


async def of_customer(reads: Reads, shop: int, customer: int, limit: int) -> list[Delivery]:
    """Those of one identity."""
    return _deliveries(await reads.fetch(_OF_CUSTOMER, shop, customer, limit))


async def lock_redemption(conn: asyncpg.Connection[Any], shop: int, redemption: str) -> list[Delivery]:
    """All of a redemption, locked, in their order."""
    return _deliveries(await conn.fetch(_OF_REDEMPTION, shop, redemption))


async def again(conn: asyncpg.Connection[Any], shop: int, place: Place) -> None:
    """Have one that failed wait anew. The redemption's are locked."""
    await conn.execute(_AGAIN, shop, *place)


class Standing(NamedTuple):
    """How all deliveries stand, over all shops."""

    waiting: int
    late: float
    """By how many seconds one is overdue that nobody is at: the latest."""
    failed: int
    gone: int
    """Endpoints that want no more."""


async def standing(conn: asyncpg.Connection[Any]) -> Standing:
    """How all of them stand."""
    row = await conn.fetchrow(_STANDING)
    assert row is not None, "it counts"
    return Standing(row["waiting"], max(row["late"], 0.0), row["failed"], row["gone"])


def _deliveries(rows: Sequence[asyncpg.Record]) -> list[Delivery]:
    found = []
    for row in rows:
        place, state = Place(row["redemption"], row["number"]), State(row["state"])
        said = (row["what"], state, row["attempts"], row["last_status"], row["trouble"])
        found.append(Delivery(row["shop"], place, *said, row["made_at"], row["due_at"], row["ended_at"]))
    return found
