"""Where live stands: how far a rebuild is to read, and which repaired dead letters it has to take."""

from __future__ import annotations

from typing import Any

import asyncpg

from shared.messaging.fence import TopicPartition

# Repaired letters took effect in live, and no topic holds the repaired form.
_TAKE_LETTERS = """
INSERT INTO "{anew}".dead_letter AS n
    (id, shop, topic, partition, "offset", handler, reason, detail, body, recorded_at, state, attempt)
SELECT id, shop, topic, partition, "offset", handler, reason, detail, body, recorded_at, 'requested', attempt - 1
FROM "{live}".dead_letter WHERE state = 'replayed'
ON CONFLICT (id) DO UPDATE SET body = excluded.body, state = 'requested', attempt = excluded.attempt
WHERE n.body <> excluded.body OR n.state = 'held'
"""


async def live_positions(conn: asyncpg.Connection[Any], schema: str, group: str) -> dict[TopicPartition, int]:
    """Positions of a service in one of its schemas."""
    rows = await conn.fetch(
        f'SELECT topic, partition, next FROM "{schema}".consumer_offset WHERE grp = $1',  # noqa: S608 - our own name
        group,
    )
    return {TopicPartition(row[0], row[1]): row[2] for row in rows}


async def letters_to_repeat(conn: asyncpg.Connection[Any], live: str, anew: str) -> int:
    """Ask the rebuild to handle what live handled again after a repair. Gives how many. Safe to repeat."""
    status = await conn.execute(_TAKE_LETTERS.replace("{live}", live).replace("{anew}", anew))
    return int(status.rsplit(" ", 1)[-1])
