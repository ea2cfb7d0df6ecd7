"""Dead letters: what could not be handled is set aside in the same transaction, and can be put right and replayed.

The topic `dead-letters.v1` tells position and reason only. The body may hold personal data: it lies encrypted in a
table of the service, for a limited time, and can be erased.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.contracts.dead_letters import DeadLetter, DeadLettered
from shared.kernel import derive_event_id
from shared.messaging.records import Refusal

KEPT_FOR = timedelta(days=30)
SECRET_BYTES_MIN = 32
_NONCE_BYTES = 12

_KEEP = """
INSERT INTO dead_letter (id, shop, topic, partition, "offset", handler, reason, detail, body, recorded_at, attempt)
SELECT t.id::uuid, t.shop, t.topic, t.partition, t."offset", t.handler, t.reason, t.detail, t.body, $10, t.attempt
FROM unnest($1::text[], $2::smallint[], $3::text[], $4::int[], $5::bigint[], $6::text[], $7::text[], $8::text[],
            $9::bytea[], $11::int[])
    AS t(id, shop, topic, partition, "offset", handler, reason, detail, body, attempt)
ON CONFLICT (id) DO NOTHING
"""
_SHOWN = """
SELECT id, shop, topic, partition, "offset", handler, reason, detail, recorded_at, state, attempt FROM dead_letter
"""
_LIST = f"""{_SHOWN}
WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR reason = $2) AND ($3::text IS NULL OR topic = $3)
ORDER BY recorded_at DESC, id LIMIT $4
"""
_REQUESTED = """
SELECT d.id, d.topic, d.partition, d."offset", d.body, d.attempt, d.recorded_at
FROM dead_letter d JOIN unnest($1::text[], $2::int[]) AS a(topic, partition) USING (topic, partition)
WHERE d.state = 'requested' ORDER BY d.topic, d.partition, d."offset", d.attempt, d.id LIMIT $3 FOR UPDATE OF d
"""
# A shop may have a shorter term than the platform; letters of shops that nobody knows have the platform's.
_OLD = """
FROM dead_letter d LEFT JOIN shop s ON s.number = d.shop
WHERE d.recorded_at
    < $1::timestamptz - least($2::interval, make_interval(days => (s.settings->>'dead_letter_days')::int))
"""
_PURGE = f"""
DELETE FROM dead_letter WHERE id IN (
    SELECT d.id {_OLD} ORDER BY d.recorded_at LIMIT $3 FOR UPDATE OF d SKIP LOCKED
)
"""  # noqa: S608 - constants
_SEARCHED = """
SELECT id, body FROM dead_letter
WHERE shop = ANY($1::smallint[]) AND id > $2 AND ($4::text IS NULL OR topic = $4) ORDER BY id LIMIT $3 FOR UPDATE
"""

_NONE = "there is no such dead letter; its body may have been erased after 30 days"


class Cipher:
    """Encrypts bodies with a key derived from the platform's secret; each body is bound to its dead letter's id.

    What else a service must keep unreadable has a `purpose` of its own, and so another key.
    """

    def __init__(
        self,
        secret: str,
        random_bytes: Callable[[int], bytes] = os.urandom,
        *,
        purpose: bytes = b"mandegar dead letters",
    ) -> None:
        """Raises ValueError when the secret is shorter than 32 characters."""
        raw = secret.strip().encode()
        if len(raw) < SECRET_BYTES_MIN:
            raise ValueError("MANDEGAR_SECRET_KEY must have at least 32 random characters: `openssl rand -base64 32`")
        key = HKDF(hashes.SHA256(), 32, salt=None, info=purpose).derive(raw)
        self._aead = AESGCM(key)
        self._random_bytes = random_bytes

    def seal(self, body: bytes, letter_id: str) -> bytes:
        """Nonce and ciphertext."""
        nonce = self._random_bytes(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, body, letter_id.encode())

    def open(self, sealed: bytes, letter_id: str) -> bytes:
        """The body. ValueError when it was sealed with another secret, or changed."""
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], letter_id.encode())
        except InvalidTag:
            raise ValueError("the body was encrypted with another MANDEGAR_SECRET_KEY") from None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A refusal with all that its dead letter needs."""

    refusal: Refusal
    shop: int
    """0 where the shop is not known."""
    attempt: int = 0
    """How often it was replayed before."""
    again: str = ""
    """Id of the dead letter that was replayed and fails once more."""


class Request(NamedTuple):
    """A dead letter that somebody asked to be handled again."""

    letter_id: str
    topic: str
    partition: int
    offset: int
    body: bytes
    attempt: int
    recorded_ms: int


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


