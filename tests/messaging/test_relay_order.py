"""Order of a key and loss of nothing: several writers and relays at once, and relays that die at every step."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest

from shared.contracts.envelope import Envelope
from shared.db.transaction import OpenTransaction, write_transaction
from shared.kernel import ShopId, SystemClock
from shared.messaging.handling import OutboxKey
from tests.messaging.outbox_ground import Ground, ground, until

pytestmark = pytest.mark.stack

# The full 100,000 takes minutes; MANDEGAR_TEST_TRANSACTIONS=100000 asks for it.
TRANSACTIONS = int(os.environ.get("MANDEGAR_TEST_TRANSACTIONS", "10000"))
SHOP = ShopId(1)


class Happened(Envelope, frozen=True, kw_only=True, tag="happened"):
    """An event that carries nothing but its sequence."""


@pytest.fixture
async def place(stack: Any) -> AsyncIterator[Ground]:
    async with ground(stack) as made:
        yield made


@contextlib.asynccontextmanager
async def relay_process(place: Ground, **extra: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.messaging.relay_process",
        place.schema,
        env=os.environ
        | {"DATABASE_URL": place.database_url, "KAFKA_BOOTSTRAP_SERVERS": place.bootstrap_servers}
        | extra,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await asyncio.wait_for(process.wait(), 10)


async def _writer(place: Ground, name: str, count: int, key: OutboxKey, random: Random) -> None:
    """One slice, or the API: lock the key, work a little, publish."""
    for n in range(count):
        async with write_transaction(place.pool, SystemClock()) as tx:
            await tx.lock_keys({key: 2})
            for part in range(2):
                _publish(tx, place.topic, key, f"{name}-{n}-{part}")
            if random.random() < 0.02:
                await asyncio.sleep(random.random() * 0.01)
        if random.random() < 0.02:
            await asyncio.sleep(random.random() * 0.01)


def _publish(tx: OpenTransaction, topic: str, key: OutboxKey, event_id: str) -> None:
    event = Happened(id=event_id, source="test", subject="s", time=tx.now, shop="demo", sequence=tx.sequence(key))
    tx.publish(topic, key, event)


def _first_appearances(messages: list[tuple[int, bytes, bytes]], key: bytes) -> list[tuple[str, int]]:
    """(id, sequence) of a key's events in the order of the topic, repeats dropped by id as consumers do."""
    events = [json.loads(value) for _, k, value in messages if k == key]
    return list(dict.fromkeys((event["id"], event["sequence"]) for event in events))


@pytest.mark.slow
async def test_two_slices_and_the_api_on_one_key_reach_the_topic_in_the_order_of_their_sequence(
    place: Ground,
) -> None:
    key = OutboxKey(SHOP, b"demo:customer")
    each = TRANSACTIONS // 3
    async with relay_process(place), relay_process(place):
        async with asyncio.timeout(60 + TRANSACTIONS / 50):
            await asyncio.gather(
                *[_writer(place, name, each, key, Random(name)) for name in ("orders", "retention", "api")]
            )
        await place.until_empty(60)
    messages = await place.messages()
    sequences = [sequence for _, sequence in _first_appearances(messages, key.key)]
    assert sequences == list(range(1, 6 * each + 1))


@pytest.mark.parametrize(("point", "times_told"), [("relay_after_delete", {1}), ("relay_after_send", {1, 2})])
async def test_a_relay_killed_between_taking_and_committing_loses_nothing_and_repeats_the_same_ids(
    place: Ground, point: str, times_told: set[int]
) -> None:
    keys = [OutboxKey(SHOP, b"demo:%d" % n) for n in range(20)]
    for n in range(10):
        async with write_transaction(place.pool, SystemClock()) as tx:
            await tx.lock_keys(dict.fromkeys(keys, 1))
            for key in keys:
                _publish(tx, place.topic, key, f"{key.key.decode()}-{n}")
    async with relay_process(place, MANDEGAR_CRASH_AT=f"{point}:3", ROWS_MAX="32") as dying:
        assert await asyncio.wait_for(dying.wait(), 30) == -signal.SIGKILL
    left = await place.waiting()
    assert 0 < left < 200, "it died in the third round"
    async with relay_process(place):
        await place.until_empty()
    messages = await place.messages()
    for key in keys:
        expected = [(f"{key.key.decode()}-{n}", n + 1) for n in range(10)]
        assert _first_appearances(messages, key.key) == expected
    times = Counter(json.loads(value)["id"] for _, _, value in messages)
    assert len(times) == 200
    assert set(times.values()) == times_told, "what was sent before the commit comes twice, under the same id"


async def test_a_stopped_relay_is_replaced_and_its_return_does_no_harm(place: Ground) -> None:
    """SIGSTOP keeps the session open; the server ends it when nobody has spoken for too long."""
    key = OutboxKey(SHOP, b"demo:zombie")

    async def write(n: int) -> None:
        async with write_transaction(place.pool, SystemClock()) as tx:
            await tx.lock_keys({key: 1})
            _publish(tx, place.topic, key, f"event-{n}")

    async with relay_process(place) as first:
        await write(1)
        await place.until_empty()
        first.send_signal(signal.SIGSTOP)
        await write(2)
        async with relay_process(place):
            await place.until_empty(30)
            first.send_signal(signal.SIGCONT)
            await write(3)
            await place.until_empty()
    assert _first_appearances(await place.messages(), key.key) == [(f"event-{n}", n) for n in (1, 2, 3)]


async def test_events_written_while_the_broker_is_away_follow_in_order_when_it_is_back(
    place: Ground, stack: Any
) -> None:
    key = OutboxKey(SHOP, b"demo:away")

    async def write(n: int) -> None:
        async with write_transaction(place.pool, SystemClock()) as tx:
            await tx.lock_keys({key: 1})
            _publish(tx, place.topic, key, f"event-{n}")

    async with relay_process(place):
        await write(0)
        await place.until_empty()
        await asyncio.to_thread(stack.kafka.stop)
        try:
            for n in range(1, 50):
                await write(n)
            await asyncio.sleep(4)
            assert await place.waiting() == 49
        finally:
            await asyncio.to_thread(stack.kafka.start)

        async def empty() -> bool:
            return await place.waiting() == 0

        await until(empty, 45)  # generous: a broker that has just started on a busy machine takes its time
    assert _first_appearances(await place.messages(), key.key) == [(f"event-{n}", n + 1) for n in range(50)]
