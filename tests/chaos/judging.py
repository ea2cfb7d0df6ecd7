"""What must be true when all is over: facts, counters, figures, dead letters, topics as their consumers see them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

import asyncpg
import msgspec
from structlog.testing import capture_logs

from services.gateway.intake.events import cause_id
from services.loyalty.points import Signer, verify
from services.metrics.counters import live_generation
from services.metrics.orders import Fact, frame_of
from shared.contracts import topics
from shared.contracts.orders import OrdersEvent
from tests.chaos.topic import Message, messages_of
from tests.chaos.world import SECRET, World, programme_of
from tests.dirty.ground import asked_as, cohort_differences, differences, stream_days, truth_of
from tests.loyalty_orders.recount import points_by_account
from tests.metrics.histories import defined

# What they say, where they lie and since when: a round that fails may not come again.
_LETTERS = """
SELECT reason, detail, topic, partition, count(*), min("offset") AS first, max("offset") AS last,
       min(recorded_at)::text AS since, max(recorded_at)::text AS until
FROM dead_letter GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


async def judge(world: World, *, questions: int = 5) -> int:
    """Hold everything against the truth; gives how much was compared. The world is drained, its workers live."""
    assert world.sent == len(world.stream.lines)
    await world.settled()
    gateway, metrics = await world.pool("gateway"), await world.pool("metrics")
    try:
        raw = await messages_of(world.kafka, topics.RAW_ORDERS)
        orders = await messages_of(world.kafka, topics.ORDERS)
        compared = judge_orders_topic(raw, orders)
        compared += await judge_sequences(world, gateway, orders)
        compared += await judge_dead_letters(world, gateway, metrics, raw)
        compared += await judge_facts(world, metrics)
        compared += await judge_counters(world, metrics)
        compared += await judge_customers(metrics)
        with capture_logs():  # the API tells of each request
            compared += await judge_figures(world, metrics, questions)
        compared += await judge_snapshots(world, metrics)
        if "loyalty" in world.services:
            compared += await judge_points(world, orders)
        return compared
    finally:
        await gateway.close()
        await metrics.close()


def judge_orders_topic(raw: Iterable[Message], orders: Sequence[Message]) -> int:
    """Every usable raw event stands there, once or in equal repeats."""
    wanted = {
        (event["shop"], cause_id(f"{event['source']}\x1f{event['id']}"))
        for message in raw
        if (event := usable(message.value)) is not None
    }
    found: dict[str, bytes] = {}
    causes = []
    for message in orders:
        event = json.loads(message.value)
        known = found.setdefault(event["id"], message.value)
        assert known == message.value, f"one id with two contents: {known!r} and {message.value!r}"
        if known is message.value:
            causes.append((event["shop"], event["causationid"]))
    assert len(causes) == len(set(causes)), "one raw event went out under two ids"
    assert set(causes) == wanted, (len(wanted - set(causes)), len(set(causes) - wanted))
    return len(causes)


async def judge_sequences(world: World, gateway: asyncpg.Pool[Any], orders: Sequence[Message]) -> int:
    """In each key's partition the sequence rises strictly, repeats taken out, and no number is missing."""
    numbers: dict[bytes, set[int]] = defaultdict(set)
    for messages in (orders, await messages_of(world.kafka, topics.CUSTOMERS)):
        numbers_here = rising(messages)
        for key, found in numbers_here.items():
            assert not numbers[key] & set(found), "two events of a key have one number"
            numbers[key] |= set(found)
    last = {row[0]: row[1] for row in await gateway.fetch("SELECT key, sequence FROM outbox_key")}
    for key, found in numbers.items():
        assert found == set(range(1, last[key] + 1)), f"numbers of {key!r} are missing: {sorted(found)} of {last[key]}"
    return sum(map(len, numbers.values()))


def repeats_of(messages: Iterable[Message]) -> int:
    """How many messages only repeat an earlier one."""
    ids = Counter(json.loads(message.value)["id"] for message in messages)
    return ids.total() - len(ids)


