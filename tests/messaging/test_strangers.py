"""Events of shops that are not known: when they wait, and when they may be refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random
from time import monotonic
from typing import Any

import pytest

from shared.contracts import topics
from shared.contracts.shops import Shop, ShopConfigured
from shared.kernel import SystemClock
from shared.messaging.batch import BatchHandler
from shared.messaging.batching import Watchdog
from shared.messaging.connecting import opener
from shared.messaging.dead_letters import Cipher, DeadLetters
from shared.messaging.fence import TopicPartition, claim
from shared.messaging.handling import Delivery
from shared.messaging.handover import Handover, Signal
from shared.messaging.processor import Processor
from shared.messaging.records import PlainRecord
from shared.messaging.reference import PATIENCE_SECONDS, ShopUnknown, UnknownShops
from shared.messaging.tracks import Limits
from shared.testing import Databases
from shared.testing.harness import TEST_SECRET, Harness, as_bytes, running
from tests.messaging.probe import ADDED, Added, added, prepare, probe, totals

FIRST, SECOND = TopicPartition(topics.SHOPS, 0), TopicPartition(topics.SHOPS, 1)


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def strangers(*offsets: int, shop: str = "late") -> list[Delivery[Added]]:
    return [Delivery(added(offset, shop=shop), ADDED, 0, offset, 0, b"") for offset in offsets]


def test_a_shop_is_judged_only_by_ends_that_were_asked_after_its_time() -> None:
    clock = Clock()
    shops = UnknownShops(clock)
    with pytest.raises(ShopUnknown):
        shops.ends_to_pass(strangers(1))
    shops.observed(clock.seconds, {FIRST: 5})
    clock.seconds += PATIENCE_SECONDS
    with pytest.raises(ShopUnknown):
        shops.ends_to_pass(strangers(1))
    shops.observed(clock.seconds, {FIRST: 7})
    assert shops.ends_to_pass(strangers(1)) == {FIRST: 7}


def test_a_later_event_of_a_misspelt_shop_waits_for_newer_ends_and_no_longer() -> None:
    clock = Clock()
    shops = UnknownShops(clock)
    with pytest.raises(ShopUnknown):
        shops.ends_to_pass(strangers(1))
    clock.seconds += PATIENCE_SECONDS
    shops.observed(clock.seconds, {FIRST: 5})
    clock.seconds += 1
    assert shops.ends_to_pass(strangers(1)) == {FIRST: 5}
    with pytest.raises(ShopUnknown):
        shops.ends_to_pass(strangers(2))
    shops.observed(clock.seconds, {FIRST: 6})
    assert shops.ends_to_pass(strangers(1, 2)) == {FIRST: 6}


def test_each_shop_has_its_own_time() -> None:
    clock = Clock()
    shops = UnknownShops(clock)
    with pytest.raises(ShopUnknown):
        shops.ends_to_pass(strangers(1))
    clock.seconds += PATIENCE_SECONDS
    shops.observed(clock.seconds, {FIRST: 5})
    assert shops.ends_to_pass(strangers(1)) == {FIRST: 5}
    with pytest.raises(ShopUnknown):
        shops.ends_to_pass([*strangers(1), *strangers(0, shop="later")])


def test_nothing_is_judged_while_kafka_is_away_however_long() -> None:
    clock = Clock()
    shops = UnknownShops(clock)
    for _ in range(10):
        with pytest.raises(ShopUnknown):
            shops.ends_to_pass(strangers(1))
        clock.seconds += PATIENCE_SECONDS
        shops.observed(clock.seconds, None)
    with pytest.raises(ShopUnknown):
        shops.ends_to_pass(strangers(1))
    shops.observed(clock.seconds, {FIRST: 5})
    with pytest.raises(ShopUnknown):
        shops.ends_to_pass(strangers(1))


def test_who_keeps_the_registry_waits_for_nothing() -> None:
    assert UnknownShops(patience_seconds=0.0).ends_to_pass(strangers(1)) == {}


@pytest.fixture
async def harness(databases: Databases) -> AsyncIterator[Harness]:
    url = await databases.create()
    await prepare(url)
    async with running(probe(), url) as made:
        made.handler.unknown_shops = UnknownShops(Clock())
        yield made


def over(harness: Harness, ends: dict[TopicPartition, int] | None) -> None:
    """The shop's time is over, and so much of the topic of shops was seen."""
    shops = harness.handler.unknown_shops
    assert isinstance(shops._now, Clock)
    shops._now.seconds += PATIENCE_SECONDS
    shops.observed(shops._now(), ends)


