"""A shop's new settings are counted beside the live ones while orders flow, and switched at once."""

from __future__ import annotations

from random import Random

import msgspec
import pytest

from services.metrics.generations import Phase
from services.metrics.main import create_service
from shared.contracts.shops import Lifecycle, Shop
from shared.contracts.topics import CUSTOMERS, ORDERS
from shared.kernel import FixedClock
from shared.testing import Databases
from shared.testing.harness import running
from tests.metrics.streams import NOW, SHOPS, Story, counters_of
from tests.metrics.test_identities import Identities
from tests.metrics_generations.ground import Shops, in_small_steps, with_settings_from_the_start

pytestmark = pytest.mark.stack
ZONES = ("Asia/Tehran", "Africa/Cairo", "Asia/Beirut", "America/Havana", "Pacific/Apia", "UTC")

LIVES = (
    Lifecycle(),
    Lifecycle(lost_days=90),
    Lifecycle(lost_days=40, lapsing="fixed", lapsing_days=15, onboarding_days=5),
    Lifecycle(lapsing="fixed", lapsing_days=200, activity="either"),
    Lifecycle(lost_days=60, lapsing="fixed", lapsing_days=20, activity="visits"),
)


def another(rng: Random, shop: Shop) -> Shop:
    """Other settings, one or many of them."""
    zone, calendar = rng.choice(ZONES), rng.choice(("gregorian", "jalali"))
    if rng.random() < 0.4:
        zone, calendar = shop.zone, shop.calendar
    return msgspec.structs.replace(
        shop,
        zone=zone,
        calendar=calendar,
        windows=rng.choice(((5, 30, 90), (7,), (30, 365), (1, 2, 14))),
        loyal_over=rng.choice((1, 2, 4, 6)),
        periods=rng.choice(((30,), (7, 30), ())),
        closing_days=rng.choice((0, 3, 10)),
        lifecycle=rng.choice(LIVES),
    )


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_changes_while_orders_flow_every_counter_is_that_of_a_fresh_build(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    rng = Random(seed)
    in_small_steps(monkeypatch)
    events = Story(rng, customers=14, shops=SHOPS, days=260).tell(130)
    rng.shuffle(events)
    clock = FixedClock(NOW)
    chosen = {shop.slug: shop for shop in SHOPS}
    async with running(create_service(), await databases.create("metrics"), clock=clock) as harness:
        shops = Shops(harness, clock)
        await shops.choose(*SHOPS)
        at = len(events) // 3
        await shops.sell(events[:at], rng=rng)
        while at < len(events):
            if rng.random() < 0.08:  # once more while it is built, now and then; and back to what was
                for shop in rng.sample(SHOPS, rng.randrange(1, 4)):
                    chosen[shop.slug] = shop if rng.random() < 0.25 else another(rng, shop)
                    await shops.choose(chosen[shop.slug])
            step = rng.randrange(1, 6)
            await shops.sell(events[at : at + step], rng=rng, batch=rng.choice((1, 2, 9)))
            at += step
            for _ in range(rng.randrange(4)):
                await shops.tick()
        chosen = {slug: another(rng, shop) for slug, shop in chosen.items()}
        await shops.choose(*chosen.values())
        moments = await shops.settle()
        assert moments > 10, "that was too quick to have been built in steps"
        found = await shops.answers()
        await harness.fire(ORDERS, range(12))
        assert await shops.answers() == found, "telling changes nothing"
        assert await shops.told() == await shops.written()
        left = {
            name: await harness.pool.fetchval(f"SELECT count(*) FROM {name}")
            for name in ("generation_build", "built_order", "built_spell", "built_gap", "touched_order")
        }
        assert not any(left.values()), left
        numbers = await harness.pool.fetch(
            "SELECT shop, generation FROM counter UNION SELECT shop, generation FROM customer_state"
        )
        live = await harness.pool.fetch("SELECT shop, number FROM generation WHERE live")
        assert {tuple(row) for row in numbers} <= {tuple(row) for row in live}, "old generations are gone"
        rows = await harness.pool.fetch(
            "SELECT s.slug, c.measure, c.param, c.currency, c.day, c.gap, sum(c.value)::bigint FROM counter c "
            "JOIN shop s ON s.number = c.shop WHERE c.basis = 0 AND c.measure NOT IN (13, 14) "
            "GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(c.value) <> 0"
        )
    fresh = await with_settings_from_the_start(databases, list(chosen.values()), events)
    for name, wanted in fresh.items():
        assert found[name] == wanted, (name, sorted(found[name] ^ wanted)[:6])
    assert len(found["counters"]) > 300
    for slug, shop in chosen.items():
        counted = {tuple(row)[1:6]: row[6] for row in rows if row[0] == slug}
        assert counted == counters_of(events, shop), "the recount by brute force"


async def test_figures_stay_those_of_the_live_generation_until_the_switch(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_small_steps(monkeypatch)
    rng = Random(3)
    events = Story(rng, shops=SHOPS[:1]).tell(60)
    shop = msgspec.structs.replace(SHOPS[0], zone="Asia/Tehran", windows=(7, 14))
    clock = FixedClock(NOW)
    async with running(create_service(), await databases.create("metrics"), clock=clock) as harness:
        shops = Shops(harness, clock)
        await shops.choose(SHOPS[0])
        await shops.sell(events[:100], rng=rng)
        before = await shops.answers()
        await shops.choose(shop)
        while not await shops.builds():
            assert await shops.tick()
        seen = 0
        while [build for build in await shops.builds() if build["phase"] != Phase.SETTLING]:
            assert await shops.answers() == before
            seen += 1
            await shops.tick()
        assert seen > 10
        assert await shops.builds(), "more orders move than are given other days at once"
        await shops.settle()
        after = await shops.answers()
    assert after == await with_settings_from_the_start(databases, [shop], events[:100])


async def test_settings_that_no_counter_follows_build_nothing(databases: Databases) -> None:
    clock = FixedClock(NOW)
    async with running(create_service(), await databases.create("metrics"), clock=clock) as harness:
        shops = Shops(harness, clock)
        await shops.choose(SHOPS[0])
        await shops.sell(Story(Random(1), shops=SHOPS[:1]).tell(5), rng=Random(1))
        await shops.choose(
            msgspec.structs.replace(SHOPS[0], name="Another name", benchmark="beauty", windows=(90, 5, 30))
        )
        assert await shops.settle() == 1
        assert await harness.pool.fetchval("SELECT count(*) FROM generation") == 1


@pytest.mark.parametrize("seed", range(3))
async def test_identities_merged_and_parted_while_a_build_goes_on_count_as_in_a_fresh_build(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    rng, identities = Random(seed), Identities(Random(seed + 50))
    in_small_steps(monkeypatch)
    events = Story(rng, customers=9, shops=SHOPS, days=260).tell(90)
    rng.shuffle(events)
    clock, sent = FixedClock(NOW), 0
    async with running(create_service(), await databases.create("metrics"), clock=clock) as harness:
        shops = Shops(harness, clock)
        await shops.choose(*SHOPS)
        await shops.sell(events[:60], rng=rng)
        chosen = [another(rng, shop) for shop in SHOPS]
        await shops.choose(*chosen)
        for at in range(60, len(events), 4):
            identities.anything()
            await harness.feed(CUSTOMERS, identities.events[sent:], placed="random", rng=rng)
            sent = len(identities.events)
            await shops.tick()
            await shops.sell(events[at : at + 4], rng=rng)
        await shops.settle()
        found = await shops.answers()
    fresh = await with_settings_from_the_start(databases, chosen, identities.named(events))
    for name, rows in fresh.items():
        assert found[name] == rows, (seed, name)
