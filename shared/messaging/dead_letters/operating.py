"""Dead letters as operators see them: listed, shown, put right and asked for again, dropped."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from shared.messaging.dead_letters.cipher import Cipher
from shared.messaging.dead_letters.keeping import letter_id_of

_SHOWN = """
SELECT id, shop, topic, partition, "offset", handler, reason, detail, recorded_at, state, attempt FROM dead_letter
"""
_LIST = f"""{_SHOWN}
WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR reason = $2) AND ($3::text IS NULL OR topic = $3)
ORDER BY recorded_at DESC, id LIMIT $4
"""
_NONE = "there is no such dead letter; it may have been dropped, erased with a person, or removed after its term"


class Letter(NamedTuple):
    """A dead letter as operators see it, without its body."""

    letter_id: str
    shop: int
    topic: str
    partition: int
    offset: int
    handler: str
    reason: str
    detail: str
    recorded_at: datetime
    state: str
    """held, requested (to be handled again) or replayed."""
    attempt: int
    """How often it was handled again."""


async def list_letters(
    conn: asyncpg.Connection[Any],
    *,
    state: str | None = None,
    reason: str | None = None,
    topic: str | None = None,
    limit: int = 100,
) -> list[Letter]:
    """The newest dead letters of the service whose schema the connection searches."""
    rows = await conn.fetch(_LIST, state, reason, topic, limit)
    return [_letter(row) for row in rows]


async def find_letter(conn: asyncpg.Connection[Any], letter_id: str) -> Letter | None:
    """One dead letter as operators see it; None where there is none."""
    row = await conn.fetchrow(f"{_SHOWN} WHERE id = $1", UUID(letter_id))
    return None if row is None else _letter(row)


async def refused_again(conn: asyncpg.Connection[Any], service: str, letter: Letter) -> Letter | None:
    """The dead letter that it became when it was handled again last; None when it was handled.

    `letter` is one whose state is `replayed`.
    """
    slug = await conn.fetchval("SELECT slug FROM shop WHERE number = $1", letter.shop)
    place = (letter.topic, letter.partition, letter.offset)
    for shop in {slug or "", ""}:  # where the shop is not known, the id is made without it
        found = await find_letter(conn, letter_id_of(service, place, shop, letter.attempt, letter.letter_id))
        if found is not None:
            return found
    return None


async def drop_letter(conn: asyncpg.Connection[Any], letter_id: str) -> None:
    """Delete a dead letter with its body. LookupError when there is none."""
    if await conn.fetchval("DELETE FROM dead_letter WHERE id = $1 RETURNING 1", UUID(letter_id)) is None:
        raise LookupError(_NONE)


def _letter(row: asyncpg.Record) -> Letter:
    return Letter(str(row[0]), *tuple(row)[1:])


async def show_letter(conn: asyncpg.Connection[Any], letter_id: str, cipher: Cipher) -> bytes:
    """The body of a dead letter. LookupError when there is none, ValueError when it cannot be decrypted."""
    sealed = await conn.fetchval("SELECT body FROM dead_letter WHERE id = $1", UUID(letter_id))
    if sealed is None:
        raise LookupError(_NONE)
    return cipher.open(sealed, letter_id)


async def replay_letter(
    conn: asyncpg.Connection[Any], letter_id: str, cipher: Cipher, repaired: bytes | None = None
) -> None:
    """Ask for a dead letter to be handled again by the service that refused it, with another body if one is given.

    The worker that owns its partition does so within seconds, in a fenced transaction like any other; the event
    takes effect once, however often this is asked. LookupError when there is no such dead letter, ValueError for one
    that never reached its topic, so that no worker owns it.
    """
    body = None if repaired is None else cipher.seal(repaired, letter_id)
    found = await conn.fetchval(
        "UPDATE dead_letter SET state = 'requested', body = coalesce($2, body) WHERE id = $1 AND partition >= 0"
        " RETURNING 1",
        UUID(letter_id),
        body,
    )
    if found is None and await conn.fetchval("SELECT 1 FROM dead_letter WHERE id = $1", UUID(letter_id)):
        raise ValueError("it was too large to be sent, so no service has refused it; cause the event again, smaller")
    if found is None:
        raise LookupError(_NONE)
