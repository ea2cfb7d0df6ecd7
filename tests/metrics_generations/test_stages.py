"""Stages by other settings are those of a recount from nothing; what was told is taken back or kept, never repeated."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zlib import crc32

import pytest
from msgspec.structs import replace

from mandegar.recount.shops import changes_of_shop
from mandegar.recount.stages import StageRules
from services.metrics.generations.store import steps
from services.metrics.lifecycle import Stage
from services.metrics.main import create_service
from services.metrics.orders.store import settling
from shared.contracts.envelope import Envelope
from shared.contracts.interactions import Interaction, InteractionRecorded
from shared.contracts.shops import Lifecycle, Shop
from shared.contracts.topics import INTERACTIONS, METRICS_LIFECYCLE, ORDERS
from shared.kernel import CustomerId, FixedClock, Zone, customer_id_text
from shared.messaging.handling import Work
from shared.problems import Problem
from shared.testing import Databases
from shared.testing.harness import running
from tests.metrics.streams import START, facts_of
from tests.metrics_generations.ground import Shops, in_small_steps
from tests.metrics_lifecycle.ground import PARTITIONS, Placed, dirty, interleaved, shop_of

pytestmark = pytest.mark.stack

FIXED = Lifecycle(lost_days=40, onboarding_days=9, lapsing="fixed", lapsing_days=15)
PERSONAL = Lifecycle(lost_days=60, onboarding_days=9, lapsing="personal", lapsing_days=20, lapsing_quantile=70)
LATER = START + timedelta(days=300)
Changes = dict[str, list[tuple[int, str, str]]]
"""By customer: (day, previous, stage)."""


@asynccontextmanager
async def worker(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shops]:
    """Partitions are those of the streams below."""

    async def places_of(_: Work, __: Shop, customers: Sequence[int]) -> list[int]:
        return [place(customer_id_text(CustomerId(customer))) for customer in customers]

    monkeypatch.setattr("services.metrics.lifecycle.beside.places_of", places_of)
    clock = FixedClock(LATER)
    async with running(create_service(), await databases.create("metrics"), clock=clock) as harness:
        yield Shops(harness, clock)


def place(name: str | None) -> int:
    return crc32((name or "guest").encode()) % PARTITIONS


async def ended(shops: Shops) -> None:
    """Builds end, timers fire, and all that was published is what stands."""
    await shops.settle()
    await shops.harness.fire(ORDERS, range(PARTITIONS))
    assert await shops.told() == await shops.written()
    assert await shops.harness.dead_letters() == []


async def stages_of(shops: Shops) -> Changes:
    rows = await shops.harness.pool.fetch(
        "SELECT t.customer, t.day, t.previous, t.stage FROM transition t "
        "JOIN generation g ON g.shop = t.shop AND g.number = t.generation AND g.live WHERE retracted_by IS NULL"
    )
    found: Changes = {}
    for customer, day, previous, stage in rows:
        change = (day, Stage(previous).name.lower(), Stage(stage).name.lower())
        found.setdefault(customer_id_text(CustomerId(customer)), []).append(change)
    return {customer: sorted(changes) for customer, changes in found.items()}


def recounted(
    events: Sequence[Envelope], shop: Shop, until: datetime, visits: Mapping[str, Sequence[int]] | None = None
) -> Changes:
    """By the plain walk from day to day."""
    own = shop.lifecycle
    rules = StageRules(
        own.lost_days,
        own.onboarding_days,
        own.lapsing == "personal",
        own.lapsing_days,
        own.lapsing_floor,
        own.lapsing_quantile,
        own.activity,
    )
    days: dict[str, list[int]] = {}
    for fact in sorted(facts_of(events, shop), key=lambda fact: fact.day):
        if fact.customer:
            days.setdefault(customer_id_text(CustomerId(fact.customer)), []).append(fact.day)
    end = Zone(shop.zone).day_of(until)
    found = changes_of_shop(days, rules, end, visits=visits, partition_of=place if shop.clock == "stream" else None)
    return {
        customer: sorted((change.day, change.previous, change.stage) for change in changes)
        for customer, changes in found.items()
        if changes
    }


def orders_of(events: Sequence[Placed]) -> list[Envelope]:
    return [event for _, event in events if type(event).__name__ != "ClockAdvanced"]


async def feed(shops: Shops, events: Sequence[Placed]) -> None:
    await shops.harness.feed_placed(ORDERS, events, batch=40)


@pytest.mark.parametrize("clock", ["stream", "wall"])
async def test_after_each_change_stages_are_those_of_a_recount(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, clock: str
) -> None:
    in_small_steps(monkeypatch, orders=60, customers=5, touched=20)
    shop = shop_of(FIXED, zone="Asia/Tehran", clock=clock)
    streams = dirty(1, shop, orders=260)
    events = [one for one in interleaved(streams, Random(1)) if clock == "stream" or orders_of([one])]
    until = max(event.time for _, event in streams[0]) if clock == "stream" else LATER
    async with worker(databases, monkeypatch) as shops:
        await shops.choose(shop)
        await feed(shops, events)
        await shops.harness.fire(ORDERS, range(PARTITIONS))
        changes: tuple[dict[str, Any], ...] = (
            {"lifecycle": replace(FIXED, lost_days=25)},
            {"lifecycle": PERSONAL},  # its figures are of all days that the shop has seen
            {"zone": "America/Havana"},  # no midnight when its clocks go forward
            {"lifecycle": replace(PERSONAL, lapsing_quantile=50), "windows": (7, 20)},
            {"zone": "Africa/Cairo", "lifecycle": replace(FIXED, lapsing_days=30, onboarding_days=2)},
        )
        for change in changes:
            shop = replace(shop, **change)
            await shops.choose(shop)
            await ended(shops)
            assert await stages_of(shops) == recounted(orders_of(events), shop, until), change
            resting = await shops.harness.pool.fetchval("SELECT count(*) FROM customer_state WHERE figure_day > 0")
            assert (resting > 5) == (shop.lifecycle.lapsing == "personal")
        reasons = {one.event["data"].get("reason") for one in await shops.harness.published(METRICS_LIFECYCLE)}
        assert "settings" in reasons


@pytest.mark.parametrize("seed", range(3))
async def test_changes_amid_orders_clocks_and_timers_end_in_the_truth(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    in_small_steps(monkeypatch, orders=25, customers=4, touched=10)
    rng = Random(seed)
    shop = shop_of(FIXED, zone="Asia/Tehran")
    streams = dirty(seed, shop, orders=150, customers=12)
    events = interleaved(streams, rng)
    until = max(event.time for _, event in streams[0])
    choices: list[dict[str, Any]] = [
        {"lifecycle": replace(FIXED, lost_days=25)},
        {"lifecycle": replace(FIXED, lapsing_days=9, onboarding_days=3)},
        {"lifecycle": FIXED},
        {"zone": "America/Havana"},
        {"zone": "Asia/Beirut", "windows": (3, 11)},
        {"zone": "Asia/Tehran"},
    ]
    async with worker(databases, monkeypatch) as shops:
        await shops.choose(shop)
        at = 0
        while at < len(events):
            step = rng.randrange(1, 60)
            await feed(shops, events[at : at + step])
            at += step
            if rng.random() < 0.2:
                shop = replace(shop, **rng.choice(choices))
                await shops.choose(shop)
            for _ in range(rng.randrange(5)):
                await shops.tick()
            if rng.random() < 0.5:
                await shops.fall_due(range(PARTITIONS))
        shop = replace(shop, zone="Africa/Cairo", lifecycle=replace(FIXED, lost_days=33))
        await shops.choose(shop)
        await ended(shops)
        assert await stages_of(shops) == recounted(orders_of(events), shop, until)
        assert await shops.harness.pool.fetchval("SELECT max(number) FROM generation") >= 3


async def test_a_change_and_the_change_back_repeat_nothing(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shop_of(FIXED, zone="UTC")
    other = replace(shop, lifecycle=replace(FIXED, lapsing_days=30))
    streams = dirty(5, shop, orders=150)
    async with worker(databases, monkeypatch) as shops:
        await shops.choose(shop)
        await feed(shops, [one for stream in streams for one in stream])
        await shops.harness.fire(ORDERS, range(PARTITIONS))
        before, told = await shops.answers(), await shops.told()
        for one in (other, shop):  # back before anything of it was told: then nothing ever is
            await shops.choose(one)
            while not await shops.builds():
                await shops.tick()
            while await shops.builds():
                await shops.tick()
        await ended(shops)
        assert await shops.told() == told
        assert (await shops.answers())["transitions"] == before["transitions"]
        for one in (other, shop):  # and after: what was taken back is told once more, the rest never
            await shops.choose(one)
            await ended(shops)
        after = await shops.told()
        assert (await shops.answers())["transitions"] == before["transitions"]
        kept = sum(len(own.keys() & told[key].keys()) for key, own in after.items())
        assert 50 < kept < sum(map(len, told.values())), "what is true with both is the same event still"


@pytest.mark.parametrize("activity", ["visits", "either"])
async def test_visits_count_that_were_made_before_the_shop_asked_for_them(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, activity: Any
) -> None:
    in_small_steps(monkeypatch, orders=50, customers=5)
    rng = Random(4)
    shop = shop_of(FIXED, zone="UTC")
    streams = dirty(7, shop, orders=100)
    names = [customer_id_text(CustomerId(1 + at * 7)) for at in range(16)]
    visits = {name: sorted(set(rng.choices(range(130), k=rng.randrange(15)))) for name in names}
    first = Zone("UTC").day_of(START)
    async with worker(databases, monkeypatch) as shops:
        await shops.choose(shop)
        await feed(shops, [one for stream in streams for one in stream])
        told = [(place(name), visited(name, day)) for name, days in visits.items() for day in days]
        await shops.harness.feed_placed(INTERACTIONS, told, batch=20)
        shop = replace(shop, lifecycle=replace(FIXED, activity=activity))
        await shops.choose(shop)
        await ended(shops)
        orders = orders_of([one for stream in streams for one in stream])
        until = max(event.time for _, event in streams[0])
        days = {name: [first + day for day in own] for name, own in visits.items()}
        assert await stages_of(shops) == recounted(orders, shop, until, days)


def visited(name: str, day: int) -> InteractionRecorded:
    data = Interaction(name="product viewed", customer=name)
    at = START.replace(hour=12) + timedelta(days=day)
    return InteractionRecorded(id=f"{name}-{day}", source="s", subject="v", time=at, shop="demo", data=data)


async def test_while_orders_are_given_other_days_who_searches_them_is_asked_to_wait(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_small_steps(monkeypatch)
    monkeypatch.setattr(steps, "ORDERS_MAX", 1000)
    shop = shop_of(FIXED, zone="UTC")
    async with worker(databases, monkeypatch) as shops:
        await shops.choose(shop)
        await feed(shops, [one for stream in dirty(3, shop, orders=60) for one in stream])
        await shops.choose(replace(shop, zone="Asia/Tehran"))
        refused = 0
        while await shops.tick():
            phases = {build["phase"] for build in await shops.builds()}
            async with shops.harness.pool.acquire() as conn:
                if 5 in phases:
                    with pytest.raises(Problem):
                        await settling.refuse_unsettled(conn, 1)
                    refused += 1
                else:
                    await settling.refuse_unsettled(conn, 1)
        assert refused > 2
