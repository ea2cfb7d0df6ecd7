"""Shops on both clocks whose customers lapse, visit and have a history; fed to metrics, and what it told of them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

import asyncpg
import msgspec
from aiokafka import AIOKafkaProducer

from mandegar.generating import Settings, generate_inside
from mandegar.generating.inside import Entry
from shared.contracts import topics
from shared.contracts.customers import Customer, CustomerMerged, CustomerUnmerged
from shared.contracts.envelope import encode, message_key
from shared.contracts.shops import Lifecycle, Shop, ShopConfigured
from shared.db.engine import plain_url
from shared.kernel import SystemClock, derive_event_id
from shared.messaging.partitioning import partition_of
from tests.chaos.topic import ends_of, messages_of
from tests.chaos.world import Servers, World, a_world
from tests.metrics_nps.ground import events_of, sayings

_FIXED = Lifecycle(lost_days=60, onboarding_days=9, lapsing="fixed", lapsing_days=25)
_PERSONAL = Lifecycle(lost_days=70, onboarding_days=9, lapsing="personal", lapsing_days=30, lapsing_quantile=70)
_SHOPS: dict[str, dict[str, Any]] = {
    "tehran-books": {"clock": "stream", "lifecycle": _FIXED, "calendar": "jalali"},
    "cairo-crafts": {"clock": "stream", "lifecycle": _PERSONAL},
    "beirut-bakery": {"clock": "wall", "lifecycle": _FIXED},
    "kuwait-coffee": {"clock": "wall", "lifecycle": msgspec.structs.replace(_PERSONAL, activity="either")},
    "berlin-bikes": {"clock": "stream", "lifecycle": msgspec.structs.replace(_FIXED, activity="visits")},
}
_OF_HISTORY = "beirut-bakery"
_READ = (
    *(topics.SHOPS, topics.CUSTOMERS, topics.ORDERS, topics.ORDERS_BACKFILL, topics.INTERACTIONS),
    topics.FEEDBACK_SURVEYS,
)
# Elsewhere a threshold rests on the figure of a partition, and merged customers have orders in two.
_MERGING = ("tehran-books", "beirut-bakery", "kuwait-coffee", "berlin-bikes")
_WAITING = """
SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM timer t WHERE t.kind = 'lifecycle' AND t.due <= now()
    AND t.partition >= 0) + (SELECT count(*) FROM customer_state WHERE put_off)
  + (SELECT count(*) FROM timer t JOIN shop_clock c ON t.partition = -(c.shop * 4096 + c.partition) - 1
     WHERE t.kind = 'lifecycle' AND t.due <= c.until)
