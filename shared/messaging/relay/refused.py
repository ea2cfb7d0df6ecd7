"""Outbox rows that can never be sent become dead letters, so that they do not block their shard for ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from shared.contracts import topics
from shared.contracts.envelope import message_key
from shared.db.transaction import OpenTransaction
from shared.kernel import Clock
from shared.messaging.dead_letters import DeadLetters, SetAside
from shared.messaging.records import Refusal
from shared.messaging.relay.store import OutboxRow

NEVER_SENT = -1
"""Partition of a dead letter that has not reached its topic; its offset is the row's number in the outbox."""

_TOO_LARGE = "the event is larger than its topic takes; raise max.message.bytes of the topic, or make the event smaller"


class RefusedRows:
    """Keeps rows as dead letters of the service that wrote them. Called inside the relay's transaction."""

    def __init__(self, dead_letters: DeadLetters, clock: Clock) -> None:
        self._dead_letters = dead_letters
        self._clock = clock

    async def __call__(self, conn: asyncpg.Connection[Any], rows: Sequence[OutboxRow]) -> None:
        now = self._clock.now()
        tx = OpenTransaction(conn, now)
        for event in await self._dead_letters.keep(conn, [SetAside(_refusal(row), shop=0) for row in rows], now):
            tx.publish_unordered(topics.DEAD_LETTERS, message_key(event.shop, ""), event)
        await tx.finish()


def _refusal(row: OutboxRow) -> Refusal:
    return Refusal(
        topic=row.topic,
        partition=NEVER_SENT,
        offset=row.id,
        value=row.value,
        shop=row.key.partition(b":")[0].decode(errors="replace"),
        event_id="",
        reason="too_large",
        detail=_TOO_LARGE,
    )
