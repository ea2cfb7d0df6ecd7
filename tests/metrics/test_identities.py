"""Merged identities: whatever comes in whatever order, all is as if events had named whom they are counted as."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from mandegar.recount import Purchase, ShopRules, purchases_of_events
from services.metrics.main import SERVICE, create_service
from shared.contracts.customers import Customer, CustomerEvent, CustomerMerged, CustomerUnmerged, CustomerUpdated
from shared.contracts.envelope import Envelope, Origin
from shared.contracts.interactions import Interaction, InteractionRecorded
from shared.contracts.shops import Lifecycle, Shop
from shared.contracts.topics import CUSTOMERS, INTERACTIONS, ORDERS
from shared.kernel import CustomerId, FixedClock, customer_id_text
from shared.testing import Databases
from shared.testing.harness import Harness, as_bytes, running
from tests.metrics.books import Books
from tests.metrics.streams import NOW, SHOPS, START, Story, counters_of
from tests.metrics.test_booked import assert_books
from tests.metrics.test_consumer import counted

pytestmark = pytest.mark.stack

FIXED = Lifecycle(lost_days=40, onboarding_days=9, lapsing="fixed", lapsing_days=15)
WORLD = (
    replace(SHOPS[0], periods=(3, 30), closing_days=3, lifecycle=FIXED),
    replace(SHOPS[1], periods=(7, 40), closing_days=0, lifecycle=replace(FIXED, activity="either")),
    replace(SHOPS[2], periods=(), closing_days=28, loyal_over=1),
)
PEOPLE = [customer_id_text(CustomerId(1 + number * 7)) for number in range(9)]

RULES = {shop.slug: ShopRules(shop.zone, shop.currency, "1", shop.calendar, shop.closing_days) for shop in WORLD}

# A change that stays true keeps the evidence with which it was told: `last_active` and `threshold` are left out.
_TABLES = {
    "order_fact": (
        "SELECT shop, order_id, customer, completed_at, status, status_at, content_at, content_id, revenue, net, day,"
        " booked_day, counted, odd, currency FROM order_fact ORDER BY shop, order_id"
    ),
    "order_content": (
        "SELECT shop, order_id, occurred_at, event_id, customer, revenue FROM order_content ORDER BY 1, 2, 3, 4"
    ),
    "spell": "SELECT shop, order_id, since, until, start, customer, currency, net FROM spell ORDER BY 1, 2, 3",
    "customer_state": (
        "SELECT shop, customer, first_day, orders, days, odd, stage, stage_began, last_visit, threshold, gaps"
        " FROM customer_state WHERE orders > 0 OR odd <> 0 OR last_visit > 0 ORDER BY shop, customer"
    ),
    "transition": (
        "SELECT shop, customer, day, previous, stage, reason FROM transition"
        " WHERE retracted_by IS NULL ORDER BY 1, 2, 3, 4, 5"
    ),
    "visit": "SELECT DISTINCT shop, customer, day FROM visit ORDER BY shop, customer, day",
    "gap_count": (
        "SELECT shop, first, gap, sum(value) FROM gap_count GROUP BY 1, 2, 3 HAVING sum(value) <> 0 ORDER BY 1, 2, 3"
    ),
    "counter": (
        "SELECT shop, basis, measure, param, gap, day, currency, sum(value) FROM counter"
        " GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(value) <> 0 ORDER BY 1, 2, 3, 4, 5, 6, 7"
    ),
}


@asynccontextmanager
async def worker(databases: Databases) -> AsyncIterator[Harness]:
    async with running(SERVICE, await databases.create("metrics"), clock=FixedClock(NOW)) as harness:
        await harness.configure(*WORLD)
        yield harness


async def state(harness: Harness) -> dict[str, list[tuple[Any, ...]]]:
    assert await harness.dead_letters() == []
    return {name: [tuple(row) for row in await harness.pool.fetch(query)] for name, query in _TABLES.items()}


@dataclass
class Identities:
    """Who is merged into whom, and what gateway tells of it."""

    rng: Random
    origin: Origin = "live"
    into: dict[tuple[str, str], str] = field(default_factory=dict)
    sequence: int = 0
    events: list[CustomerEvent] = field(default_factory=list)

    def canonical(self, shop: str, customer: str) -> str:
        while (shop, customer) in self.into:
            customer = self.into[shop, customer]
        return customer

    def merge(self, shop: Shop, one: str, other: str) -> None:
        if (shop.slug, one) not in self.into and self.canonical(shop.slug, other) != one:
            self._move(shop, one, other)

    def unmerge(self, shop: Shop, one: str) -> None:
        if (shop.slug, one) in self.into:
            self._move(shop, one, None)

    def unmerge_all(self) -> None:
        for slug, one in list(self.into):
            self.unmerge(next(shop for shop in WORLD if shop.slug == slug), one)

    def anything(self) -> None:
        shop, (one, other) = self.rng.choice(WORLD), self.rng.sample(PEOPLE, 2)
        kind = self.rng.randrange(4)
        if kind == 0:
            self._say(CustomerUpdated, shop, one)
        elif kind == 1:
            self.unmerge(shop, one)
        else:
            self.merge(shop, one, other)

    def _move(self, shop: Shop, one: str, other: str | None) -> None:
        before = {who: self.canonical(shop.slug, who) for who in PEOPLE}
        if other is None:
            del self.into[shop.slug, one]
        else:
            self.into[shop.slug, one] = other
        for who in PEOPLE:
            if self.canonical(shop.slug, who) != before[who]:
                self._say(CustomerUnmerged if other is None else CustomerMerged, shop, who)

    def _say(self, kind: type[CustomerEvent], shop: Shop, customer: str) -> None:
        self.sequence += 1
        self.events.append(
            kind(
                id=f"{self.sequence:08x}-0000-8000-8000-{self.sequence:012x}",
                source="mandegar/gateway",
                subject=customer,
                time=NOW - timedelta(days=1),
                shop=shop.slug,
                origin=self.origin,
                sequence=self.sequence,
                data=Customer(customer=customer, canonical=self.canonical(shop.slug, customer)),
            )
        )

    def named(self, events: Iterable[Any]) -> list[Any]:
        """The events as if they named whom their customers are now."""
        return [
            event
            if event.data.customer is None
            else replace(event, data=replace(event.data, customer=self.canonical(event.shop, event.data.customer)))
            for event in events
        ]


def visits_of(rng: Random, count: int) -> list[InteractionRecorded]:
    return [
        InteractionRecorded(
            id=f"{at:08x}-1111-8000-8000-{at:012x}",
            source="mandegar/gateway",
            subject="visit",
            time=START + timedelta(days=rng.randrange(200), hours=rng.randrange(20)),
            shop=rng.choice(WORLD).slug,
            data=Interaction(name="page", customer=rng.choice(PEOPLE)),
        )
        for at in range(count)
    ]


def said(seed: int, orders: int) -> tuple[list[Envelope], list[InteractionRecorded]]:
    rng = Random(seed)
    return Story(rng, shops=WORLD, customers=9).tell(orders), visits_of(rng, orders // 2)


async def plainly(databases: Databases, orders: Sequence[Any], visits: Sequence[Any]) -> dict[str, Any]:
    """The state of a shop in which nobody was ever merged."""
    async with worker(databases) as harness:
        await harness.feed(ORDERS, orders, batch=500)
        await harness.feed(INTERACTIONS, visits, batch=500)
        return await state(harness)


async def purchases(harness: Harness) -> Counter[Purchase]:
    rows = await harness.pool.fetch(
        "SELECT s.slug, customer, day, currency, net FROM order_fact f JOIN shop s ON s.number = f.shop WHERE counted"
    )
    return Counter(
        Purchase(
            slug,
            customer_id_text(CustomerId(customer)) if customer else None,
            date.fromordinal(day),
            currency,
            net,
        )
        for slug, customer, day, currency, net in rows
    )


async def interleave(harness: Harness, topics: dict[str, Sequence[Any]], batch: int, rng: Random) -> None:
    """Parts of all topics in turn, each disturbed and doubled."""
    left = {topic: [*events, *rng.sample(events, len(events) // 3)] for topic, events in topics.items()}
    for events in left.values():
        rng.shuffle(events)
    while any(left.values()):  # each round takes something
        topic = rng.choice([topic for topic, events in left.items() if events])
        size = rng.randint(1, 25)
        part, left[topic] = left[topic][:size], left[topic][size:]
        await harness.feed(topic, part, batch=batch, placed="random", rng=rng)


@pytest.mark.parametrize(("seed", "batch"), [(0, 20_000), (1, 7), (2, 1), (3, 20_000), (4, 20_000)])
async def test_in_any_order_all_is_as_if_events_named_the_canonical_customer(
    databases: Databases, seed: int, batch: int
) -> None:
    rng, identities = Random(seed), Identities(Random(seed + 100))
    orders, visits = said(seed, 30 if batch == 1 else 110)
    for _ in range(30):
        identities.anything()
    async with worker(databases) as harness:
        await interleave(harness, {ORDERS: orders, INTERACTIONS: visits, CUSTOMERS: identities.events}, batch, rng)
        found, named = await state(harness), identities.named(orders)
        for shop in WORLD:
            assert await counted(harness, shop) == counters_of(named, shop)
            await assert_books(harness, shop, named, rng, count=1)
        lines = [*map(as_bytes, orders), *map(as_bytes, identities.events)]
        assert await purchases(harness) == Counter(purchases_of_events(lines, RULES, NOW))
    expected = await plainly(databases, named, identities.named(visits))
    for name, rows in expected.items():
        assert found[name] == rows, name


@pytest.mark.parametrize("seed", range(3))
async def test_merge_then_unmerge_equals_never_merged_with_events_between(databases: Databases, seed: int) -> None:
    rng, identities = Random(seed), Identities(Random(seed + 100))
    orders, visits = said(seed, 100)
    async with worker(databases) as harness:
        sent = 0
        for at in range(0, len(orders), 40):
            for _ in range(6):
                identities.anything()
            if at > len(orders) // 2:
                identities.unmerge_all()
            await harness.feed(CUSTOMERS, identities.events[sent:], batch=rng.choice((1, 7, 500)), placed="random")
            sent = len(identities.events)
            await harness.feed(ORDERS, orders[at : at + 40], batch=20, placed="random", rng=rng)
            await harness.feed(INTERACTIONS, visits[at // 2 : at // 2 + 20], batch=20, placed="random", rng=rng)
        identities.unmerge_all()
        await harness.feed(CUSTOMERS, identities.events[sent:], batch=500)
        await harness.feed(INTERACTIONS, visits, batch=500)
        found = await state(harness)
        assert await harness.pool.fetchval("SELECT count(*) FROM order_fact WHERE identity IS NOT NULL") == 0
    expected = await plainly(databases, orders, visits)
    for name, rows in expected.items():
        assert found[name] == rows, name


async def test_merges_that_an_import_causes_are_told_when_it_is_over(databases: Databases) -> None:
    identities, clock = Identities(Random(9), "backfill"), FixedClock(NOW)
    orders, visits = said(9, 90)
    for _ in range(25):
        identities.anything()
    async with running(create_service(), await databases.create("metrics"), clock=clock) as harness:
        await harness.configure(*WORLD)
        await interleave(
            harness, {ORDERS: orders, INTERACTIONS: visits, CUSTOMERS: identities.events}, 20, identities.rng
        )
        clock.advance(timedelta(minutes=2))
        await harness.fire(ORDERS, range(12))
        found = await state(harness)
    expected = await plainly(databases, identities.named(orders), identities.named(visits))
    for name, rows in expected.items():
        assert found[name] == rows, name


async def test_what_was_told_of_the_merged_is_taken_back_and_the_canonical_customer_is_told_late(
    databases: Databases,
) -> None:
    shop, (one, other) = WORLD[0], PEOPLE[:2]
    orders = [event for event in said(5, 60)[0] if event.shop == shop.slug]
    identities = Identities(Random(0))
    async with worker(databases) as harness:
        await harness.feed(ORDERS, orders)
        before = await harness.published("metrics.lifecycle.v1")
        identities.merge(shop, one, other)
        await harness.feed(CUSTOMERS, identities.events)
        told = (await harness.published("metrics.lifecycle.v1"))[len(before) :]
        taken = [event.event["data"] for event in told if event.event["type"] == "customer.stage.retracted"]
        assert {data["reason"] for data in taken} == {"merged"} and {data["customer"] for data in taken} >= {one}
        late = [event.event["data"] for event in told if event.event["type"] != "customer.stage.retracted"]
        assert {data["customer"] for data in late} == {other} and all(data["late"] for data in late)
        identities.unmerge(shop, one)
        await harness.feed(CUSTOMERS, identities.events)
        again = (await harness.published("metrics.lifecycle.v1"))[len(before) + len(told) :]
        assert "unmerged" in {event.event["data"].get("reason") for event in again}


async def test_the_last_word_on_an_identity_is_enough_as_compaction_leaves_it(databases: Databases) -> None:
    shop, (one, other) = WORLD[0], PEOPLE[:2]
    orders, _ = said(6, 40)
    identities = Identities(Random(0))
    identities.merge(shop, one, other)
    identities._say(CustomerUpdated, shop, one)
    async with worker(databases) as harness:
        await harness.feed(ORDERS, orders)
        await harness.feed(CUSTOMERS, identities.events[-1:])
        assert await counted(harness, shop) == counters_of(identities.named(orders), shop)
        await harness.feed(CUSTOMERS, identities.events[:1])
        assert await counted(harness, shop) == counters_of(identities.named(orders), shop)


def test_the_ground_merges_people_who_order() -> None:
    identities = Identities(Random(3))
    for _ in range(30):
        identities.anything()
    orders, _ = said(3, 110)
    assert Books.of(orders, WORLD[0]).orders and identities.named(orders) != orders


class _Always(Random):
    def __init__(self, partition: int) -> None:
        super().__init__(0)
        self._partition = partition

    def randrange(self, *_: object) -> int:  # type: ignore[override]  # narrower on purpose
        return self._partition


async def test_merges_of_one_worker_and_orders_of_others_that_share_customers_lose_nothing(
    databases: Databases,
) -> None:
    identities, url, clock = Identities(Random(8)), await databases.create("metrics"), FixedClock(NOW)
    orders, visits = said(8, 200)
    for _ in range(60):
        identities.anything()
    async with (
        running(create_service(), url, clock=clock) as one,
        running(create_service(), url, clock=clock) as other,
        running(create_service(), url, clock=clock) as third,
    ):
        await one.configure(*WORLD)
        await asyncio.wait_for(
            asyncio.gather(
                one.feed(ORDERS, orders[0::2], batch=8, placed="random", rng=_Always(0)),
                other.feed(ORDERS, orders[1::2], batch=8, placed="random", rng=_Always(1)),
                third.feed(CUSTOMERS, identities.events, batch=3, placed="random", rng=_Always(2)),
            ),
            timeout=120,
        )
        await one.feed(INTERACTIONS, visits)
        found = await state(one)
    expected = await plainly(databases, identities.named(orders), identities.named(visits))
    for name, rows in expected.items():
        assert found[name] == rows, name
