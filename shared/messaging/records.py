"""Records as they come from Kafka, and what is made of them before the transaction opens."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, NamedTuple, Protocol

from shared.messaging.handling import Delivery


class Record(Protocol):
    """What is read of a record of Kafka; aiokafka's ConsumerRecord is one."""

    @property
    def offset(self) -> int: ...

    @property
    def timestamp(self) -> int:
        """Milliseconds, the broker's append time."""
        ...

    @property
    def value(self) -> bytes | None: ...


class PlainRecord(NamedTuple):
    """A record that comes from elsewhere than Kafka: a test, a replayed dead letter."""

    offset: int
    timestamp: int
    value: bytes | None


class Refusal(NamedTuple):
    """An event that is set aside, and why. `shop` is "" where it could not be read."""

    topic: str
    partition: int
    offset: int
    value: bytes
    shop: str
    event_id: str
    reason: str
    detail: str


@dataclass(slots=True)
class Chunk:
    """Consecutive records of one partition, decoded. The four lists are parallel; `days` are ordinals in UTC."""

    topic: str
    partition: int
    start: int
    """Position before the fetch, which need not be the first record's offset: compaction leaves holes."""
    stop: int
    """Position after the last record."""
    epoch: int
    deliveries: list[Delivery[Any]] = field(default_factory=list)
    ids: list[bytes] = field(default_factory=list)
    contents: list[int] = field(default_factory=list)
    days: list[int] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    size: int = 0
    """Bytes of all values."""
    fetch_us: float = 0.0
    decode_us: float = 0.0

    def __len__(self) -> int:
        return len(self.deliveries) + len(self.refusals)

    def from_offset(self, offset: int) -> Chunk | None:
        """What is left from a position on; None when nothing is."""
        if offset <= self.start:
            return self
        return self._cut(offset)[1] if offset < self.stop else None

    def split(self, count: int) -> tuple[Chunk, Chunk | None]:
        """The first `count` events, refused ones among them, and the rest."""
        if count >= len(self):
            return self, None
        if not self.refusals:
            return self._cut(self.deliveries[count].offset)
        offsets = sorted([*map(_offset_of, self.deliveries), *map(_offset_of, self.refusals)])
        return self._cut(offsets[count])

    def _cut(self, offset: int) -> tuple[Chunk, Chunk]:
        at = bisect_left(self.deliveries, offset, key=_offset_of)
        refused = bisect_left(self.refusals, offset, key=_offset_of)
        values = chain((d.value for d in self.deliveries[at:]), (r.value for r in self.refusals[refused:]))
        size = sum(map(len, values))
        head = replace(
            self,
            stop=offset,
            deliveries=self.deliveries[:at],
            ids=self.ids[:at],
            contents=self.contents[:at],
            days=self.days[:at],
            refusals=self.refusals[:refused],
            size=max(0, self.size - size),
        )
        tail = replace(
            self,
            start=offset,
            deliveries=self.deliveries[at:],
            ids=self.ids[at:],
            contents=self.contents[at:],
            days=self.days[at:],
            refusals=self.refusals[refused:],
            size=size,
            fetch_us=0.0,
            decode_us=0.0,
        )
        return head, tail


def _offset_of(item: Delivery[Any] | Refusal) -> int:
    return item.offset


def joined(chunks: Iterable[Chunk]) -> list[Chunk]:
    """Chunks that follow each other in one partition become one, so that a partition is fenced once."""
    by_partition: dict[tuple[str, int], Chunk] = {}
    for chunk in chunks:
        known = by_partition.get((chunk.topic, chunk.partition))
        if known is None:
            by_partition[chunk.topic, chunk.partition] = chunk
        else:
            if known.stop != chunk.start or known.epoch != chunk.epoch:
                raise ValueError("chunks of one partition must follow each other")
            by_partition[chunk.topic, chunk.partition] = replace(
                known,
                stop=chunk.stop,
                deliveries=known.deliveries + chunk.deliveries,
                ids=known.ids + chunk.ids,
                contents=known.contents + chunk.contents,
                days=known.days + chunk.days,
                refusals=known.refusals + chunk.refusals,
                size=known.size + chunk.size,
                fetch_us=known.fetch_us + chunk.fetch_us,
                decode_us=known.decode_us + chunk.decode_us,
            )
    return [by_partition[key] for key in sorted(by_partition)]


def halves(chunks: Sequence[Chunk], count: int) -> tuple[list[Chunk], list[Chunk]]:
    """The first `count` events over all chunks, and the rest, in order."""
    head: list[Chunk] = []
    rest: list[Chunk] = []
    left = count
    for chunk in chunks:
        if left <= 0 and len(chunk):
            rest.append(chunk)
            continue
        first, second = chunk.split(left)
        head.append(first)
        if second is not None:
            rest.append(second)
        left -= len(first)
    return head, rest
