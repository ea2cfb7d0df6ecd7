"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import asyncpg

from services.campaigns.reports.domain import Key, Known, Receipt, Report, What
from shared.kernel import CustomerId, ShopId

_ADD = """
INSERT INTO report (channel, reference, what, at, code, hard, link, machine, due, received_at)
SELECT n.*, now(), now() FROM unnest($1::text[], $2::text[], $3::smallint[], $4::timestamptz[], $5::text[], $6::bool[],
                                     $7::int[], $8::bool[]) AS n
"""
_DUE = """
SELECT number, channel, reference, what, at, code, hard, link, machine, received_at < now() - $2::interval AS old
FROM report WHERE due <= now() ORDER BY due, number LIMIT $1 FOR UPDATE SKIP LOCKED
"""
_MESSAGES = """
SELECT m.reference, m.shop, m.id, m.customer, m.channel, m.purpose, m.campaign, m.step, m.occasion, m.template, m.run,
       m.journey_version, m.variant, m.template_version, m.locale, m.ended_at, m.test, m.went_to, s.slug
FROM message m JOIN shop s ON s.number = m.shop WHERE m.reference = ANY($1::text[]) AND m.ended_at IS NOT NULL
"""
# A bounce for good is news after one for the time being; nothing else is told twice.
_KEEP = """
INSERT INTO receipt AS r (shop, message, what, machine, link, at, hard, code, went_to)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::smallint[], $4::bool[], $5::int[], $6::timestamptz[], $7::bool[],
                     $8::text[], $9::bytea[])
ON CONFLICT (shop, message, what, machine, link) DO UPDATE SET at = excluded.at, hard = true, code = excluded.code
WHERE excluded.hard AND NOT r.hard
RETURNING shop, message, what, machine, link
"""
# Who was sent text messages at these numbers, and none at another since: a number may have passed on to somebody else.
_TEXTED = """
SELECT DISTINCT ON (m.went_to, m.shop, m.customer) m.went_to, m.shop, s.slug, m.customer, m.id
FROM message m JOIN shop s ON s.number = m.shop
WHERE m.went_to = ANY($1::bytea[]) AND m.channel = 'sms' AND m.claimed_at IS NOT NULL AND NOT m.test
  AND NOT EXISTS (
      SELECT FROM message later
      WHERE later.shop = m.shop AND later.customer = m.customer AND later.channel = 'sms' AND NOT later.test
        AND later.claimed_at > m.claimed_at AND later.went_to <> m.went_to)
ORDER BY m.went_to, m.shop, m.customer, m.claimed_at DESC, m.id
"""
_FORGET = """
UPDATE receipt r SET went_to = NULL FROM message m
WHERE m.shop = $1 AND m.customer = ANY($2::bigint[]) AND r.shop = m.shop AND r.message = m.id AND r.went_to IS NOT NULL
"""
_LATER = "UPDATE report SET due = now() + $2::interval WHERE number = ANY($1::bigint[])"
_DONE = "DELETE FROM report WHERE number = ANY($1::bigint[])"


class Waiting(NamedTuple):
    """A report that nobody else holds."""

    number: int
    report: Report
    is_old: bool


class Texted(NamedTuple):
    """Somebody who was sent a text message, and the last one."""

    went_to: bytes
    shop: int
    slug: str
    customer: int
    message: str


async def add(conn: asyncpg.Connection[Any], reports: Sequence[Report]) -> None:
    """Keep what came in, until it is understood."""
    if reports:
        rows = [(*one[:2], int(one.what), *one[3:]) for one in reports]
        await conn.execute(_ADD, *(list(column) for column in zip(*rows, strict=True)))


async def due(conn: asyncpg.Connection[Any], most: int, kept: timedelta) -> list[Waiting]:
    """Some that are to be looked at, locked. `kept`: those that came before are old."""
    found = []
    for row in await conn.fetch(_DUE, most, kept):
        said = (row["at"], row["code"], row["hard"], row["link"], row["machine"])
        report = Report(row["channel"], row["reference"], What(row["what"]), *said)
        found.append(Waiting(row["number"], report, row["old"]))
    return found


async def messages_of(conn: asyncpg.Connection[Any], references: Collection[str]) -> dict[tuple[str, str], Known]:
    """Messages that have ended, by channel and the provider's name."""
    found = {}
    for row in await conn.fetch(_MESSAGES, sorted(references)) if references else []:
        names = ("channel", "purpose", "campaign", "step", "occasion", "template", "run", "variant", "template_version")
        about = {name: row[name] for name in names}
        about |= {"message": row["id"], "version": row["journey_version"], "locale": row["locale"] or None}
        who = (row["shop"], row["slug"], row["customer"], row["channel"])
        found[row["channel"], row["reference"]] = Known(*who, row["ended_at"], row["test"], row["went_to"], about)
    return found


async def keep(conn: asyncpg.Connection[Any], receipts: Collection[Receipt]) -> set[Key]:
    """Those that say something new."""
    found = sorted(receipts, key=lambda one: one.key)
    rows = [(*one.key, one.report.at, one.report.hard, one.report.code, one.went_to) for one in found]
    if not rows:
        return set()
    return {tuple(row) for row in await conn.fetch(_KEEP, *(list(column) for column in zip(*rows, strict=True)))}


async def texted(conn: asyncpg.Connection[Any], marks: Collection[bytes]) -> list[Texted]:
    """Whom text messages to these numbers went, in whichever shop: all of them send from one line."""
    return [Texted(*row) for row in await conn.fetch(_TEXTED, sorted(marks))] if marks else []


async def forget(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> None:
    """Empty the marks of addresses that messages to these customers went to."""
    await conn.execute(_FORGET, shop, list(customers))


async def put_off(conn: asyncpg.Connection[Any], numbers: Collection[int], wait: timedelta) -> None:
    """Their messages may be found later."""
    if numbers:
        await conn.execute(_LATER, sorted(numbers), wait)


async def done(conn: asyncpg.Connection[Any], numbers: Collection[int]) -> None:
    """These are understood."""
    if numbers:
        await conn.execute(_DONE, sorted(numbers))
