"""`--wait`: nothing is called taken in before every service that reads orders has it."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from mandegar.replaying.arrival import (
    FOLLOWERS,
    LANE_WAY,
    WAY,
    NotArrived,
    Waiting,
    wait_until_consumed,
    wait_until_settled,
)
from mandegar.services import service_main, service_names
from mandegar.stack import Stack
from shared.clocks import PARTITIONS_MAX
from shared.contracts import topics
from shared.db.engine import plain_url
from shared.testing import Databases
from tests.chaos.topic import ends_of, make_topics_anew

SERVICES = ("campaigns", "feedback", "gateway", "loyalty", "metrics")


@pytest.mark.parametrize(
    ("way", "raw", "known"),
    [(WAY, topics.RAW_ORDERS, topics.ORDERS), (LANE_WAY, topics.RAW_ORDERS_BACKFILL, topics.ORDERS_BACKFILL)],
)
def test_the_way_of_an_order_names_each_service_that_reads_orders(
    way: Sequence[tuple[str, str]], raw: str, known: str
) -> None:
    read = {
        (name, subscription.topic)
        for name in service_names()
        for subscription in service_main(name).SERVICE.subscriptions
        if subscription.topic in (raw, known)
    }
    assert set(way) == read
    assert way[0] == ("gateway", raw), "what gateway has not sent on, nobody can wait for"


def test_each_service_whose_timers_follow_the_clocks_of_shops_is_one_that_settles() -> None:
    follow = {name for name in service_names() if service_main(name).SERVICE.clock is not None}
    assert follow == set(FOLLOWERS)


@pytest.mark.stack
async def test_who_is_behind_is_waited_for_and_named(databases: Databases, stack: Stack) -> None:
    url = plain_url(await databases.create(*SERVICES))
    urls = dict.fromkeys(SERVICES, url)
    await make_topics_anew(stack.bootstrap_servers)
    await _send(stack, topics.ORDERS)
    conn = await asyncpg.connect(url, timeout=5)
    said: list[Waiting] = []
    try:
        await _reached(conn, stack, "gateway", topics.RAW_ORDERS)
        await _reached(conn, stack, "metrics", topics.ORDERS)
        with pytest.raises(NotArrived, match="loyalty still has 1 events"):
            await wait_until_consumed(stack.bootstrap_servers, urls, limit_s=0.5, say=said.append)
        assert said[-1] == Waiting("loyalty", 1)
        await _reached(conn, stack, "loyalty", topics.ORDERS)
        await _reached(conn, stack, "campaigns", topics.ORDERS)
        await _reached(conn, stack, "feedback", topics.ORDERS)
        await wait_until_consumed(stack.bootstrap_servers, urls, limit_s=5)
    finally:
        await conn.close(timeout=5)


@pytest.mark.stack
@pytest.mark.parametrize("service", FOLLOWERS)
async def test_what_the_clock_of_a_shop_let_fall_due_is_waited_for_in_every_service(
    databases: Databases, service: str
) -> None:
    url = plain_url(await databases.create(*SERVICES))
    urls = dict.fromkeys(FOLLOWERS, url)
    conn = await asyncpg.connect(url, timeout=5, server_settings={"search_path": service})
    try:
        await conn.execute("INSERT INTO shop_clock (shop, partition, until, origin) VALUES (1, 4, now(), 'live')")
        await conn.execute(
            "INSERT INTO timer (shop, kind, identity, due, partition) VALUES "
            "(1, 'turn', 'due', now() - interval '1 day', $1), (1, 'turn', 'not yet', now() + interval '1 day', $1)",
            -(PARTITIONS_MAX + 4) - 1,
        )
        with pytest.raises(NotArrived, match=f"{service} still has 1 events"):
            await wait_until_settled(urls, limit_s=0.5)
        await conn.execute("DELETE FROM timer WHERE identity = 'due'")
        await wait_until_settled(urls, limit_s=5)
    finally:
        await conn.close(timeout=5)


async def _send(stack: Stack, topic: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=stack.bootstrap_servers)
    await producer.start()
    try:
        await producer.send_and_wait(topic, b"{}", partition=3)
    finally:
        await producer.stop()


async def _reached(conn: asyncpg.Connection, stack: Stack, service: str, topic: str) -> None:
    """As a worker leaves it that has taken in everything."""
    for (_, partition), end in (await ends_of(stack.bootstrap_servers, [topic])).items():
        await conn.execute(
            f"INSERT INTO {service}.consumer_offset (grp, topic, partition, next, cluster_id) "
            "VALUES ($1, $2, $3, $4, 'any')",
            service,
            topic,
            partition,
            end,
        )