class DeadLetters:
    """Writes the dead letters of one service."""

    def __init__(self, service: str, cipher: Cipher) -> None:
        self._service = service
        self._cipher = cipher

    async def keep(
        self, conn: asyncpg.Connection[Any], letters: Sequence[SetAside], now: datetime
    ) -> list[DeadLettered]:
        """Store them, inside the open transaction; gives the events that tell of them."""
        letters = list({self._id_of(letter): letter for letter in letters}.values())  # two slices may refuse one event
        ids = [self._id_of(letter) for letter in letters]
        refusals = [letter.refusal for letter in letters]
        await conn.execute(
            _KEEP,
            ids,
            [letter.shop for letter in letters],
            [r.topic for r in refusals],
            [r.partition for r in refusals],
            [r.offset for r in refusals],
            [self._service] * len(letters),
            [r.reason for r in refusals],
            [r.detail for r in refusals],
            [self._cipher.seal(r.value, letter_id) for r, letter_id in zip(refusals, ids, strict=True)],
            now,
            [letter.attempt for letter in letters],
        )
        return [self._event(r, letter_id, now) for r, letter_id in zip(refusals, ids, strict=True)]

    async def requested(
        self, conn: asyncpg.Connection[Any], partitions: Sequence[tuple[str, int]], limit: int = 100
    ) -> list[Request]:
        """Dead letters of these partitions that are to be handled again, locked for the open transaction.

        Those of a partition come in the order in which they lay there. A body that cannot be decrypted is put back
        to `held`.
        """
        rows = await conn.fetch(_REQUESTED, [p[0] for p in partitions], [p[1] for p in partitions], limit)
        found = []
        for row in rows:
            try:
                body = self._cipher.open(row["body"], str(row["id"]))
            except ValueError:
                await conn.execute("UPDATE dead_letter SET state = 'held' WHERE id = $1", row["id"])
                continue
            recorded_ms = int(row["recorded_at"].timestamp() * 1000)
            found.append(
                Request(
                    str(row["id"]), row["topic"], row["partition"], row["offset"], body, row["attempt"], recorded_ms
                )
            )
        return found

    async def close(self, conn: asyncpg.Connection[Any], requests: Sequence[Request]) -> None:
        """Mark them as handled again, in the transaction that did so."""
        await conn.execute(
            "UPDATE dead_letter SET state = 'replayed', attempt = attempt + 1 WHERE id = ANY($1::uuid[])",
            [UUID(request.letter_id) for request in requests],
        )

    def _id_of(self, letter: SetAside) -> str:
        r = letter.refusal
        return _letter_id(self._service, (r.topic, r.partition, r.offset), r.shop, letter.attempt, letter.again)

    def _event(self, refusal: Refusal, letter_id: str, now: datetime) -> DeadLettered:
        return DeadLettered(
            id=letter_id,
            source=f"mandegar/{self._service}",
            subject=letter_id,
            time=now,
            shop=refusal.shop,
            data=DeadLetter(
                dead_letter_id=letter_id,
                service=self._service,
                handler=self._service,
                topic=refusal.topic,
                partition=refusal.partition,
                offset=refusal.offset,
                reason=refusal.reason,
                detail=refusal.detail,
            ),
        )


def _letter_id(service: str, place: tuple[str, int, int], slug: str, attempt: int, again: str) -> str:
    """`place`: topic, partition and offset."""
    cause = "/".join(map(str, (service, *place, attempt)))
    if again:
        cause += f"/{again}"  # its own row: what fails again must be held again, not taken for itself
    return derive_event_id(0, slug, cause, "dead-letter.recorded")


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
        found = await find_letter(conn, _letter_id(service, place, shop, letter.attempt, letter.letter_id))
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


async def purge_letters(
    conn: asyncpg.Connection[Any], now: datetime, *, kept_for: timedelta = KEPT_FOR, limit: int = 1_000
) -> int:
    """Delete up to `limit` of those that are older, the oldest first. Gives their number. Several may do so at once."""
    status = await conn.execute(_PURGE, now, kept_for, limit)
    return int(status.rsplit(" ", 1)[-1])


async def any_old_letters(conn: asyncpg.Connection[Any], now: datetime, *, kept_for: timedelta = KEPT_FOR) -> bool:
    """Whether `purge_letters` would find one."""
    return bool(await conn.fetchval(f"SELECT EXISTS (SELECT {_OLD})", now, kept_for))


class Erased(NamedTuple):
    """How far a search through dead letters has come."""

    last: UUID
    """Go on behind this one."""
    removed: int
    unreadable: int
    """Sealed with another secret: nobody can read them, and nobody can tell whom they are of."""
    more: bool


async def erase_letters(
    conn: asyncpg.Connection[Any],
    cipher: Cipher,
    shop: int,
    is_of: Callable[[bytes], bool],
    *,
    after: UUID,
    limit: int = 500,
    topic: str | None = None,
) -> Erased:
    """Delete those whose body `is_of` a person, of the shop and of shops that could not be told: `limit` at a time.

    `topic`: of that one alone, where no other that the service reads holds personal data.

    Inside the open transaction. Position and reason stay on the topic; the body can be replayed no more.
    """
    rows = await conn.fetch(_SEARCHED, [0, shop], after, limit, topic)
    found, unreadable = [], 0
    for row in rows:
        try:
            if is_of(cipher.open(row["body"], str(row["id"]))):
                found.append(row["id"])
        except ValueError:
            unreadable += 1
    if found:
        await conn.execute("DELETE FROM dead_letter WHERE id = ANY($1::uuid[])", found)
    return Erased(rows[-1]["id"] if rows else after, len(found), unreadable, len(rows) == limit)
