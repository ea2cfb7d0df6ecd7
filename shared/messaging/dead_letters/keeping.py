"""Dead letters as a service writes them, and takes them up again, in the transaction of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from shared.contracts.dead_letters import DeadLetter, DeadLettered
from shared.kernel import derive_event_id
from shared.messaging.dead_letters.cipher import Cipher
from shared.messaging.records import Refusal

_KEEP = """
INSERT INTO dead_letter (id, shop, topic, partition, "offset", handler, reason, detail, body, recorded_at, attempt)
SELECT t.id::uuid, t.shop, t.topic, t.partition, t."offset", t.handler, t.reason, t.detail, t.body, $10, t.attempt
FROM unnest($1::text[], $2::smallint[], $3::text[], $4::int[], $5::bigint[], $6::text[], $7::text[], $8::text[],
            $9::bytea[], $11::int[])
    AS t(id, shop, topic, partition, "offset", handler, reason, detail, body, attempt)
ON CONFLICT (id) DO NOTHING
"""
_REQUESTED = """
SELECT d.id, d.topic, d.partition, d."offset", d.body, d.attempt, d.recorded_at
FROM dead_letter d JOIN unnest($1::text[], $2::int[]) AS a(topic, partition) USING (topic, partition)
WHERE d.state = 'requested' ORDER BY d.topic, d.partition, d."offset", d.attempt, d.id LIMIT $3 FOR UPDATE OF d
"""


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
        return letter_id_of(self._service, (r.topic, r.partition, r.offset), r.shop, letter.attempt, letter.again)

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


def letter_id_of(service: str, place: tuple[str, int, int], slug: str, attempt: int, again: str) -> str:
    """The id of a dead letter. `place`: topic, partition and offset."""
    cause = "/".join(map(str, (service, *place, attempt)))
    if again:
        cause += f"/{again}"  # its own row: what fails again must be held again, not taken for itself
    return derive_event_id(0, slug, cause, "dead-letter.recorded")
