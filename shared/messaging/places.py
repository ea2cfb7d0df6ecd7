"""The partitions that a worker reads: claimed in the database, sought in Kafka, read on from there without a gap."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from time import monotonic, perf_counter_ns
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.errors import KafkaError

from shared.messaging.cluster import identify
from shared.messaging.decoding import TopicDecoder
from shared.messaging.fence import Position, TopicPartition
from shared.messaging.records import Chunk

Claim = Callable[[str, Mapping[TopicPartition, int], Mapping[str, str]], Awaitable[dict[TopicPartition, Position]]]
_RECLAIM_SECONDS = 10.0


class PositionLost(Exception):
    """The database's position is not in the topic; the message says what to do."""


class Places:
    """Where one consumer reads, and how far. All calls in the loop of that consumer."""

    def __init__(self, decoders: Mapping[str, TopicDecoder], claim: Claim, put: Callable[[Chunk], None]) -> None:
        """`claim` reaches the database half; `put` hands a chunk over to it."""
        self._decoders = decoders
        self._claim = claim
        self._put = put
        self._lost_at: dict[TopicPartition, float] = {}
        self.positions: dict[TopicPartition, Position] = {}
        self.claiming = False
        """The database is being asked, which may take as long as it is away."""
        self.fetch_us = 0.0
        """What the last fetch took, for each partition that it found something of."""

    def lose(self, places: Iterable[TopicPartition]) -> None:
        """The database half found that another owner has these; if the group still gives them to us, claim again."""
        for place in places:
            if place.topic in self._decoders:
                self.positions.pop(place, None)
                self._lost_at[place] = monotonic()

    def forget(self, places: Iterable[TopicPartition]) -> None:
        """They went away."""
        for place in places:
            self.positions.pop(place, None)
            self._lost_at.pop(place, None)

    async def take_over(
        self,
        consumer: AIOKafkaConsumer,
        places: Iterable[TopicPartition],
        still: Callable[[TopicPartition], bool] = lambda _: True,
    ) -> None:
        """Claim partitions and seek to where the database says. Those that are not ours any `still` by then are left.

        Raises PositionLost.
        """
        wanted = [KafkaPartition(*place) for place in places]
        if not wanted:
            return
        beginnings = await consumer.beginning_offsets(wanted)
        cluster_id, topic_ids = await identify(consumer._client, {place.topic for place in wanted})
        self.claiming = True
        try:
            claimed = await self._claim(
                cluster_id, {TopicPartition(*place): offset for place, offset in beginnings.items()}, topic_ids
            )
        finally:
            self.claiming = False
        # Asked after the claim, which may have waited for long: the last owner went on meanwhile, past older ends.
        ends = await consumer.end_offsets(wanted)
        for place, position in claimed.items():
            known = KafkaPartition(*place)
            if not still(place):
                continue
            if not beginnings[known] <= position.next <= ends[known]:
                raise PositionLost(_position_advice(place, position.next, beginnings[known], ends[known]))
            consumer.seek(known, position.next)
            self.positions[place] = position
            self._lost_at.pop(place, None)

    async def claim_again(self, consumer: AIOKafkaConsumer, assigned: Collection[TopicPartition]) -> None:
        """Take over again what was lost a while ago and is still assigned to us."""
        if not self._lost_at:
            return
        due = {place for place, at in self._lost_at.items() if monotonic() - at > _RECLAIM_SECONDS}
        for place in due.difference(assigned):
            del self._lost_at[place]
        await self.take_over(consumer, due.intersection(assigned))

    def put(self, found: Mapping[KafkaPartition, list[Any]], began_ns: int) -> None:
        """Decode and hand over what a fetch found that began at `began_ns`. In the step in which it came."""
        self.fetch_us = (perf_counter_ns() - began_ns) / 1000 / max(1, len(found))
        for place, records in found.items():
            self._put_records(TopicPartition(place.topic, place.partition), records)

    def _put_records(self, place: TopicPartition, records: list[Any]) -> None:
        position = self.positions.get(place)
        if position is None:
            return  # not ours (yet); the seek that follows brings them back
        if records and records[0].offset < position.next:
            records = [record for record in records if record.offset >= position.next]
        if not records:
            return
        began = perf_counter_ns()
        chunk = self._decoders[place.topic].chunk(place.partition, records, start=position.next, epoch=position.epoch)
        chunk.fetch_us, chunk.decode_us = self.fetch_us, (perf_counter_ns() - began) / 1000
        self.positions[place] = Position(chunk.stop, position.epoch)
        self._put(chunk)

    async def ends(self, consumer: AIOKafkaConsumer | None, seconds: float) -> dict[TopicPartition, int]:
        """Where the events of our partitions end; empty when Kafka does not answer."""
        places = [KafkaPartition(*place) for place in self.positions]
        if consumer is None or not places:
            return {}
        ends = dict[TopicPartition, int]()
        try:
            async with asyncio.timeout(seconds):
                for place, end in (await consumer.end_offsets(places)).items():
                    mine = TopicPartition(*place)
                    passed = self._pass_hole(mine, await consumer.position(place), end)
                    ends[mine] = end if passed is None else passed
        except (KafkaError, OSError, TimeoutError):
            return {}
        return ends

    def _pass_hole(self, place: TopicPartition, reached: int, end: int) -> int | None:
        """Move on over offsets of which nothing came: markers of transactions, aborted records, compacted ones.

        `reached` is where the consumer stands in this very moment: what came before it was handed over. Gives, where
        nothing is left to come, what was handed over before: that the last hole is not passed yet is no lag.
        """
        position = self.positions.get(place)
        if position is None:
            return None
        if position.next < reached:
            self.positions[place] = Position(reached, position.epoch)
            self._put(Chunk(place.topic, place.partition, position.next, reached, position.epoch))
        return position.next if reached >= end else None


def _position_advice(place: TopicPartition, position: int, beginning: int, end: int) -> str:
    where = f"partition {place.partition} of {place.topic}"
    if position > end:
        return (
            f"the database stands at {position} of {where}, but that ends at {end}: Kafka lost records or was wiped"
            " while the database was kept. Connect the Kafka that belongs to this database, or rebuild from an empty"
            " schema"
        )
    return (
        f"the database stands at {position} of {where}, but that begins at {beginning}: records were removed before"
        " they were read. Restore them, or accept the loss by setting `next` of consumer_offset to the beginning"
    )
