"""The fence: positions live in PostgreSQL, and each batch moves them first, under the epoch of its owner.

Whoever claims a partition raises its epoch. A batch of an earlier owner then finds no row to move, and rolls back:
a stopped process that wakes up, a rebalance, a lost reply of COMMIT all end here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg

from shared.messaging.records import Chunk


class TopicPartition(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class Position(NamedTuple):
    """Where an owner goes on, and under which epoch."""

    next: int
    epoch: int


class Fenced(Exception):
    """These partitions were moved by somebody else, or by this process without its knowing: read positions again."""

    def __init__(self, lost: Sequence[TopicPartition]) -> None:
        super().__init__(f"{len(lost)} partition(s) are no longer at the expected position and epoch")
        self.lost = tuple(lost)


class ForeignCluster(Exception):
    """The positions kept in the database belong to another Kafka; the message says what to do."""


_CLAIM = """
INSERT INTO consumer_offset AS o (grp, topic, partition, next, epoch, cluster_id, topic_id)
SELECT $1, t.topic, t.partition, t.next, 1, $2, t.topic_id
FROM unnest($3::text[], $4::int[], $5::bigint[], $6::text[]) AS t(topic, partition, next, topic_id)
ORDER BY t.topic, t.partition
ON CONFLICT (grp, topic, partition) DO UPDATE SET
    epoch = o.epoch + 1,
    topic_id = CASE WHEN o.topic_id = '' THEN excluded.topic_id ELSE o.topic_id END
RETURNING topic, partition, next, epoch, cluster_id, topic_id
"""
_ADVANCE = """
WITH asked AS (
    SELECT * FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[])
        AS a(topic, partition, start, stop, epoch)
), locked AS (
    SELECT o.topic, o.partition
    FROM consumer_offset o JOIN asked a ON a.topic = o.topic AND a.partition = o.partition
    WHERE o.grp = $1 AND o.next = a.start AND o.epoch = a.epoch
    ORDER BY o.topic, o.partition
    FOR UPDATE OF o
)
UPDATE consumer_offset o SET next = a.stop
FROM asked a JOIN locked l ON l.topic = a.topic AND l.partition = a.partition
WHERE o.grp = $1 AND o.topic = a.topic AND o.partition = a.partition
RETURNING o.topic, o.partition, (SELECT coalesce(sum(version), 0)::bigint FROM shop)
"""
_READ = """
SELECT o.topic, o.partition, o.next, o.epoch
FROM consumer_offset o JOIN unnest($2::text[], $3::int[]) AS a(topic, partition) USING (topic, partition)
WHERE o.grp = $1
"""


async def claim(
    conn: asyncpg.Connection[Any],
    group: str,
    cluster_id: str,
    beginnings: Mapping[TopicPartition, int],
    topic_ids: Mapping[str, str],
) -> dict[TopicPartition, Position]:
    """Become the owner of partitions. One seen for the first time starts at its beginning.

    `topic_ids` may lack topics whose id the broker does not tell. Raises ForeignCluster and claims nothing when the
    kept positions are of another cluster, or of a topic that was deleted and made anew.
    """
    wanted = sorted(beginnings)
    async with conn.transaction():
        rows = await conn.fetch(
            _CLAIM,
            group,
            cluster_id,
            [tp.topic for tp in wanted],
            [tp.partition for tp in wanted],
            [beginnings[tp] for tp in wanted],
            [topic_ids.get(tp.topic, "") for tp in wanted],
        )
        for topic, _, _, _, known_cluster, known_topic in rows:
            if known_cluster != cluster_id:
                raise ForeignCluster(_ADVICE.format(what="Kafka cluster", known=known_cluster, found=cluster_id))
            found = topic_ids.get(topic, "")
            if found and known_topic and known_topic != found:
                raise ForeignCluster(_ADVICE.format(what=f"topic {topic}", known=known_topic, found=found))
    return {TopicPartition(row[0], row[1]): Position(row[2], row[3]) for row in rows}


_ADVICE = (
    "the positions in the database belong to another {what} (id {known}, but the broker says {found}). Either Kafka"
    " was wiped and the database kept, or a setting points to the wrong one. Connect the Kafka that belongs to this"
    " database; or, if its topics are really gone, restore the database to an empty schema and rebuild. Nothing was"
    " changed"
)


async def advance(conn: asyncpg.Connection[Any], group: str, chunks: Sequence[Chunk]) -> int:
    """Move the positions of all chunks, sorted, as the first statement of the open transaction.

    Gives the version of the shops' settings. Raises Fenced when one is not where it should be: roll back.
    """
    rows = await conn.fetch(
        _ADVANCE,
        group,
        [chunk.topic for chunk in chunks],
        [chunk.partition for chunk in chunks],
        [chunk.start for chunk in chunks],
        [chunk.stop for chunk in chunks],
        [chunk.epoch for chunk in chunks],
    )
    if len(rows) < len(chunks):
        moved = {(row[0], row[1]) for row in rows}
        raise Fenced([TopicPartition(c.topic, c.partition) for c in chunks if (c.topic, c.partition) not in moved])
    return int(rows[0][2]) if rows else 0


async def read_positions(
    conn: asyncpg.Connection[Any], group: str, partitions: Iterable[TopicPartition]
) -> dict[TopicPartition, Position]:
    """What the database says, after a doubt."""
    wanted = list(partitions)
    rows = await conn.fetch(_READ, group, [tp.topic for tp in wanted], [tp.partition for tp in wanted])
    return {TopicPartition(row[0], row[1]): Position(row[2], row[3]) for row in rows}
