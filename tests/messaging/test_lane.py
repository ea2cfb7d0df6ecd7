"""The lane of history: behind live traffic, never starved by it, and in the same worker as the live partition."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from random import Random
from time import monotonic
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from mandegar.stack import Stack
from shared.contracts.envelope import encode
from shared.kernel import SystemClock
from shared.messaging.batch import BatchHandler, Outcome
from shared.messaging.batching import LaneShare, Watchdog
from shared.messaging.dead_letters import Cipher, DeadLetters
from shared.messaging.decoding import TopicDecoder
from shared.messaging.fence import Position, TopicPartition
from shared.messaging.handling import Delivery, NotYet, Service, Subscription, Work
from shared.messaging.handover import Handover, Signal
from shared.messaging.processor import Processor
from shared.messaging.records import Chunk, PlainRecord
from shared.messaging.tracks import Limits
from shared.messaging.worker import Worker
from shared.testing import Databases
from shared.testing.harness import TEST_SECRET
from tests.messaging.probe import ADDED, Added, add_up, added, totals
from tests.messaging.test_processor import connect
from tests.messaging.worker_ground import Place, at_work, make_topic, worker_place

HISTORY = "probe.history.v1"


def service(topic: str = ADDED, lane: str = HISTORY, handle: Any = add_up) -> Service:
    return Service("probe", [Subscription(topic, Added, handle), Subscription(lane, Added, handle, lane=True)])


def test_what_comes_by_the_lane_is_history_whatever_it_says() -> None:
    decoder = TopicDecoder(Subscription(HISTORY, Added, add_up, lane=True))
    chunk = decoder.chunk(0, [PlainRecord(0, 0, encode(added(1))), PlainRecord(1, 0, b"{")], start=0)
    assert [delivery.event.origin for delivery in chunk.deliveries] == ["backfill"]
    assert chunk.deliveries[0].value == encode(added(1)), "its content is the same, so the same event is a repeat"
    live = TopicDecoder(Subscription(ADDED, Added, add_up)).chunk(0, [PlainRecord(0, 0, encode(added(1)))], start=0)
    assert (live.deliveries[0].event.origin, live.contents) == ("live", chunk.contents)


def test_the_lane_gets_its_share_of_the_time_and_no_more() -> None:
    share, lane, live = LaneShare(0.1, 0.05), 0.0, 0.0
    for _ in range(10_000):
        if share.is_due():
            share.lane(0.05)
            lane += 0.05
        else:
            share.live(0.02)
            live += 0.02
    assert lane / (lane + live) == pytest.approx(0.1, rel=0.05)


def test_a_lane_that_waited_for_long_does_not_take_it_all_at_once() -> None:
    share = LaneShare(0.1, 0.05)
    share.live(3600)
    turns = 0
    while share.is_due():
        share.lane(0.05)
        turns += 1
    assert turns == 2


class Slow(BatchHandler):
    """Takes its time over each batch, and notes which topic it was of."""

    def __init__(self, errors: dict[str, list[Exception]] | None = None, seconds: float = 0.005) -> None:
        super().__init__(service(), SystemClock(), DeadLetters("probe", Cipher(TEST_SECRET)))
        self.topics: list[str] = []
        self._errors = errors or {}
        self._seconds = seconds

    async def handle(self, conn: Any, chunks: Sequence[Chunk], **_: Any) -> Outcome:
        (topic,) = {chunk.topic for chunk in chunks}
        self.topics.append(topic)
        await asyncio.sleep(self._seconds)
        if self._errors.get(topic):
            raise self._errors[topic].pop(0)
        return Outcome()


def chunks_of(topic: str, count: int, size: int = 1) -> list[Chunk]:
    decoder = TopicDecoder(Subscription(topic, Added, add_up, lane=topic == HISTORY))
    return [
        decoder.chunk(
            0, [PlainRecord(at * size + n, 0, encode(added(at))) for n in range(size)], start=at * size, epoch=1
        )
        for at in range(count)
    ]


def processor(handler: BatchHandler, handover: Handover, **limits: Any) -> Processor:
    made = Processor(
        handler, connect, handover, Watchdog(30, monotonic()), Limits(events_start=1, **limits), rng=Random(1)
    )
    made.owned = {TopicPartition(ADDED, 0): Position(0, 1), TopicPartition(HISTORY, 0): Position(0, 1)}
    made._chores._replay_at = monotonic() + 600
    return made


def a_handover() -> Handover:
    loop = asyncio.get_running_loop()
    return Handover(Signal(loop), Signal(loop), events_max=1000, bytes_max=1 << 20)


async def test_live_events_go_first_and_history_when_none_waits() -> None:
    handover, handler = a_handover(), Slow()
    for chunk in chunks_of(HISTORY, 3):
        handover.put(chunk, lane=True)
    for chunk in chunks_of(ADDED, 3):
        handover.put(chunk)
    made = processor(handler, handover, events_max=1)
    for _ in range(6):
        await made._round()
    assert handler.topics == [ADDED, ADDED, ADDED, HISTORY, HISTORY, HISTORY]


async def test_history_is_not_starved_by_live_events_that_never_end() -> None:
    handover, handler = a_handover(), Slow()
    for chunk in chunks_of(HISTORY, 40):
        handover.put(chunk, lane=True)
    for chunk in chunks_of(ADDED, 400):
        handover.put(chunk)
    made = processor(handler, handover, lane_target_seconds=0.005, lane_share=0.2, events_max=1)
    for _ in range(100):
        await made._round()
    assert 10 <= Counter(handler.topics)[HISTORY] <= 35


async def test_history_that_waits_for_something_does_not_hold_up_live_events() -> None:
    handover, handler = a_handover(), Slow({HISTORY: [NotYet() for _ in range(50)]})
    handover.put(chunks_of(HISTORY, 1)[0], lane=True)
    made = processor(handler, handover)
    await made._round()
    began = monotonic()
    for chunk in chunks_of(ADDED, 20):
        handover.put(chunk)
        await made._round()
    while Counter(handler.topics)[ADDED] < 20:
        await made._round()
    assert monotonic() - began < 2
    assert Counter(handler.topics)[HISTORY] < 10, "it is tried again, after pauses"
    assert made._tracks.lane.pending, "and not lost"


async def test_a_full_lane_leaves_room_for_live_events_and_is_bounded_itself() -> None:
    loop = asyncio.get_running_loop()
    handover = Handover(Signal(loop), Signal(loop), events_max=10, bytes_max=1 << 20, lane_events_max=4)
    for chunk in chunks_of(HISTORY, 2, size=2):
        handover.put(chunk, lane=True)
    assert (handover.room_for_lane(), handover.room()) == (0, 10)
    assert sum(map(len, handover.take_lane(3, 1 << 20))) == 3
    assert handover.room_for_lane() == 3
    handover.drop({TopicPartition(HISTORY, 0)})
    assert (handover.room_for_lane(), handover.take_lane(9, 1 << 20)) == (4, [])


@pytest.fixture
async def place(stack: Stack, databases: Databases) -> AsyncIterator[Place]:
    async with worker_place(stack, databases) as made:
        await make_topic(stack, f"{made.topic}.history")
        yield made


async def _send(place: Place, topic: str, numbers: range) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=place.stack.bootstrap_servers, linger_ms=5)
    await producer.start()
    try:
        await asyncio.gather(
            *[await producer.send(topic, encode(added(n)), partition=n % 4) for n in numbers],
        )
    finally:
        await producer.stop()


def _worker(place: Place, seen: dict[str, dict[int, set[int]]], number: int) -> Worker:
    async def handle(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        for delivery in deliveries:
            seen[delivery.topic][delivery.partition].add(number)
        await add_up(work, deliveries)

    made = service(place.topic, f"{place.topic}.history", handle)
    return Worker(made, place.settings(), committed=place.outcomes.append, relay=False, rng=Random(1))


@pytest.mark.stack
async def test_a_partition_of_the_lane_is_handled_where_the_live_one_is_also_when_workers_come_and_go(
    place: Place,
) -> None:
    seen: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    history = f"{place.topic}.history"
    await _send(place, history, range(200))
    async with at_work(_worker(place, seen, 1)):
        await place.until(200)
        await _send(place, place.topic, range(200, 300))
        await place.until(300)
        seen.clear()
        async with at_work(_worker(place, seen, 2)):
            async with asyncio.timeout(40):
                number = 300
                while {w for found in seen.values() for those in found.values() for w in those} != {1, 2}:
                    await _send(place, place.topic, range(number, number + 8))
                    number += 8
                    await place.until(number)
            seen.clear()
            await _send(place, place.topic, range(number, number + 40))
            await _send(place, history, range(number + 40, number + 240))
            await place.until(number + 240)
            assert dict(seen[place.topic]) == dict(seen[history])
            assert all(len(workers) == 1 for workers in seen[history].values())
            assert {w for workers in seen[history].values() for w in workers} == {1, 2}
            number += 240
        await _send(place, history, range(number, number + 40))
        await place.until(number + 40)
    assert sum(count for _, count in (await totals(place.pool)).values()) == number + 40
