"""Every query of the slice.

Who changes a consent first locks the rows of all identities of the person (`lock`), and whoever claims a message holds
the same rows shared, and reads them in a later statement: so no message is claimed after a withdrawal has committed.
A person without a row has given no consent, so there is nothing to be locked.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import asyncpg

from services.campaigns.consent.domain import Word
from shared.db import Reads
from shared.kernel import CustomerId, ShopId

_KEYS = "unnest($1::smallint[], $2::bigint[]) AS k (shop, customer)"
_LOCK = f"""
SELECT 1 FROM {_KEYS} JOIN consent c USING (shop, customer)
ORDER BY c.shop, c.customer, c.channel, c.purpose FOR UPDATE OF c
"""  # noqa: S608 - text of our own
_SHARE = _LOCK.replace("FOR UPDATE", "FOR SHARE")
_OF = f"""
SELECT c.shop, c.customer, c.channel, c.purpose, c.state, c.occurred_at, c.record, c.source
FROM {_KEYS} JOIN consent c USING (shop, customer)
"""  # noqa: S608 - text of our own
_SAVE = """
INSERT INTO consent AS c (shop, customer, channel, purpose, state, occurred_at, record, source)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[],
                     $8::text[])
ON CONFLICT (shop, customer, channel, purpose) DO UPDATE SET
    state = excluded.state, occurred_at = excluded.occurred_at, record = excluded.record, source = excluded.source
WHERE (c.occurred_at, array_position(ARRAY['given', 'pending', 'withdrawn'], c.state), c.record)
    < (excluded.occurred_at, array_position(ARRAY['given', 'pending', 'withdrawn'], excluded.state), excluded.record)
"""
_ADD_LINKS = """
INSERT INTO consent_link (shop, hash, customer, channel, message, locale, expires_at)
SELECT * FROM unnest($1::smallint[], $2::bytea[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
"""
_LINK = (
    "SELECT customer, channel, message, locale FROM consent_link WHERE shop = $1 AND hash = $2 AND expires_at > now()"
)
_PURGE = """
DELETE FROM consent_link WHERE (shop, hash) IN (
    SELECT shop, hash FROM consent_link WHERE expires_at < now() LIMIT 1000 FOR UPDATE SKIP LOCKED
)
"""
_FORGET = "DELETE FROM consent WHERE shop = $1 AND customer = ANY($2::bigint[]) RETURNING 1"
_FORGET_LINKS = "DELETE FROM consent_link WHERE shop = $1 AND customer = ANY($2::bigint[])"

Key = tuple[int, int]
"""Shop and identity."""


class Link(NamedTuple):
    """By which somebody changes their consents, without logging in."""

    customer: int
    channel: str
    message: str
    locale: str


class NewLink(NamedTuple):
    """A link that goes out with a message."""

    shop: int
    token: str
    customer: int
    channel: str
    message: str
    locale: str
    expires_at: datetime


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return sha256(token.encode()).digest()


async def lock(conn: asyncpg.Connection[Any], keys: Collection[Key], *, shared: bool = False) -> None:
    """Lock the consents of these identities, which must be all of each person."""
    if keys:
        await conn.fetch(_SHARE if shared else _LOCK, *_columns(keys))


async def words_of(reads: Reads, keys: Collection[Key]) -> list[Word]:
    """What these identities said, as it holds."""
    return [Word(*row) for row in await reads.fetch(_OF, *_columns(keys))] if keys else []


async def save(conn: asyncpg.Connection[Any], words: Collection[Word]) -> None:
    """Keep words, where none that holds already comes after. The persons must be locked."""
    if words:
        await conn.execute(_SAVE, *(list(column) for column in zip(*sorted(words), strict=True)))


async def add_links(conn: asyncpg.Connection[Any], links: Sequence[NewLink]) -> None:
    """Keep the hashes of links that go out."""
    rows = sorted(
        (one.shop, digest(one.token), one.customer, one.channel, one.message, one.locale, one.expires_at)
        for one in links
    )
    if rows:
        await conn.execute(_ADD_LINKS, *(list(column) for column in zip(*rows, strict=True)))


async def find_link(reads: Reads, shop: int, token: str) -> Link | None:
    """Whose link it is; None for one that is unknown or has expired, by the database's clock."""
    row = await reads.fetchrow(_LINK, shop, digest(token))
    return None if row is None else Link(*row)


async def purge_links(conn: asyncpg.Connection[Any]) -> None:
    """Some of the links that have expired go."""
    await conn.execute(_PURGE)


async def forget(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> int:
    """Delete consents and links; how many consents there were. Profiles of these must be locked."""
    gone = await conn.fetch(_FORGET, shop, list(customers))
    await conn.execute(_FORGET_LINKS, shop, list(customers))
    return len(gone)


def _columns(keys: Collection[Key]) -> tuple[list[int], list[int]]:
    asked = sorted(keys)
    return [shop for shop, _ in asked], [customer for _, customer in asked]
