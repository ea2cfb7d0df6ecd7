"""The batch loop on a real PostgreSQL: fence, repeats, poison, dead letters, whatever the batch size."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
import msgspec
import pytest

from shared.contracts import topics
from shared.contracts.envelope import encode
from shared.contracts.keys import ApiKey, ApiKeyChanged
from shared.contracts.shops import Shop, ShopConfigured
from shared.db import together
from shared.db.partitions import drop_before
from shared.kernel import SystemClock
from shared.messaging.dead_letters import Cipher, list_letters, purge_letters, replay_letter, show_letter
from shared.messaging.fence import Fenced, ForeignCluster, TopicPartition, claim, read_positions
from shared.messaging.handling import Delivery, NotYet, Work
from shared.messaging.isolation import TooManyCulprits
from shared.messaging.records import PlainRecord
from shared.testing import Databases, Harness, running
from tests.messaging.probe import ADDED, DEMO, SUMS, add_up, added, prepare, probe, totals


@pytest.fixture
async def harness(databases: Databases) -> AsyncIterator[Harness]:
    url = await databases.create("probe", prepare=prepare)
    async with running(probe(), url) as made:
        await made.configure(DEMO)
        yield made


def expected(numbers: Sequence[int]) -> dict[str, tuple[int, int]]:
    counts = Counter(f"c{n % 7}" for n in numbers)
    return {customer: (count, count) for customer, count in sorted(counts.items())}


@pytest.mark.parametrize("size", [1, 7, 20_000])
async def test_any_batch_size_gives_the_same_state(harness: Harness, size: int) -> None:
    await harness.feed(ADDED, [added(n) for n in range(300)], batch=size)
    assert await totals(harness.pool) == expected(range(300))


@pytest.mark.parametrize(("seed", "few"), [(1, 250), (2, 0), (3, 20)])
async def test_repeats_in_any_order_and_partition_have_no_effect(
    harness: Harness, seed: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "_FEW", few)
    events = [added(n) for n in range(500)]
    outcomes = await harness.feed(ADDED, events, batch=60, placed="random", doubled=0.3, shuffled=200, rng=Random(seed))
    assert await totals(harness.pool) == expected(range(500))
    assert sum(sum(o.repeats.values()) for o in outcomes) > 50
    assert await harness.dead_letters() == []


async def test_what_is_published_has_rising_sequences_in_the_order_of_the_outbox(harness: Harness) -> None:
    await harness.feed(ADDED, [added(n) for n in range(200)], batch=11)
    last: Counter[bytes] = Counter()
    published = await harness.published(SUMS)
    for row in published:
        assert row.event["sequence"] > last[row.key]
        last[row.key] = row.event["sequence"]
    assert len(published) > 18 * 7


@pytest.mark.parametrize("few", [0, 250])
async def test_the_same_id_with_another_content_is_a_dead_letter(
    harness: Harness, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "_FEW", few)
    await harness.feed(ADDED, [added(1)])
    await harness.feed(ADDED, [added(1, amount=5)])
    await harness.feed(ADDED, [added(2), added(2, amount=9), added(2)])
    assert (await totals(harness.pool))["c1"] == (1, 1)
    assert (await totals(harness.pool))["c2"] == (1, 1)
    assert [letter.reason for letter in await harness.dead_letters()] == ["content_differs"] * 2


async def test_a_culprit_is_found_and_the_others_take_effect(harness: Harness) -> None:
    events = [added(n, amount={50: 13, 222: 15}.get(n, 1)) for n in range(400)]
    await harness.feed(ADDED, events, placed="one")
    good = [n for n in range(400) if n not in (50, 222)]
    assert await totals(harness.pool) == expected(good)
    letters = sorted((letter.offset, letter.reason) for letter in await harness.dead_letters())
    assert letters == [(50, "runtimeerror"), (222, "database")]
    told = await harness.published(topics.DEAD_LETTERS)
    assert len(told) == 2
    assert all(
        set(row.event["data"])
        == {"dead_letter_id", "service", "handler", "topic", "partition", "offset", "reason", "detail"}
        for row in told
    )


async def test_many_culprits_in_a_large_batch_ask_for_small_ones(harness: Harness) -> None:
    events = [added(n, amount=13 if n % 10 == 0 else 1) for n in range(1000)]
    with pytest.raises(TooManyCulprits):
        await harness.feed(ADDED, events, placed="one")
    assert await totals(harness.pool) == {}


async def test_a_hundred_culprits_in_a_small_batch_are_all_set_aside(harness: Harness) -> None:
    await harness.feed(ADDED, [added(n, amount=13) for n in range(100)])
    assert len(await harness.dead_letters()) == 100
    assert await totals(harness.pool) == {}


async def test_a_refused_event_leaves_no_id_and_takes_effect_once_when_repaired(harness: Harness) -> None:
    await harness.feed(ADDED, [added(3, amount=14), added(4)], placed="one")
    assert await harness.pool.fetchval("SELECT count(*) FROM processed_event") == 1
    (letter,) = await harness.dead_letters()
    assert (letter.reason, letter.offset) == ("fourteen", 0)
    async with harness.pool.acquire() as conn:
        assert await show_letter(conn, letter.letter_id, harness.cipher) == encode(added(3, amount=14))
        for _ in range(2):
            await replay_letter(conn, letter.letter_id, harness.cipher, encode(added(3, amount=2)))
            await harness.step(ADDED, 0, replay=True)
    assert await totals(harness.pool) == {"c3": (2, 1), "c4": (1, 1)}
    assert [item.state for item in await harness.dead_letters()] == ["replayed"]


async def test_a_replayed_event_that_fails_again_is_a_dead_letter_again(harness: Harness) -> None:
    await harness.feed(ADDED, [added(3, amount=14)], placed="one")
    (letter,) = await harness.dead_letters()
    async with harness.pool.acquire() as conn:
        await replay_letter(conn, letter.letter_id, harness.cipher)
    await harness.step(ADDED, 0, replay=True)
    assert sorted(item.state for item in await harness.dead_letters()) == ["held", "replayed"]


async def test_an_unreadable_event_that_is_replayed_as_it_was_is_held_again(harness: Harness) -> None:
    await harness.feed(ADDED, [b"{", added(1)], placed="one")
    async with harness.pool.acquire() as conn:
        for _ in range(2):
            (letter,) = await list_letters(conn, state="held")
            await replay_letter(conn, letter.letter_id, harness.cipher)
            await harness.step(ADDED, 0, replay=True)
        (held,) = await list_letters(conn, state="held")
        await replay_letter(conn, held.letter_id, harness.cipher, encode(added(2)))
    await harness.step(ADDED, 0, replay=True)
    assert await totals(harness.pool) == {"c1": (1, 1), "c2": (1, 1)}


async def test_each_replay_in_vain_is_told_under_an_id_of_its_own(harness: Harness) -> None:
    await harness.feed(ADDED, [added(3, amount=14)], placed="one")
    (letter,) = await harness.dead_letters()
    async with harness.pool.acquire() as conn:
        for _ in range(3):
            await replay_letter(conn, letter.letter_id, harness.cipher)
            await harness.step(ADDED, 0, replay=True)
    told = [row.event["id"] for row in await harness.published(topics.DEAD_LETTERS)]
    assert len(told) == len(set(told)) == 4
    assert sorted(item.state for item in await harness.dead_letters()) == ["held"] * 3 + ["replayed"]


async def test_an_event_that_two_slices_refuse_is_one_dead_letter(databases: Databases) -> None:
    async def twice(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        for delivery in deliveries:
            work.refuse(delivery, "first", "no")
            work.refuse(delivery, "second", "no")

    url = await databases.create("probe", prepare=prepare)
    async with running(probe(twice), url) as harness:
        await harness.configure(DEMO)
        await harness.feed(ADDED, [added(1)])
        assert len(await harness.dead_letters()) == 1
        assert len(await harness.published(topics.DEAD_LETTERS)) == 1


async def test_an_event_of_a_month_whose_ids_were_dropped_goes_through_on_the_next_attempt(harness: Harness) -> None:
    old = added(1).time.replace(year=2001)
    await harness.feed(ADDED, [added(1, time=old)], placed="one")
    async with harness.pool.acquire() as conn:
        await conn.execute("UPDATE processed_month SET taken_on = 0")
        assert await drop_before(conn, old.toordinal() + 31)
    chunks = await harness._chunks(ADDED, {0: []})
    record = PlainRecord(1, 0, encode(added(2, time=old)))
    again = harness.handler.decoders[ADDED].chunk(0, [record], start=1, epoch=chunks[0].epoch)
    with pytest.raises(asyncpg.CheckViolationError):
        await harness.handle([again])
    await harness.handle([again])
    assert await totals(harness.pool) == {"c1": (1, 1), "c2": (1, 1)}


async def test_a_letter_that_never_reached_its_topic_cannot_be_replayed(harness: Harness) -> None:
    await harness.feed(ADDED, [added(3, amount=14)], placed="one")
    (letter,) = await harness.dead_letters()
    async with harness.pool.acquire() as conn:
        await conn.execute("UPDATE dead_letter SET partition = -1")
        with pytest.raises(ValueError, match="too large"):
            await replay_letter(conn, letter.letter_id, harness.cipher)
        with pytest.raises(LookupError):
            await replay_letter(conn, "01890a5d-ac96-8b3c-8000-0123456789ab", harness.cipher)


async def test_keys_are_kept_in_their_latest_state_whatever_the_order(harness: Harness) -> None:
    def changed(key_id: str, sequence: int, **fields: Any) -> ApiKeyChanged:
        key = {"key_id": key_id, "shop_number": 1, "sha256": key_id, "scopes": ("read", "write")} | fields
        return ApiKeyChanged(
            id=f"{key_id}-{sequence}",
            source="mandegar/gateway",
            subject=key_id,
            time=added(1).time,
            shop="demo",
            sequence=sequence,
            data=ApiKey(**key),
        )

    late = [changed("a", 2, revoked_at=added(1).time), changed("b", 1, scopes=()), changed("a", 1)]
    await harness.feed(topics.KEYS, late, placed="one")
    await harness.feed(topics.KEYS, [changed("b", 0, name="older"), changed("c", 1)], placed="one")
    rows = await harness.pool.fetch("SELECT key_id, scopes, name, revoked_at, sequence FROM api_key ORDER BY key_id")
    assert [tuple(row) for row in rows] == [
        ("a", ["read", "write"], "", added(1).time, 2),
        ("b", [], "", None, 1),
        ("c", ["read", "write"], "", None, 1),
    ]


MALFORMED = [
    (b"\xff\xfe not utf-8", "json"),
    (b'{"id": "x"', "json"),
    (b"[" * 2000 + b"]" * 2000, "envelope"),
    (b'{"id":"1","type":"added","data":NaN}', "json"),
    (b'{"type":"added","shop":"demo"}', "envelope"),
    (b'{"id":7,"type":"added"}', "envelope"),
    (b'"text"', "envelope"),
    (b'{"id":"1","type":"added","shop":"demo","source":"s","subject":"x","time":"soon","data":{}}', "schema"),
    (encode(added(9)).replace(b'"amount":1', b'"amount":1e400'), "schema"),
    (encode(added(9)).replace(b'"amount":1', b'"amount":99999999999999999999999'), "database"),
    (encode(added(9)).replace(b'"subject":"9"', b'"subject":"a\\u0000b"'), "schema"),
    (encode(added(9)).replace(b'"subject":"9"', b'"subject":"\\ud800"'), "json"),
]


@pytest.mark.parametrize(("value", "reason"), MALFORMED)
async def test_what_cannot_be_read_is_set_aside_and_blocks_nothing(harness: Harness, value: bytes, reason: str) -> None:
    await harness.feed(ADDED, [value, added(1)], placed="one")
    (letter,) = await harness.dead_letters()
    assert letter.reason == reason
    assert "soon" not in letter.detail
    assert await totals(harness.pool) == {"c1": (1, 1)}


async def test_integers_beyond_the_column_are_a_dead_letter_of_the_handler(harness: Harness) -> None:
    await harness.feed(ADDED, [added(1), added(2, amount=2**63)], placed="one")
    assert await totals(harness.pool) == {"c1": (1, 1)}
    assert len(await harness.dead_letters()) == 1


async def test_types_and_tombstones_that_are_not_for_us_are_skipped(harness: Harness) -> None:
    await harness.feed(ADDED, [b'{"id":"1","type":"removed","data":[]}', added(1)], placed="one")
    assert await totals(harness.pool) == {"c1": (1, 1)}
    assert await harness.dead_letters() == []


async def test_an_escaped_backslash_before_u0000_is_only_text(harness: Harness) -> None:
    await harness.feed(ADDED, [added(1, subject="\\u0000")])
    assert await totals(harness.pool) == {"c1": (1, 1)}


async def test_the_body_of_a_dead_letter_is_encrypted_and_bound_to_the_secret(harness: Harness) -> None:
    await harness.feed(ADDED, [added(3, amount=14, subject="canary")])
    (letter,) = await harness.dead_letters()
    body = await harness.pool.fetchval("SELECT body FROM dead_letter")
    assert b"canary" not in body
    async with harness.pool.acquire() as conn:
        with pytest.raises(ValueError, match="MANDEGAR_SECRET_KEY"):
            await show_letter(conn, letter.letter_id, Cipher("another secret of forty characters......"))
        assert await purge_letters(conn, SystemClock().now()) == 0
        assert await purge_letters(conn, SystemClock().now() + timedelta(days=31)) == 1


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="MANDEGAR_SECRET_KEY"):
        Cipher("short")


async def test_a_batch_under_an_old_epoch_changes_nothing(harness: Harness) -> None:
    await harness.feed(ADDED, [added(1)], placed="one")
    async with harness.pool.acquire() as conn:
        await claim(conn, "probe", "harness", {TopicPartition(ADDED, 0): 0}, {})
    with pytest.raises(Fenced) as error:
        await harness.feed(ADDED, [added(2)], placed="one")
    assert error.value.lost == (TopicPartition(ADDED, 0),)
    assert await totals(harness.pool) == {"c1": (1, 1)}


async def test_one_lost_partition_rolls_back_the_others_of_the_batch(harness: Harness) -> None:
    await harness.feed(ADDED, [added(n) for n in range(40)], placed="random", partitions=4)
    before = await totals(harness.pool)
    async with harness.pool.acquire() as conn:
        await claim(conn, "probe", "harness", {TopicPartition(ADDED, 2): 0}, {})
        with pytest.raises(Fenced) as error:
            await harness.feed(ADDED, [added(n) for n in range(100, 140)], placed="random", partitions=4)
        assert error.value.lost == (TopicPartition(ADDED, 2),)
        assert await totals(harness.pool) == before
        positions = await read_positions(conn, "probe", [TopicPartition(ADDED, p) for p in range(4)])
    assert sum(position.next for position in positions.values()) == 40


async def test_the_same_batch_twice_is_fenced_the_second_time(harness: Harness) -> None:
    chunks = await harness._chunks(ADDED, {0: []})
    decoder = harness.handler.decoders[ADDED]
    again = decoder.chunk(0, [PlainRecord(0, 0, encode(added(1)))], start=0, epoch=chunks[0].epoch)
    await harness.handle([again])
    with pytest.raises(Fenced):
        await harness.handle([again])
    assert await totals(harness.pool) == {"c1": (1, 1)}


async def test_positions_of_another_cluster_are_refused_and_kept(harness: Harness) -> None:
    place = TopicPartition(ADDED, 0)
    async with harness.pool.acquire() as conn:
        await claim(conn, "probe", "here", {place: 5}, {ADDED: "topic-a"})
        with pytest.raises(ForeignCluster, match="another Kafka cluster"):
            await claim(conn, "probe", "elsewhere", {place: 0}, {ADDED: "topic-a"})
        with pytest.raises(ForeignCluster, match="another topic"):
            await claim(conn, "probe", "here", {place: 0}, {ADDED: "topic-b"})
        positions = await read_positions(conn, "probe", [place])
    assert positions[place] == (5, 1)


async def test_a_handler_that_waits_too_long_for_something_gives_up_its_event_only(harness: Harness) -> None:
    with pytest.raises(NotYet):
        await harness.feed(ADDED, [added(1), added(2, amount=16)], placed="one")
    harness._next.clear()
    await harness.feed(ADDED, [added(1), added(2, amount=16)], placed="one", patient=False)
    assert await totals(harness.pool) == {"c1": (1, 1)}
    assert [letter.reason for letter in await harness.dead_letters()] == ["notyet"]


async def test_a_shop_configured_in_the_same_batch_serves_the_other_topics(harness: Harness) -> None:
    new = Shop(number=2, slug="new", name="New")
    configured = ShopConfigured(
        id="s-1", source="mandegar/gateway", subject="new", time=added(1).time, shop="new", data=new
    )
    shops = await harness._chunks(topics.SHOPS, {0: []})
    adds = await harness._chunks(ADDED, {0: []})
    decoders = harness.handler.decoders
    batch = [
        decoders[ADDED].chunk(0, [PlainRecord(0, 0, encode(added(1, shop="new")))], start=0, epoch=adds[0].epoch),
        decoders[topics.SHOPS].chunk(0, [PlainRecord(0, 0, encode(configured))], start=0, epoch=shops[0].epoch),
    ]
    await harness.handle(batch)
    assert await harness.pool.fetchval("SELECT shop FROM account") == 2


async def test_a_shop_that_changes_elsewhere_is_seen_in_the_next_batch(databases: Databases) -> None:
    seen: list[str] = []

    async def look(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        seen.append(work.shop("demo").zone)

    url = await databases.create("probe", prepare=prepare)
    async with running(probe(look), url) as harness:
        for zone in ("Asia/Tehran", "Europe/Berlin"):
            await harness.configure(msgspec.structs.replace(DEMO, zone=zone))
            await harness.feed(ADDED, [added(len(seen))])
    assert seen == ["Asia/Tehran", "Europe/Berlin"]


async def test_who_has_one_shop_need_not_name_it(harness: Harness) -> None:
    await harness.feed(ADDED, [added(1, shop="")])
    assert await totals(harness.pool) == {"c1": (1, 1)}


async def test_ids_of_months_without_a_partition_find_one(harness: Harness) -> None:
    years = [1, 1970, 1997, 2026, 2027, 2199, 9999]
    events = [added(n, time=added(1).time.replace(year=year)) for n, year in enumerate(years)]
    await harness.feed(ADDED, events + events)
    assert await harness.pool.fetchval("SELECT count(*) FROM processed_event") == len(years)
    assert sum(count for _, count in (await totals(harness.pool)).values()) == len(years)


async def test_a_failed_handler_leaves_nothing_in_the_outbox(databases: Databases) -> None:
    async def publish_then_break(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        await add_up(work, deliveries)
        if any(d.event.data.amount == 99 for d in deliveries):
            raise RuntimeError

    url = await databases.create("probe", prepare=prepare)
    async with running(probe(publish_then_break), url) as harness:
        await harness.configure(DEMO)
        await harness.feed(ADDED, [added(1), added(2, amount=99), added(3)], placed="one")
        assert [row.event["subject"] for row in await harness.published(SUMS)] == ["c1", "c3"]
