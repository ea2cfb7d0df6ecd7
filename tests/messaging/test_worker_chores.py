"""What a worker does beside its events: relay, timers, repaired dead letters, reference data that comes late."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.contracts import topics
from shared.contracts.envelope import encode
from shared.contracts.shops import Shop, ShopConfigured
from shared.db.intents import Timer
from shared.kernel import ShopId, SystemClock
from shared.messaging.chores import Housekeeping
from shared.messaging.dead_letters import Cipher, list_letters, replay_letter
from shared.messaging.handling import Delivery, Service, Subscription, Work
from shared.messaging.reference import keep_shops
from shared.messaging.worker import Worker
from tests.messaging.outbox_ground import until
from tests.messaging.probe import SUMS, Added, add_up, added, probe, totals
from tests.messaging.worker_ground import SECRET, Place, at_work, make_topic


async def test_a_repaired_dead_letter_is_handled_again_by_the_worker(place: Place) -> None:
    await place.send([added(1, amount=14), added(2)])
    async with at_work(place.worker()):
        await place.until(1)
        async with place.pool.acquire() as conn:
            (letter,) = await list_letters(conn)
            await replay_letter(conn, letter.letter_id, Cipher(SECRET), encode(added(1, amount=3)))
        await place.until(2)
    assert await totals(place.pool) == {"c1": (3, 1), "c2": (1, 1)}


async def test_timers_fire_in_the_worker_once(place: Place) -> None:
    fired: list[str] = []

    async def set_one(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        await add_up(work, deliveries)
        for delivery in deliveries:
            due = work.tx.now + timedelta(seconds=0.5)
            work.tx.set_timer(Timer(ShopId(1), "remind", delivery.event.id, due, delivery.partition))

    async def fire(work: Work, timers: Sequence[Timer]) -> None:
        fired.extend(timer.identity for timer in timers)

    service = Service("probe", [Subscription(place.topic, Added, set_one)], timers={"remind": fire})
    await place.send([added(n) for n in range(50)])
    async with at_work(place.worker(service)):
        async with asyncio.timeout(20):
            while len(fired) < 50:  # noqa: ASYNC110 - another thread
                await asyncio.sleep(0.1)
        await asyncio.sleep(0.6)
    assert sorted(fired) == sorted(added(n).id for n in range(50))
    assert await place.pool.fetchval("SELECT count(*) FROM timer") == 0


async def test_what_is_published_reaches_its_topic(place: Place) -> None:
    await make_topic(place.stack, SUMS)
    service = probe(topic=place.topic, reference=False)
    worker = Worker(service, place.settings())
    await place.send([added(n) for n in range(200)])
    async with at_work(worker):
        await place.until(200)
        async with asyncio.timeout(20):
            while await place.pool.fetchval("SELECT count(*) FROM outbox"):  # noqa: ASYNC110 - a table tells no one
                await asyncio.sleep(0.05)
    wanted = await place.pool.fetchval("SELECT sum(sequence) FROM outbox_key")
    consumer = AIOKafkaConsumer(SUMS, bootstrap_servers=place.stack.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        found = 0
        async with asyncio.timeout(20):
            while found < wanted:
                found += sum(len(records) for records in (await consumer.getmany(timeout_ms=200)).values())
    finally:
        await consumer.stop()
    assert found == wanted


async def test_events_wait_for_their_shop_and_are_handled_when_it_comes(place: Place) -> None:
    shops = f"shops-{place.topic}"
    await make_topic(place.stack, shops, **{"cleanup.policy": "compact"})
    service = Service(
        "probe",
        [Subscription(shops, ShopConfigured, keep_shops, first=True), Subscription(place.topic, Added, add_up)],
    )
    await place.send([added(n, shop="late") for n in range(100)])
    async with at_work(place.worker(service)):
        await asyncio.sleep(2)
        assert await totals(place.pool) == {}
        event = ShopConfigured(
            id="s-1",
            source="mandegar/gateway",
            subject="late",
            time=added(1).time,
            shop="late",
            data=Shop(number=2, slug="late", name="Late"),
        )
        producer = AIOKafkaProducer(bootstrap_servers=place.stack.bootstrap_servers)
        await producer.start()
        await producer.send_and_wait(shops, encode(event), key=b"late:")
        await producer.stop()
        await place.until(100)
    assert await place.pool.fetchval("SELECT count(*) FROM dead_letter") == 0
    assert topics.SHOPS not in {row[0] for row in await place.pool.fetch("SELECT topic FROM consumer_offset")}


async def test_a_letter_of_reference_data_is_handled_again_too(place: Place) -> None:
    shops = f"shops-{place.topic}"
    await make_topic(place.stack, shops, **{"cleanup.policy": "compact"})
    subscriptions = [
        Subscription(shops, ShopConfigured, keep_shops, first=True),
        Subscription(place.topic, Added, add_up),
    ]
    event = ShopConfigured(
        id="s-1",
        source="mandegar/gateway",
        subject="late",
        time=added(1).time,
        shop="late",
        data=Shop(number=2, slug="late", name="Late"),
    )
    producer = AIOKafkaProducer(bootstrap_servers=place.stack.bootstrap_servers)
    await producer.start()
    await producer.send_and_wait(shops, b"{", key=b"late:")
    await producer.stop()
    async with at_work(place.worker(Service("probe", subscriptions))), place.pool.acquire() as conn:
        await until(lambda: conn.fetchval("SELECT count(*) = 1 FROM dead_letter"))
        (letter,) = await list_letters(conn)
        await replay_letter(conn, letter.letter_id, Cipher(SECRET), encode(event))
        await until(lambda: conn.fetchval("SELECT count(*) = 1 FROM shop WHERE number = 2"))


async def test_a_replayed_event_that_still_waits_is_set_aside_again(place: Place) -> None:
    await place.send([added(1, amount=14), added(2)])
    async with at_work(place.worker()):
        await place.until(1)
        async with place.pool.acquire() as conn:
            (letter,) = await list_letters(conn)
            await replay_letter(conn, letter.letter_id, Cipher(SECRET), encode(added(1, amount=16)))
            await until(lambda: conn.fetchval("SELECT count(*) = 2 FROM dead_letter"))
            letters = await list_letters(conn)
    assert sorted((item.state, item.reason) for item in letters) == [("held", "notyet"), ("replayed", "fourteen")]


@pytest.mark.parametrize("days", [3, -3])
async def test_timers_follow_the_database_whatever_the_machines_clock_says(
    place: Place, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    fired: list[str] = []

    async def fire(work: Work, timers: Sequence[Timer]) -> None:
        fired.extend(timer.identity for timer in timers)

    true_now = SystemClock().now
    monkeypatch.setattr(SystemClock, "now", lambda _: true_now() + timedelta(days=days))
    service = Service("probe", [Subscription(place.topic, Added, add_up)], timers={"remind": fire})
    await place.pool.execute(
        "INSERT INTO timer SELECT 1, 'remind', name, now() + after, 0"
        " FROM (VALUES ('due', interval '-1 second'), ('later', interval '1 hour')) AS t(name, after)"
    )
    async with at_work(place.worker(service)), asyncio.timeout(20):
        while not fired:  # noqa: ASYNC110 - another thread
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.6)
    assert fired == ["due"]


async def test_a_worker_keeps_house(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    await place.send([added(n, time=added(n).time.replace(year=year)) for n, year in enumerate((2001, 2002))])
    await place.send([added(2, amount=14)])
    async with at_work(place.worker()):
        await place.until(2)
    await place.pool.execute("UPDATE dead_letter SET recorded_at = recorded_at - interval '31 days'")
    await place.pool.execute("UPDATE processed_month SET taken_on = taken_on - 94 WHERE first < 730700")  # 2001
    monkeypatch.setattr("shared.messaging.worker.Housekeeping", partial(Housekeeping, first_after_seconds=0.5))
    async with at_work(place.worker()):
        await until(
            lambda: place.pool.fetchval(
                "SELECT NOT EXISTS (SELECT FROM dead_letter)"
                " AND NOT EXISTS (SELECT FROM pg_class WHERE relname = 'processed_event_2001_01')"
            )
        )
    assert await place.pool.fetchval("SELECT count(*) FROM processed_event") == 1, "of a month that was asked for today"