def rising(messages: Iterable[Message]) -> dict[bytes, list[int]]:
    """Sequence numbers by key, as a consumer that drops repeats by id sees them. AssertionError unless they rise."""
    seen: dict[str, bytes] = {}
    numbers: dict[bytes, list[int]] = defaultdict(list)
    partitions: dict[bytes, int] = {}
    for message in sorted(messages, key=lambda message: (message.partition, message.offset)):
        event = json.loads(message.value)
        assert partitions.setdefault(message.key, message.partition) == message.partition
        if seen.setdefault(event["id"], message.value) is not message.value:
            assert seen[event["id"]] == message.value
            continue
        before = numbers[message.key][-1:] or [0]
        assert event["sequence"] > before[0], f"{message.key!r}: {event['sequence']} after {before[0]}"
        numbers[message.key].append(event["sequence"])
    return numbers


async def judge_dead_letters(
    world: World, gateway: asyncpg.Pool[Any], metrics: asyncpg.Pool[Any], raw: Iterable[Message]
) -> int:
    """Exactly the bad lines were set aside, each once, and each was told of."""
    bad = Counter((message.partition, message.offset) for message in raw if usable(message.value) is None)
    rows = await gateway.fetch('SELECT partition, "offset", topic, state, id FROM dead_letter')
    found = Counter((row[0], row[1]) for row in rows)
    assert found == bad, (list(found - bad), list(bad - found), [str(line) for line in await gateway.fetch(_LETTERS)])
    assert {(row[2], row[3]) for row in rows} == {(topics.RAW_ORDERS, "held")}
    wrongly = await metrics.fetch(_LETTERS)
    assert not wrongly, "\n".join(str(line) for line in wrongly)
    told: dict[str, bytes] = {}
    for message in await messages_of(world.kafka, topics.DEAD_LETTERS):
        letter = json.loads(message.value)["data"]["dead_letter_id"]
        assert told.setdefault(letter, message.value) == message.value
    assert set(told) == {str(row[4]) for row in rows}
    return len(rows)


async def judge_facts(world: World, metrics: asyncpg.Pool[Any]) -> int:
    """Every counted order of the truth, and no other; customers are told apart as the truth does."""
    rows = await metrics.fetch(
        "SELECT s.slug, o.order_id, o.day, o.currency, o.net, o.customer FROM order_fact o "
        "JOIN shop s ON s.number = o.shop WHERE o.counted"
    )
    found = Counter(tuple(row)[:5] for row in rows)
    truth = [fact for fact in world.stream.facts if fact.counted and fact.day is not None]
    wanted = Counter((f.shop, f.order_id, f.day.toordinal(), f.currency, f.net) for f in truth if f.day)
    assert found == wanted, (list((found - wanted).items())[:5], list((wanted - found).items())[:5])
    labels = {(fact.shop, fact.order_id): fact.customer for fact in truth}
    pairs = {(row[0], labels[row[0], row[1]], row[5]) for row in rows}
    assert len(pairs) == len({pair[:2] for pair in pairs}) == len({(pair[0], pair[2]) for pair in pairs})
    return len(rows)


async def judge_counters(world: World, metrics: asyncpg.Pool[Any]) -> int:
    """Every counter by definition from the facts, which were held against the truth."""
    compared = 0
    for shop in world.shops.values():
        rows = await metrics.fetch(
            "SELECT customer, day, currency, net FROM order_fact WHERE counted AND shop = $1", shop.number
        )
        async with metrics.acquire() as conn:
            generation = await live_generation(conn, shop.number)
        assert generation is not None
        counters = await metrics.fetch(
            "SELECT measure, param, currency, day, gap, sum(value)::bigint FROM counter "
            "WHERE shop = $1 AND basis = 0 AND measure < 13 GROUP BY 1, 2, 3, 4, 5 HAVING sum(value) <> 0",
            shop.number,
        )
        found = {tuple(row)[:5]: row[5] for row in counters}
        wanted = dict(defined([Fact(*row) for row in rows], frame_of(generation)))
        assert found == wanted, [key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key)][:5]
        compared += len(found)
    return compared


