"""Lag tells how many events wait and how old the first is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from prometheus_client import REGISTRY

from shared.kernel import SystemClock
from shared.messaging.cluster import LagReader, LagUnknown, LagWatch, export, positions_of
from shared.messaging.fence import Position, TopicPartition
from tests.messaging.outbox_ground import Ground, create_topic, ground

pytestmark = pytest.mark.stack


@pytest.fixture
async def place(stack: Any) -> AsyncIterator[Ground]:
    async with ground(stack, topic=False) as made:
        yield made


async def test_lag_counts_events_from_the_database_position_and_the_age_of_the_first(place: Ground) -> None:
    topic = "lag-test.v1"
    await create_topic(place.bootstrap_servers, topic, 3, message_timestamp_type="LogAppendTime")
    producer = AIOKafkaProducer(bootstrap_servers=place.bootstrap_servers)
    await producer.start()
    for n in range(10):
        await producer.send_and_wait(topic, b"%d" % n, partition=0)
    await producer.send_and_wait(topic, b"x", partition=1)
    await producer.stop()
    await place.pool.executemany(
        "INSERT INTO consumer_offset (grp, topic, partition, next, cluster_id) VALUES ('svc', $1, $2, $3, 'c')",
        [(topic, 0, 4), (topic, 1, 1)],
    )
    async with place.pool.acquire() as conn:
        positions = await positions_of(conn, "svc")
    assert positions == {TopicPartition(topic, 0): 4, TopicPartition(topic, 1): 1}
    await asyncio.sleep(1.0)
    async with LagReader({"bootstrap_servers": place.bootstrap_servers}) as reader:
        for _ in range(2):
            lags = await reader.read(positions, [topic], SystemClock().now())
            assert [(lag.partition, lag.position, lag.end, lag.events) for lag in lags] == [
                (0, 4, 10, 6),
                (1, 1, 1, 0),
                (2, 0, 0, 0),
            ]
            assert lags[0].seconds is not None
            assert 1.0 <= lags[0].seconds < 30
            assert [lag.seconds for lag in lags[1:]] == [0.0, 0.0]
        later = await reader.read(positions, [topic], SystemClock().now() + timedelta(hours=1))
        assert later[0].seconds is not None
        assert later[0].seconds > 3600
    export("lagging", lags)
    labels = {"service": "lagging", "topic": topic, "partition": "0"}
    assert REGISTRY.get_sample_value("mandegar_lag_events", labels) == 6


async def test_a_partition_that_was_never_read_counts_from_its_beginning(place: Ground) -> None:
    topic = "lag-new.v1"
    await create_topic(place.bootstrap_servers, topic, 1)
    producer = AIOKafkaProducer(bootstrap_servers=place.bootstrap_servers)
    await producer.start()
    await producer.send_and_wait(topic, b"x")
    await producer.stop()
    async with LagReader({"bootstrap_servers": place.bootstrap_servers}) as reader:
        (lag,) = await reader.read({}, [topic], SystemClock().now())
    assert lag.events == 1


async def test_a_missing_topic_and_an_absent_broker_are_said_plainly(place: Ground) -> None:
    async with LagReader({"bootstrap_servers": place.bootstrap_servers}) as reader:
        with pytest.raises(LagUnknown, match="mandegar topics"):
            await reader.read({}, ["never-made.v1"], SystemClock().now())
    with pytest.raises(LagUnknown):
        async with LagReader({"bootstrap_servers": "127.0.0.1:9"}):
            pass


def _told(name: str, place: TopicPartition) -> float | None:
    return REGISTRY.get_sample_value(
        name, {"service": "watched", "topic": place.topic, "partition": str(place.partition)}
    )


def test_a_worker_tells_its_own_lag_in_seconds() -> None:
    watch, one = LagWatch("watched"), TopicPartition("t", 1)
    assert watch.measured({one: 10}, {one: Position(4, 1)}, {}, 1_000_000.0)
    assert _told("mandegar_lag_events", one) == 6
    watch.measured({one: 10}, {one: Position(5, 1)}, {one: 970_000}, 1_000_000.0)
    assert _told("mandegar_lag_seconds", one) == 30
    assert not watch.measured({one: 10}, {one: Position(10, 1)}, {one: 990_000}, 1_005_000.0)
    assert _told("mandegar_lag_seconds", one) == 0
    watch.measured({one: 11}, {one: Position(10, 1)}, {one: 990_000}, 1_009_000.0)
    assert _told("mandegar_lag_seconds", one) == 4


def test_the_lag_of_a_partition_that_went_to_another_process_is_told_no_more() -> None:
    watch, one, two = LagWatch("watched"), TopicPartition("t", 3), TopicPartition("t", 4)
    watch.measured({one: 9, two: 9}, {one: Position(0, 1), two: Position(0, 1)}, {}, 0.0)
    watch.measured({}, {two: Position(0, 1)}, {}, 0.0)
    assert _told("mandegar_lag_events", one) is None
    assert _told("mandegar_lag_events", two) == 9