async def again(harness: Harness) -> None:
    harness._next.clear()
    await harness.feed(ADDED, [added(1), added(2, shop="late")], placed="one")


async def test_a_stranger_is_refused_once_all_that_is_known_of_shops_was_read(harness: Harness) -> None:
    await harness.configure(Shop(number=1, slug="demo", name="Demo"))
    with pytest.raises(ShopUnknown):
        await again(harness)
    over(harness, {FIRST: 3, SECOND: 0})
    with pytest.raises(ShopUnknown):
        await again(harness)
    assert await totals(harness.pool) == {}
    await harness.pool.execute(
        "INSERT INTO consumer_offset (grp, topic, partition, next, epoch, cluster_id, topic_id)"
        " VALUES ('probe', $1, 0, 3, 1, 'harness', '')",
        topics.SHOPS,
    )
    await again(harness)
    assert await totals(harness.pool) == {"c1": (1, 1)}
    (letter,) = await harness.dead_letters()
    assert letter.reason == "unknown_shop"
    (told,) = await harness.published(topics.DEAD_LETTERS)
    assert told.event["shop"] == ""


async def test_a_stranger_whose_shop_was_read_meanwhile_takes_effect(harness: Harness) -> None:
    await harness.configure(Shop(number=1, slug="demo", name="Demo"))
    with pytest.raises(ShopUnknown):
        await again(harness)
    await harness.configure(Shop(number=2, slug="late", name="Late"))
    over(harness, {})
    await again(harness)
    assert await harness.dead_letters() == []
    assert await totals(harness.pool) == {"c1": (1, 1), "c2": (1, 1)}


async def _worker(url: str, number: int, shop: Shop, *events: Added) -> Processor:
    """A worker that owns one partition of shops, where this shop stands, and one of events."""
    loop = asyncio.get_running_loop()
    handover = Handover(Signal(loop), Signal(loop), events_max=1000, bytes_max=1 << 20)
    handler = BatchHandler(probe(), SystemClock(), DeadLetters("probe", Cipher(TEST_SECRET)))
    made = Processor(
        handler, opener(url, "probe"), handover, Watchdog(30, monotonic()), Limits(limit_seconds=5.0), rng=Random(1)
    )
    connect = opener(url, "probe")
    places = {TopicPartition(topics.SHOPS, number): 0, TopicPartition(ADDED, number): 0}
    conn = await connect()
    made.owned = await claim(conn, "probe", "here", places, {})
    await conn.close()
    configured = ShopConfigured(
        id=f"0197{number:04d}-0000-7000-8000-000000000000",
        source="mandegar/gateway",
        subject=shop.slug,
        time=added(1).time,
        shop=shop.slug,
        sequence=1,
        data=shop,
    )
    contents: dict[str, list[Any]] = {topics.SHOPS: [configured], ADDED: list(events)}
    for topic, values in contents.items():
        records = [PlainRecord(at, 0, as_bytes(value)) for at, value in enumerate(values)]
        chunk = handler.decoders[topic].chunk(number, records, start=0, epoch=1)
        handover.put(chunk, first=topic == topics.SHOPS)
    return made


async def test_two_workers_that_hold_what_the_other_waits_for_do_not_wait_for_ever(databases: Databases) -> None:
    """Each has read, together with events of a shop it does not know, the shop that the other one does not know."""
    url = await databases.create()
    await prepare(url)
    here, there = Shop(number=1, slug="demo", name="Demo"), Shop(number=2, slug="other", name="Other")
    one = await _worker(url, 0, here, added(2, shop="other"))
    two = await _worker(url, 1, there, added(1))
    async with running(probe(), url) as harness:
        async with asyncio.timeout(20):
            for _ in range(4):
                await one._round()
                await two._round()
        assert await totals(harness.pool) == {"c1": (1, 1), "c2": (1, 1)}
        assert await harness.dead_letters() == []
    one._disconnect()
    two._disconnect()
