"""The outbox relay against real PostgreSQL and Kafka: everything is published, in order, whatever is in the way."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import pytest

from shared.db.transaction import TOMBSTONE, outbox_shard
from shared.kernel import SystemClock
from shared.messaging.connecting import opener
from shared.messaging.dead_letters import Cipher, DeadLetters, list_letters, show_letter
from shared.messaging.partitioning import partition_of
from shared.messaging.relay import Relay, store
from shared.messaging.relay.refused import RefusedRows
from shared.messaging.relay.sender import MESSAGE_BYTES_MAX, KafkaSender
from shared.messaging.relay.store import OutboxRow
from tests.messaging.outbox_ground import Ground, create_topic, ground, until

pytestmark = pytest.mark.stack


@pytest.fixture
async def place(stack: Any) -> AsyncIterator[Ground]:
    async with ground(stack) as made:
        yield made


class Running:
    """Relays in this process, and the rows that they set aside."""

    def __init__(self, place: Ground) -> None:
        self.place = place
        self.set_aside: list[OutboxRow] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.stop = asyncio.Event()

    async def _keep(self, _conn: asyncpg.Connection[Any], rows: Sequence[OutboxRow]) -> None:
        self.set_aside.extend(rows)

    def start(self) -> Relay:
        sender = KafkaSender({"bootstrap_servers": self.place.bootstrap_servers}, SystemClock())
        connect = opener(self.place.database_url, self.place.schema, "relay")
        relay = Relay(self.place.schema, connect=connect, sender=sender, set_aside=self._keep)
        self.tasks.append(asyncio.create_task(relay.run(self.stop)))
        return relay


@contextlib.asynccontextmanager
async def relays(place: Ground, count: int = 1) -> AsyncIterator[Running]:
    running = Running(place)
    for _ in range(count):
        running.start()
    try:
        yield running
    finally:
        running.stop.set()
        async with asyncio.timeout(10):
            await asyncio.gather(*running.tasks, return_exceptions=True)


def _of_key(messages: list[tuple[int, bytes, bytes]], key: bytes) -> list[int]:
    return [json.loads(value)["n"] for _, k, value in messages if k == key]


def _row(key: bytes, n: int) -> tuple[bytes, bytes]:
    return key, json.dumps({"n": n}).encode()


async def test_a_tombstone_reaches_the_topic_as_a_message_without_a_value(place: Ground) -> None:
    async with relays(place):
        await place.write([_row(b"shop:1", 1), (b"shop:1", TOMBSTONE), _row(b"shop:2", 2)])
        await place.until_empty()
    found = [(key, value) for _, key, value in await place.messages()]
    assert sorted(found, key=repr) == sorted([_row(b"shop:1", 1), (b"shop:1", None), _row(b"shop:2", 2)], key=repr)
    assert [value for key, value in found if key == b"shop:1"][-1] is None


async def test_what_is_committed_is_published_in_order_to_the_keys_partition_and_removed(place: Ground) -> None:
    keys = [b"shop:%d" % k for k in range(40)]
    async with relays(place):
        for n in range(25):
            await place.write([_row(key, n) for key in keys])
        await place.until_empty()
    messages = await place.messages()
    assert len(messages) == 1000
    for key in keys:
        assert _of_key(messages, key) == list(range(25))
    assert {partition for partition, key, _ in messages if key == keys[0]} == {partition_of(keys[0], 4)}


async def test_an_older_row_that_is_committed_later_is_not_lost(place: Ground) -> None:
    """Reading `id > last` would lose it: its id is lower than one that was already sent."""
    early, late = b"shop:a", b"shop:b"
    while outbox_shard(late) != outbox_shard(early):
        late += b"b"
    insert = "INSERT INTO outbox (shard, topic, key, value) VALUES ($1, $2, $3, $4)"
    shard = outbox_shard(early)
    async with relays(place), place.pool.acquire() as slow:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute(insert, shard, place.topic, *_row(early, 1))
        await place.write([_row(late, 2)])
        await place.until_empty()
        await transaction.commit()
        await place.until_empty()
    assert sorted(json.loads(value)["n"] for _, _, value in await place.messages()) == [1, 2]


async def test_a_notification_wakes_the_relay_and_so_does_the_process_itself(place: Ground) -> None:
    running = Running(place)
    relay = Relay(
        place.schema,
        connect=opener(place.database_url, place.schema, "relay"),
        sender=KafkaSender({"bootstrap_servers": place.bootstrap_servers}, SystemClock()),
        set_aside=running._keep,
    )
    async with relay._session():
        assert not relay._woken.is_set()
        await place.pool.execute(f"NOTIFY outbox_{place.schema}")
        async with asyncio.timeout(5):
            await relay._woken.wait()
    relay._woken.clear()
    relay.wake()
    assert relay._woken.is_set()


async def test_a_message_larger_than_kafka_takes_is_set_aside_and_others_pass(place: Ground) -> None:
    key = b"shop:large"
    async with relays(place) as running:
        await place.write([_row(key, 1), (key, b"x" * MESSAGE_BYTES_MAX), _row(key, 2)])
        await place.until_empty()
    assert _of_key(await place.messages(), key) == [1, 2]
    assert [len(row.value) for row in running.set_aside] == [MESSAGE_BYTES_MAX]


async def test_a_message_larger_than_the_brokers_own_limit_is_found_and_set_aside(place: Ground) -> None:
    topic = f"narrow-{place.topic}"
    await create_topic(place.bootstrap_servers, topic, 2, max_message_bytes="2000")
    key = b"shop:narrow"
    async with relays(place) as running:
        rows = [_row(key, n) for n in range(30)]
        rows.insert(11, (key, json.dumps({"n": -1, "random": [i * i * 7919 % 10007 for i in range(2000)]}).encode()))
        await place.write(rows, topic)
        await place.until_empty()
    messages = await place.messages(topic)
    assert list(dict.fromkeys(_of_key(messages, key))) == list(range(30))
    assert [json.loads(row.value)["n"] for row in running.set_aside] == [-1]


async def test_rows_for_a_missing_topic_wait_and_do_not_stand_in_the_way(place: Ground) -> None:
    key, missing = b"shop:early", f"not-yet-{place.topic}"
    async with relays(place):
        await place.write([_row(key, 1)], missing)
        await place.write([_row(key, 2)])

        async def one_is_left() -> bool:
            return await place.waiting() == 1

        await until(one_is_left)
        await create_topic(place.bootstrap_servers, missing)
        await place.until_empty()
    assert _of_key(await place.messages(missing), key) == [1]


async def test_two_relays_share_the_shards_and_a_lost_ones_are_taken_over(place: Ground) -> None:
    leaders = """
        SELECT array_agg(n ORDER BY n) FROM (
            SELECT count(*) AS n FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE l.locktype = 'advisory' AND l.mode = 'ExclusiveLock' AND l.granted AND l.objsubid = 2
              AND a.application_name = $1
            GROUP BY l.pid) AS held
    """
    name = f"mandegar relay {place.schema}"

    async def share(expected: list[int]) -> None:
        async def so() -> bool:
            return bool(await place.pool.fetchval(leaders, name) == expected)

        await until(so)

    keys = [b"shop:%d" % k for k in range(64)]
    async with relays(place, 2) as running:
        await share([16, 17])
        await place.write([_row(key, 1) for key in keys])
        await place.until_empty()
        running.start()
        await share([11, 11, 11])
        running.tasks[0].cancel()
        await share([16, 17])
        await place.write([_row(key, 2) for key in keys])
        await place.until_empty()
    messages = await place.messages()
    assert all(_of_key(messages, key) == [1, 2] for key in keys)


async def test_a_relay_whose_session_is_cut_comes_back_and_goes_on(place: Ground) -> None:
    key = b"shop:cut"
    async with relays(place):
        for n in range(1, 6):
            await place.write([_row(key, n)])
            await place.until_empty()
            await place.pool.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
                f"mandegar relay {place.schema}",
            )
    assert list(dict.fromkeys(_of_key(await place.messages(), key))) == [1, 2, 3, 4, 5]


async def test_a_round_is_bounded_in_rows_and_bytes_but_takes_at_least_one_row(place: Ground) -> None:
    key = b"shop:bytes"
    await place.write([(key, b"x" * 1000) for _ in range(10)])
    shares = {outbox_shard(key): 100}
    async with place.pool.acquire() as conn:
        sizes = []
        for limit, bytes_max in [(100, 1 << 20), (4, 1 << 20), (100, 3000), (100, 1)]:
            undone = conn.transaction()
            await undone.start()
            sizes.append(len(await store.take(conn, shares, limit=limit, bytes_max=bytes_max)))
            await undone.rollback()  # as when the send fails: all rows are there again
        assert sizes == [10, 4, 3, 1]
        async with place.pool.acquire() as other, other.transaction():
            await other.fetchval("SELECT 1")
            await asyncio.sleep(0.3)
            backlog = await store.backlog(conn, list(range(16)), count_max=7)
    assert backlog.rows == 7
    assert backlog.oldest_seconds > 0
    assert backlog.oldest_transaction_seconds >= 0.3


async def test_what_is_set_aside_becomes_a_dead_letter_with_its_body_encrypted_and_an_event(place: Ground) -> None:
    cipher = Cipher("0123456789abcdefghijklmnopqrstuv-tests")
    keep = RefusedRows(DeadLetters("svc", cipher), SystemClock())
    row = OutboxRow(77, 3, place.topic, b"demo:abc", b"a large body")
    async with place.pool.acquire() as conn, conn.transaction():
        await keep(conn, [row])
    async with place.pool.acquire() as conn:
        (letter,) = await list_letters(conn)
        assert (letter.topic, letter.offset, letter.reason) == (place.topic, 77, "too_large")
        assert await show_letter(conn, letter.letter_id, cipher) == b"a large body"
        told = await conn.fetchrow("SELECT topic, key, value FROM outbox")
    assert told["topic"] == "dead-letters.v1"
    assert told["key"] == b"demo:"
    assert b"a large body" not in told["value"]
