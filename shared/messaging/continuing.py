"""Chunks against where their owner stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.messaging.fence import Position, TopicPartition
from shared.messaging.records import Chunk


def continuing(
    chunks: Sequence[Chunk], owned: Mapping[TopicPartition, Position]
) -> tuple[list[Chunk], set[TopicPartition]]:
    """Those that go on from there, under the owner's epoch; and partitions where something is missing in between."""
    expected = {place: position.next for place, position in owned.items()}
    ours: list[Chunk] = []
    broken: set[TopicPartition] = set()
    for chunk in chunks:
        place = TopicPartition(chunk.topic, chunk.partition)
        position = owned.get(place)
        if position is None or position.epoch != chunk.epoch or place in broken:
            continue
        if chunk.start > expected[place]:
            broken.add(place)  # must not be; claiming again fetches what is missing
            continue
        rest = chunk.from_offset(expected[place])
        if rest is not None:
            expected[place] = rest.stop
            ours.append(rest)
    return [chunk for chunk in ours if TopicPartition(chunk.topic, chunk.partition) not in broken], broken


def fences(owned: Mapping[TopicPartition, Position]) -> list[Chunk]:
    """Empty chunks that fence all of the owner's partitions."""
    return [
        Chunk(place.topic, place.partition, position.next, position.next, position.epoch)
        for place, position in sorted(owned.items())
    ]