"""
# Put off for a minute: nobody waits for it here.
_HURRY = """
UPDATE timer t SET due = now() FROM customer_state c
WHERE c.put_off AND t.kind = 'lifecycle' AND t.due > now() AND t.due < now() + interval '61 seconds'
"""


@dataclass
class Town:
    """Shops, and what is still to be told of them. Its workers are the test's."""

    world: World
    entries: Sequence[Entry]
    shops: dict[str, Shop] = field(default_factory=dict)
    sent: int = 0
    hurry: bool = field(default=False)

    async def feed(self, count: int, *, slowly: bool = False) -> None:
        """The next messages, each to its own partition, in their order. `slowly`: the slower the fewer are left."""
        until = min(self.sent + count, len(self.entries))
        producer = AIOKafkaProducer(bootstrap_servers=self.world.kafka, linger_ms=2)
        await producer.start()
        try:
            while self.sent < until:
                hurry = self.hurry or not slowly
                piece = 2_000 if hurry else max(1, (until - self.sent) // 150)
                part = self.entries[self.sent : min(self.sent + piece, until)]
                sends = [await producer.send(e.topic, e.value, key=e.key, partition=e.partition) for e in part]
                await asyncio.wait_for(asyncio.gather(*sends), 30)
                self.sent += len(part)
                await asyncio.sleep(0 if hurry else 0.15)
        finally:
            await producer.stop()

    @asynccontextmanager
    async def fed(self) -> AsyncIterator[None]:
        """The rest flows while the block runs, and all of it when the block ends."""
        feeding = asyncio.create_task(self.feed(len(self.entries), slowly=True))
        try:
            yield
            self.hurry = True
            await feeding
        finally:
            feeding.cancel()

    async def settled(self, seconds: float = 90.0) -> None:
        """Wait until all that was sent was handled, told, and every stage is what the clocks say."""
        left: Any = "nothing was seen yet"
        for _ in range(int(seconds / 0.25)):
            left = await self._left()
            if not left:
                return
            await asyncio.sleep(0.25)
        raise AssertionError(f"not settled within {seconds} s: {left}; see {self.world.servers.logs}")

    async def underway(self, seconds: float = 60.0) -> None:
        """Wait until most of what was sent was handled: workers may still be joining their group."""
        for _ in range(int(seconds / 0.25)):
            ends = sum((await ends_of(self.world.kafka, _READ)).values())
            async with self.rows() as conn:
                done = await conn.fetchval("SELECT coalesce(sum(next), 0) FROM consumer_offset")
            if done > ends * 2 // 3:
                return
            await asyncio.sleep(0.25)
        raise AssertionError(f"workers did not get far within {seconds} s; see {self.world.servers.logs}")

    async def _left(self) -> dict[str, int]:
        ends = await ends_of(self.world.kafka, _READ)
        async with self.rows() as conn:
            await conn.execute(_HURRY)
            rows = await conn.fetch("SELECT topic, partition, next FROM consumer_offset")
            waiting = await conn.fetchval(_WAITING)
        done = {(row[0], row[1]): row[2] for row in rows}
        left = {place[0]: 0 for place in ends}
        for place, end in ends.items():
            left[place[0]] += end - done.get(place, 0)
        return {name: count for name, count in {**left, "to be done": waiting}.items() if count}

    @asynccontextmanager
    async def rows(self) -> AsyncIterator[asyncpg.Connection[Any]]:
        conn = await asyncpg.connect(plain_url(self.world.url), timeout=5, server_settings={"search_path": "metrics"})
        try:
            yield conn
        finally:
            await conn.close()

    async def judge_told(self) -> int:
        """What a subscriber knows, retractions netted, is what the table of changes says. Gives how many stand."""
        told: dict[str, Any] = {}
        for message in await messages_of(self.world.kafka, topics.METRICS_LIFECYCLE):
            event = json.loads(message.value)
            assert told.setdefault(event["id"], event) == event, "one id with two contents"
        gone = {event["data"]["retracts"] for event in told.values() if event["type"] == "customer.stage.retracted"}
        changes = {id_: event for id_, event in told.items() if event["type"] != "customer.stage.retracted"}
        assert gone <= changes.keys(), "something is taken back that nobody was told"
        async with self.rows() as conn:
            rows = await conn.fetch(
                "SELECT t.event_id, s.slug, t.day, t.n, t.retracted_by IS NOT NULL AS gone FROM transition t "
                "JOIN generation g ON g.shop = t.shop AND g.number = t.generation AND g.live "
                "JOIN shop s ON s.number = t.shop"
            )
            assert {row["event_id"] for row in rows} == changes.keys()
            assert {row["event_id"] for row in rows if row["gone"]} == gone
            counted = await conn.fetch(
                "SELECT c.shop, c.param, c.day, sum(c.value)::int FROM counter c JOIN generation g ON g.shop = c.shop "
                "AND g.number = c.generation AND g.live WHERE c.measure = 14 GROUP BY 1, 2, 3 HAVING sum(c.value) <> 0"
            )
            standing = await conn.fetch(
                "SELECT t.shop, t.previous * 8 + t.stage, t.day FROM transition t JOIN generation g ON "
                "g.shop = t.shop AND g.number = t.generation AND g.live WHERE t.retracted_by IS NULL"
            )
        stands = Counter(
            (event["shop"], event["data"]["customer"], event["data"]["day"], event["data"]["stage"])
            for id_, event in changes.items()
            if id_ not in gone
        )
        assert max(stands.values()) == 1, [key for key, times in stands.items() if times > 1][:5]
        assert {tuple(row)[:3]: row[3] for row in counted} == Counter(map(tuple, standing))
        return len(stands)


@asynccontextmanager
async def a_town(
    servers: Servers, *, seed: int, customers: int, days: int = 200, moving: float = 1.0
) -> AsyncIterator[Town]:
    """An empty platform; all that its shops will tell ends some days ago.

    `moving`: in this first part of the messages identities are merged and parted, for which a shop is held alone.
    """
    start = SystemClock().now().date() - timedelta(days=days + 12)
    settings = Settings(customers=customers, days=days, seed=seed, start=start, shops=len(_SHOPS))
    stream = generate_inside(settings, visits=1.5, clock=True, tail_days=6)
    async with a_world(servers, seed=seed, customers=5) as world:
        shops = [
            Shop(
                number=number, slug=one.slug, name=one.name, zone=one.zone, currency=one.currency, windows=(30, 90),
                **_SHOPS[one.slug],
            )
            for number, one in enumerate(stream.shops, start=1)
        ]  # fmt: skip
        await tell_settings(world, shops)
        entries = [_placed(entry, start) for entry in stream.entries if _is_sent(entry)]
        entries = _with_answers(entries, Random(seed))
        if moving:
            entries = _with_merges(entries, Random(seed), int(len(entries) * moving))
        print(f"rebuild: seed {seed}, {len(entries)} messages of {customers} customers")
        yield Town(world, entries, {shop.slug: shop for shop in shops})


def _is_sent(entry: Entry) -> bool:
    """Shops on wall time have no clock. A refund that names nobody comes by another partition than its order.

    Which of both is first is nobody's to say, so on the stream's clock what was told would not follow from the topics.
    """
    event = json.loads(entry.value)
    if _SHOPS[event["shop"]]["clock"] == "wall":
        return bool(event["type"] != "clock.advanced")
    return bool(event["type"] != "order.refunded" or event["data"]["customer"])


def _with_answers(entries: list[Entry], rng: Random) -> list[Entry]:
    """Among them, what customers of each shop said when they were asked."""
    found: list[tuple[float, Entry]] = [(float(place), entry) for place, entry in enumerate(entries)]
    for slug, customers in _named(entries, _SHOPS).items():
        chosen = rng.sample(sorted(customers), min(len(customers), 15))
        since = entries[0].received
        asked = sayings(rng, slug, 60, people=len(chosen), since=since, days=150)
        said = [one._replace(customer=chosen[number % len(chosen)]) for number, one in enumerate(asked)]
        for event in events_of(said):
            key = message_key(slug, event.subject)
            place = rng.uniform(0, len(entries))
            at = partition_of(key, 12)
            found.append((place, Entry(topics.FEEDBACK_SURVEYS, at, key, encode(event), event.time)))
    return [entry for _, entry in sorted(found, key=lambda one: one[0])]


def _named(entries: Iterable[Entry], slugs: Iterable[str]) -> dict[str, set[str]]:
    """Customers whom the events of these shops name."""
    named: dict[str, set[str]] = {slug: set() for slug in slugs}
    for entry in entries:
        event = json.loads(entry.value)
        if event["shop"] in named and event["data"].get("customer"):
            named[event["shop"]].add(event["data"]["customer"])
    return named


def _with_merges(entries: list[Entry], rng: Random, until: int) -> list[Entry]:
    """Some customers of each shop turn out to be one person, and half of them not to be."""
    named = _named(entries, _MERGING)
    places: list[tuple[int, Entry]] = list(enumerate(entries))
    for slug, customers in named.items():
        chosen = rng.sample(sorted(customers), 12)
        for one, other in zip(chosen[:6], chosen[6:], strict=True):
            merged = rng.randrange(until // 2)
            places.append((merged, _pointer(slug, one, other, 1)))
            if rng.random() < 0.5:
                places.append((rng.randrange(merged, until), _pointer(slug, one, one, 2)))
    return [entry for _, entry in sorted(places, key=lambda place: place[0])]


def _pointer(slug: str, customer: str, canonical: str, sequence: int) -> Entry:
    now = SystemClock().now()
    event = (CustomerMerged if canonical != customer else CustomerUnmerged)(
        id=derive_event_id(0, slug, f"{customer}:{sequence}", "pointer"),
        source="tests", subject=customer, time=now, shop=slug, sequence=sequence,
        data=Customer(customer=customer, canonical=canonical),
    )  # fmt: skip
    key = message_key(slug, customer)
    return Entry(topics.CUSTOMERS, partition_of(key, 12), key, encode(event), now)


def _placed(entry: Entry, start: date) -> Entry:
    event = json.loads(entry.value)
    is_past = event["shop"] == _OF_HISTORY and entry.received.date() < start + timedelta(days=70)
    return entry._replace(topic=topics.ORDERS_BACKFILL) if is_past and entry.topic == topics.ORDERS else entry


async def tell_settings(world: World, shops: Iterable[Shop], sequence: int = 1) -> None:
    """As the gateway does, which has no part in this."""
    producer = AIOKafkaProducer(bootstrap_servers=world.kafka)
    await producer.start()
    try:
        for shop in shops:
            moment = SystemClock().now()
            event = ShopConfigured(
                id=derive_event_id(int(moment.timestamp() * 1000), shop.slug, str(sequence), "shop.configured"),
                source="tests", subject=shop.slug, time=moment, shop=shop.slug, sequence=sequence, data=shop,
            )  # fmt: skip
            await producer.send_and_wait(topics.SHOPS, encode(event), key=message_key(shop.slug, ""))
    finally:
        await producer.stop()
