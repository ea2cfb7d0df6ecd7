"""Who belongs, kept by events and by time, is who a recount finds; every change is told once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from services.campaigns.audience import persons_of
from services.campaigns.consent import words_of
from services.campaigns.main import create_service
from services.campaigns.segments import History, belongs, facts_of, histories_of, parse
from services.campaigns.segments.domain.condition import Condition
from services.campaigns.segments.domain.judging import day_at
from services.campaigns.segments.jobs import Maker, keep_making
from services.campaigns.segments.store import catalogue
from services.campaigns.segments.store.catalogue import Draft
from services.campaigns.settings import CampaignsSettings
from shared.contracts.orders import Clock, ClockAdvanced
from shared.contracts.shops import Shop
from shared.contracts.topics import (
    CAMPAIGNS_SEGMENTS,
    CONSENTS,
    CUSTOMERS,
    ERASURES,
    FEEDBACK_SURVEYS,
    LOYALTY_MEMBERS,
    LOYALTY_POINTS,
    LOYALTY_TIERS,
    METRICS_LIFECYCLE,
    ORDERS,
    ORDERS_BACKFILL,
)
from shared.db import acquire
from shared.kernel import DayOrdinal, FixedClock, Zone, derive_event_id, parse_customer_id
from shared.messaging.dead_letters import Cipher
from shared.testing import Databases
from shared.testing.databases import worker_url
from shared.testing.harness import TEST_SECRET, Harness, running
from tests.campaigns.ground import NOW, OTHER, SHOP, answered, erased, joined, name, points, stage, tier, told
from tests.campaigns_consent.test_pages import agreed
from tests.campaigns_segments.ground import condition
from tests.loyalty_orders.ground import START, Story, completed, refunded

pytestmark = pytest.mark.stack

AT_RISK = condition("age", since="last_order", least=30)
BUYERS = condition("number", field="orders", least=1)
CONDITIONS: dict[str, dict[str, Any]] = {
    "at-risk": AT_RISK,
    "buyers": BUYERS,
    "nobody-knows": condition("not", of=BUYERS),
    "big": condition("money", field="average_order", currency="USD", least=8_000),
    "gold": condition("among", field="tier", values=["gold"]),
    "news": condition("consent", channel="email", purpose="news"),
    "fresh": condition("age", since="first_order", most=75),
    "detractors": condition("among", field="nps_group", values=["detractor"]),
    "asked-lately": condition("age", since="last_answer", most=90),
    "either": condition(
        "any",
        of=[
            condition("number", field="points", least=50),
            condition("all", of=[condition("among", field="stage", values=["active"]), BUYERS]),
        ],
    ),
}


class Ground:
    """A worker, whose clock can be moved, and what a recount finds."""

    def __init__(self, harness: Harness, clock: FixedClock, shops: Sequence[Shop]) -> None:
        self.harness, self.clock, self.shops = harness, clock, {shop.number: shop for shop in shops}

    async def publish(self, segment: str, value: dict[str, Any], shop: Shop = SHOP, *, make: bool = True) -> None:
        async with acquire(self.harness.pool) as conn:
            draft = Draft(segment, parse(value))
            if not await catalogue.make(conn, shop.number, segment, draft, NOW):
                await catalogue.change(conn, shop.number, segment, draft, NOW)
            await catalogue.publish(conn, shop.number, segment, "test", NOW)
        if make:
            await self.make()

    async def make(self, chunk: int = 3) -> int:
        """Let everybody be judged by what was published; how many steps it took."""
        maker, steps = Maker(self.harness.pool, self.clock, chunk), 0
        while await maker.step():
            steps += 1
        return steps

    async def members(self) -> dict[tuple[int, str], set[int]]:
        found = defaultdict[tuple[int, str], set[int]](set)
        for shop, segment, customer in await self.harness.pool.fetch(
            "SELECT shop, segment, customer FROM segment_member"
        ):
            found[shop, segment].add(customer)
        return dict(found)

    async def recount(self) -> dict[tuple[int, str], set[int]]:
        """By what is known of everybody, one person and condition after the other."""
        found = defaultdict[tuple[int, str], set[int]](set)
        async with self.harness.pool.acquire() as conn:
            keys = {(row["shop"], row["customer"]) for row in await conn.fetch("SELECT shop, customer FROM profile")}
            persons = await persons_of(conn, keys)
            everybody = {(shop, one) for (shop, _), of in persons.items() for one in of.identities}
            words, histories = await words_of(conn, everybody), await histories_of(conn, everybody)
            held: dict[tuple[int, str], Condition] = {}
            for shop, segment in await conn.fetch("SELECT shop, id FROM segment WHERE version > 0"):
                draft = await catalogue.holding(conn, shop, segment)
                assert draft is not None
                held[shop, segment] = draft.condition
        for (shop, _), person in persons.items():
            zone = Zone(self.shops[shop].zone)
            own = [word for word in words if word.shop == shop and word.customer in person.identities]
            past = History.of(histories[shop, one] for one in person.identities)
            facts, today = facts_of(person.profile, own, zone, past), day_at(zone, self.clock.now())
            for at, of in held.items():
                if at[0] == shop and belongs(of, facts, today):
                    found[at].add(person.profile.customer)
        return dict(found)

    async def told(self) -> dict[tuple[str, str, int], list[str]]:
        """What was told of each segment and customer, in order."""
        found = defaultdict[tuple[str, str, int], list[str]](list)
        for one in await self.harness.published(CAMPAIGNS_SEGMENTS):
            data = one.event["data"]
            who = int(parse_customer_id(data["customer"]))
            found[one.event["shop"], data["segment"], who].append(one.event["type"].removeprefix("segment."))
        return dict(found)

    async def fire(self) -> int:
        return await self.harness.fire(ORDERS, range(12))

    async def agrees(self) -> None:
        """Members are those of a recount, and what was told leads there, step by step."""
        members = await self.members()
        assert members == await self.recount()
        for (shop, segment, who), steps in (await self.told()).items():
            number = next(one.number for one in self.shops.values() if one.slug == shop)
            assert steps == [("entered", "left")[at % 2] for at in range(len(steps))]
            assert (who in members.get((number, segment), ())) == (steps[-1] == "entered")


@asynccontextmanager
async def a_ground(databases: Databases, *shops: Shop, now: datetime = NOW) -> AsyncIterator[Ground]:
    clock = FixedClock(now)
    service = create_service(lambda: Cipher(TEST_SECRET))
    async with running(service, await databases.create("campaigns"), clock=clock) as harness:
        await harness.configure(*(shops or (SHOP, OTHER)))
        yield Ground(harness, clock, shops or (SHOP, OTHER))


def story(rng: Random) -> list[tuple[str, list[Any]]]:
    """What several services tell of a few customers of two shops."""
    apart = Random(7)
    answers = [answered(apart.randint(1, 7), n * 400, apart.choice([3, 9, 10])) for n in range(1, 12)]
    return [
        (CUSTOMERS, [told(one, n, email=f"c{one}@example.com") for n, one in enumerate(range(1, 7), 1)]),
        (ORDERS, Story(rng, customers=6, shops=(SHOP, OTHER)).tell(40)),
        (LOYALTY_POINTS, [points(rng.randint(1, 6), n, rng.randint(0, 99)) for n in range(20, 40)]),
        (LOYALTY_TIERS, [tier(rng.randint(1, 6), n, rng.choice(["gold", "silver", None])) for n in range(40, 55)]),
        (LOYALTY_MEMBERS, [joined(one, 55 + one) for one in (1, 2, 3)]),
        (
            METRICS_LIFECYCLE,
            [stage(one, n, rng.choice(["new", "active", "lapsing"]), n) for one in (1, 2, 7) for n in (1, 2)],
        ),
        (FEEDBACK_SURVEYS, answers),
        (
            CONSENTS,
            [agreed(one, n, ("news", rng.choice(["given", "withdrawn"]))) for n, one in enumerate([1, 2, 3, 1, 2], 70)],
        ),
        (
            CUSTOMERS,
            [told(2, 81, "merged", canonical=1), told(4, 82, "merged", canonical=6), told(8, 83, phone="+98912")],
        ),
        (CUSTOMERS, [told(4, 84, "unmerged"), told(5, 85, "merged", canonical=1)]),
        (ORDERS_BACKFILL, [completed(f"late-{one}", one, 9_000, hours=-800.0 * one) for one in (3, 4, 9)]),
    ]


@pytest.mark.parametrize(("seed", "batch"), [(1, 1), (1, 7), (2, 7), (1, 20_000), (3, 20_000)])
async def test_members_are_those_of_a_recount_whatever_comes_twice_and_late(
    databases: Databases, seed: int, batch: int
) -> None:
    rng = Random(seed)
    async with a_ground(databases) as ground:
        for shop in (SHOP, OTHER):
            for segment, value in CONDITIONS.items():
                await ground.publish(segment, value, shop)
        for at, (topic, events) in enumerate(story(Random(seed))):
            say: dict[str, Any] = {"batch": batch, "placed": "random", "doubled": 1.0, "shuffled": 30, "rng": rng}
            await ground.harness.feed(topic, events, **say)
            if at % 3 == 0:
                await ground.agrees()
        await ground.agrees()
        assert await ground.harness.dead_letters() == []
        assert len(await ground.members()) > 10, "the story is worth telling"
        await ground.harness.feed(ERASURES, [erased(1, 2, 5)], doubled=1.0)
        await ground.agrees()
        assert not {1, 2, 5} & set[int]().union(
            *(who for (shop, _), who in (await ground.members()).items() if shop == 1)
        )


async def test_a_version_is_made_for_everybody_in_pieces_that_can_be_broken_off(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_ground(databases) as ground:
        for topic, events in story(Random(5)):
            await ground.harness.feed(topic, events)
        assert await ground.members() == {}
        for segment, value in CONDITIONS.items():
            await ground.publish(segment, value, make=False)
        walked, calls = catalogue.walked, 0

        async def breaks(*given: Any) -> None:
            nonlocal calls
            calls += 1
            if calls % 2:
                raise RuntimeError("killed")
            await walked(*given)

        monkeypatch.setattr(catalogue, "walked", breaks)
        maker = Maker(ground.harness.pool, ground.clock, 2)
        for _ in range(300):
            try:
                if not await maker.step():
                    break
            except RuntimeError:
                maker = Maker(ground.harness.pool, ground.clock, 2)
        monkeypatch.undo()
        assert calls > len(CONDITIONS) * 4
        await ground.agrees()
        told = [one.event["data"] for one in await ground.harness.published(CAMPAIGNS_SEGMENTS)]
        assert {one["reason"] for one in told} == {"published"} and len(told) == len(await ground.told())
        await ground.publish("buyers", condition("not", of=BUYERS))
        await ground.agrees()
        versions = await ground.harness.pool.fetch("SELECT version, made, done, whole FROM segment WHERE id = 'buyers'")
        assert [tuple(row)[:2] for row in versions] == [(2, 2)] and versions[0]["done"] == versions[0]["whole"] > 5


async def test_a_worker_makes_what_is_published_beside_its_topics(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.harness.feed(ORDERS, [completed("o", 1)])
        name_of = await ground.harness.pool.fetchval("SELECT current_database()")
        settings = CampaignsSettings.load(
            "campaigns",
            database_url=worker_url(databases.url_of(name_of), "campaigns"),
            kafka_bootstrap_servers="127.0.0.1:1",
            secret_key=TEST_SECRET,
        )
        stop = asyncio.Event()
        job = asyncio.create_task(keep_making(settings, stop))
        await ground.publish("buyers", BUYERS, make=False)
        for _ in range(400):
            if await ground.members():
                break
            await asyncio.sleep(0.05)
        stop.set()
        await job
        await ground.agrees()


async def test_events_during_the_walk_are_kept_by_the_new_version(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.harness.feed(ORDERS, [completed(f"o{one}", one) for one in range(2, 12)])
        await ground.publish("buyers", condition("number", field="orders", least=2), make=False)
        maker = Maker(ground.harness.pool, ground.clock, 4)
        assert await maker.step()
        assert await maker.step()  # customers 2 to 5 were judged
        await ground.harness.feed(ORDERS, [completed(f"p{one}", one, hours=1) for one in (1, 3, 10)])
        await ground.harness.feed(ORDERS, [completed("q1", 1, hours=2), refunded("p10", "r", None, hours=3)])
        assert await ground.members() == {(1, "buyers"): {1, 3}}
        while await maker.step():
            pass
        await ground.agrees()
        assert {at[2]: steps for at, steps in (await ground.told()).items()} == {
            **{one: ["entered"] for one in (1, 3)},
            10: ["entered", "left"],
        }


@pytest.mark.parametrize("zone", ["Asia/Tehran", "Africa/Cairo"])
async def test_days_that_pass_change_members_without_any_event(databases: Databases, zone: str) -> None:
    shop = Shop(number=1, slug="laleh", name="Laleh", zone=zone, currency="USD")
    start = datetime(2026, 3, 20, 9, 30, tzinfo=UTC)
    async with a_ground(databases, shop, now=start) as ground:
        await ground.publish("at-risk", AT_RISK)
        month = condition("all", of=[condition("age", since="last_order", most=40), AT_RISK])
        await ground.publish("just-so", condition("any", of=[month, condition("age", since="first_order", least=55)]))
        orders = [completed(f"o{at}", at % 5 + 1, hours=24 * 19 - 11 * at + 0.45) for at in range(12)]
        await ground.harness.feed(ORDERS, orders)
        await ground.agrees()
        changed = 0
        for day in range(130):
            ground.clock.instant = Zone(zone).start_of(DayOrdinal(day_at(Zone(zone), start) + day + 1))
            ground.clock.advance(timedelta(microseconds=-1))
            assert await ground.fire() == 0, "a day lasts to its end"
            before = await ground.members()
            ground.clock.advance(timedelta(microseconds=1))
            await ground.fire()
            changed += before != await ground.members()
            assert await ground.members() == await ground.recount()
            if day == 20:
                await ground.harness.feed(ORDERS, [completed("again", 2, hours=24 * 39)])
        await ground.agrees()
        assert changed > 8
        assert {one.event["data"]["reason"] for one in await ground.harness.published(CAMPAIGNS_SEGMENTS)} >= {"time"}
        assert await ground.harness.pool.fetchval("SELECT count(*) FROM timer") == 0, "nothing will change by itself"


def clock_advanced(shop: Shop, until: datetime, partition: int) -> ClockAdvanced:
    return ClockAdvanced(
        id=derive_event_id(int(until.timestamp() * 1000), shop.slug, f"{until}:{partition}", "clock"),
        source="mandegar/gateway",
        subject=shop.slug,
        time=until,
        shop=shop.slug,
        data=Clock(until=until),
    )


@pytest.mark.parametrize("batch", [1, 7, 20_000])
async def test_a_replay_has_members_by_its_own_time(databases: Databases, batch: int) -> None:
    replay = Shop(number=1, slug="laleh", name="Laleh", zone="Asia/Tehran", currency="USD", clock="stream")
    async with a_ground(databases, replay) as ground:
        await ground.publish("at-risk", AT_RISK)
        orders = [completed(f"o{at}", at % 5 + 1, hours=24 * at) for at in range(20)]
        placed = [(at % 5 % 3, order) for at, order in enumerate(orders)]
        for day in range(70):
            until = START + timedelta(days=day)
            today = [one for one in placed if until - timedelta(days=1) < one[1].time <= until]
            clocks = [(partition, clock_advanced(replay, until, partition)) for partition in range(3)]
            await ground.harness.feed_placed(ORDERS, [*today, *clocks], batch=batch)
            await ground.harness.fire(ORDERS, range(3))
            ground.clock.instant = until
            if day % 7 == 0:
                assert await ground.members() == await ground.recount()
            ground.clock.instant = NOW
        ground.clock.instant = START + timedelta(days=69)
        await ground.agrees()
        assert await ground.members() == {(1, "at-risk"): {1, 2, 3, 4, 5}}


async def test_history_enters_as_history(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("buyers", BUYERS)
        await ground.harness.feed(ORDERS_BACKFILL, [completed("a", 1), completed("b", 2)])
        await ground.harness.feed(ORDERS, [completed("c", 3)])
        events = [one.event for one in await ground.harness.published(CAMPAIGNS_SEGMENTS)]
        origins = {one["data"]["customer"]: one["origin"] for one in events}
        assert origins == {name(1): "backfill", name(2): "backfill", name(3): "live"}