async def judge_customers(metrics: asyncpg.Pool[Any]) -> int:
    """Each customer's state says what their orders say."""
    states = await metrics.fetch(
        "SELECT shop, customer, orders, first_day, days FROM customer_state WHERE orders > 0 ORDER BY shop, customer"
    )
    told = await metrics.fetch(
        "SELECT shop, customer, count(*), min(day), array_agg(day ORDER BY day) FROM order_fact "
        "WHERE counted AND customer <> 0 GROUP BY 1, 2 ORDER BY 1, 2"
    )
    assert len(states) == len(told)
    for state, wanted in zip(states, told, strict=True):
        depth = len(state[4])
        assert tuple(state)[:4] == tuple(wanted)[:4]
        assert state[4] == ([0] * depth + wanted[4])[-depth:]
    return len(states)


async def judge_figures(world: World, metrics: asyncpg.Pool[Any], questions: int) -> int:
    """What the API answers, against the recount."""
    truth = truth_of(world.stream.facts)
    first, days = stream_days(world.stream)
    figures, found = 0, list[str]()
    for slug, shop in world.shops.items():
        async with asked_as(metrics, world.url, shop.number) as asked:
            rng = Random(world.sent)
            asks = await differences(asked, truth, slug, rng, first=first, days=days, questions=questions)
            cells = await cohort_differences(
                asked, truth, slug, first=first, months=days // 30 + 2, currency=shop.currency
            )
        figures += asks[0] + cells[0]
        found += asks[1] + cells[1]
    assert not found, f"{len(found)} of {figures} differ, such as {found[:8]}"
    return figures


async def judge_snapshots(world: World, metrics: asyncpg.Pool[Any]) -> int:
    """Each shop has its one timer still; what was published rises, and the last of it says what is true now."""
    newest: dict[str, int] = {}
    messages = await messages_of(world.kafka, topics.METRICS_RETENTION)
    for message in messages:
        event = json.loads(message.value)
        newest[event["shop"]] = event["data"]["lifetime_customers"]
    people = {(fact.shop, fact.customer) for fact in world.stream.facts if fact.counted and fact.customer}
    assert newest == Counter(shop for shop, _ in people)
    timers = await metrics.fetch("SELECT identity FROM timer WHERE kind = 'retention_snapshot'")
    assert sorted(row[0] for row in timers) == sorted(world.shops)
    return sum(map(len, rising(messages).values()))


async def judge_points(world: World, orders: Sequence[Message]) -> int:
    """Each account has what its orders are worth, told once in one event a posting, and the ledger holds together."""
    told = {message.value: event_of(message.value) for message in orders}
    expected: dict[tuple[int, int], int] = {}
    for slug, shop in world.shops.items():
        own = [event for event in told.values() if event.shop == slug]
        expected |= points_by_account(own, [shop], programme_of(shop))
    loyalty = await world.pool("loyalty")
    try:
        rows = await loyalty.fetch("SELECT shop, customer, pending + active + held - owed AS total, told FROM account")
        found = {(row["shop"], row["customer"]): row["total"] for row in rows if row["total"]}
        assert found == expected, [(who, found.get(who), expected.get(who)) for who in found.keys() ^ expected.keys()]
        assert not await loyalty.fetch(_LETTERS)
        async with loyalty.acquire() as conn:
            verified = await verify(conn, Signer(SECRET))
    finally:
        await loyalty.close()
    assert not [broken for shop_ in verified for broken in shop_.violations]
    messages = await messages_of(world.kafka, topics.LOYALTY_POINTS)
    rising(messages)
    ids: dict[str, bytes] = {}
    for message in messages:
        event_id = json.loads(message.value)["id"]
        assert ids.setdefault(event_id, message.value) == message.value
    assert len(ids) == sum(row["told"] for row in rows), "an event for each posting, and no other"
    return len(found) + len(ids)


def event_of(value: bytes) -> OrdersEvent:
    """An event of `orders.v1` as its readers see it."""
    return msgspec.json.decode(value, type=OrdersEvent)


def usable(line: bytes) -> dict[str, Any] | None:
    """The raw event, unless it is one of the generator's bad lines."""
    try:
        event: dict[str, Any] = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return None if not isinstance(event, dict) or event.get("source") == "bad" else event
