"""The day's turn goes in its order, whoever begins it: activate, review, expire, announce."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from services.loyalty.programmes import AfterDays, Level, Rolling, Tiers
from shared.contracts.topics import LOYALTY_MEMBERS, LOYALTY_POINTS, LOYALTY_TIERS, ORDERS
from shared.kernel import Zone
from shared.messaging import crash
from shared.testing import Databases
from tests.loyalty_orders.ground import SHOP, START, completed, version
from tests.loyalty_tiers.ground import LEVELS, TIERED, TIERS, Ground, day, ground

pytestmark = pytest.mark.stack
WAITING = msgspec.structs.replace(TIERED, pending=AfterDays(days=10), expiry=Rolling(days=20))
BY_POINTS = msgspec.structs.replace(
    WAITING,
    tiers=Tiers(
        levels=(LEVELS[0], Level(id="silver", name="Silver", threshold=100)),
        by="points",
        window=TIERS.window,
        downgrade="reassess",
    ),
)
TURN = ["points.activated", "tier.changed", "points.expired", "points.expiring"]


async def told(here: Ground, since: int) -> list[str]:
    """What customer 1 was told since so many days after the first order, by number."""
    topics = (LOYALTY_MEMBERS, LOYALTY_POINTS, LOYALTY_TIERS)
    found = [one.event for topic in topics for one in await here.harness.published(topic)]
    begin = Zone(SHOP.zone).start_of(day(0) + since)  # type: ignore[arg-type]  # a day
    told = sorted((one["sequence"], one["type"], one["time"]) for one in found)
    assert [number for number, *_ in told] == list(range(1, len(told) + 1))
    return [form for _, form, time in told if time >= begin.isoformat().replace("+00:00", "Z")]


async def lives(here: Ground) -> None:
    """On the 31st day: one order's points start, another's expire, a third's will in a week, and gold is reviewed."""
    orders = [completed("a", revenue=50_000), completed("c", revenue=1_000, hours=7 * 24)]
    await here.harness.feed(ORDERS, [*orders, completed("b", revenue=1_000, hours=21 * 24)])
    assert await here.tiers() == {(1, 1): "gold"}


async def test_a_timer_turns_the_day_in_order_however_late(databases: Databases) -> None:
    for days in ((31,), (10, 17, 30, 31), (200,)):
        async with ground(databases, {SHOP: [version(WAITING)]}, now=START + timedelta(days=22)) as here:
            await lives(here)
            for after in days:
                here.clock.advance(START + timedelta(days=after, hours=1) - here.clock.now())
                await here.fire()
            assert (await told(here, 31))[:4] == TURN
            assert (await here.told())[1] == ("gold", "silver", "reviewed")


async def test_an_order_before_the_timer_finds_the_day_turned_in_order(databases: Databases) -> None:
    async with ground(databases, {SHOP: [version(WAITING)]}, now=START + timedelta(days=22)) as here:
        await lives(here)
        here.clock.advance(timedelta(days=9, hours=1))
        await here.harness.feed(ORDERS, [completed("d", revenue=20_000, hours=31 * 24)])
        assert await told(here, 31) == [*TURN, "points.earned"]
        points = await here.harness.pool.fetchval("SELECT points FROM occasion WHERE id = 'd'")
        assert points == 240, "it earns by the level that the review of its morning left"
        await here.fire()
        assert await told(here, 31) == [*TURN, "points.earned"], "the timer finds nothing more to do"


@pytest.mark.parametrize(("after", "expected"), [(31, []), (32, ["reviewed", "reached"])])
async def test_points_that_start_today_count_for_the_review_of_today(
    databases: Databases, after: int, expected: list[str]
) -> None:
    async with ground(databases, {SHOP: [version(BY_POINTS)]}, now=START + timedelta(days=1)) as here:
        await here.harness.feed(ORDERS, [completed("a", revenue=10_000)])
        assert await here.tiers() == {}, "its points wait"
        for days in range(2, 44):
            here.clock.advance(START + timedelta(days=days) - here.clock.now())
            if days == after:
                await here.harness.feed(ORDERS, [completed("b", revenue=10_000, hours=24 * days)])
            await here.fire()
        assert [why for *_, why in await here.told()] == ["reached", *expected]
        first = (await here.harness.published(LOYALTY_TIERS))[0].event["time"]
        begin = Zone(SHOP.zone).start_of(day(0) + 10)  # type: ignore[arg-type]  # a day
        assert first == begin.isoformat().replace("+00:00", "Z"), "as their waiting was over"
        assert await here.tiers() == {(1, 1): "silver"}


class Died(BaseException):
    """Nothing handles it, as nothing handles a death."""


async def test_wherever_a_worker_dies_in_the_turn_each_step_is_told_once(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ground(databases, {SHOP: [version(WAITING)]}, now=START + timedelta(days=22)) as here:
        await lives(here)
        points = ["timer_after_claim", "after_state", "after_outbox", "before_commit", "after_commit"]
        for after, dies in zip((23, 25, 30, 31, 62), points, strict=True):

            def at(name: str, dies: str = dies) -> None:
                if name == dies:
                    raise Died

            here.clock.advance(START + timedelta(days=after, hours=1) - here.clock.now())
            monkeypatch.setattr(crash, "at", at)
            with pytest.raises(Died):
                await here.fire()
            monkeypatch.undo()
            await here.fire()
        assert (await told(here, 31))[:4] == TURN
        assert [why for *_, why in await here.told()] == ["reached", "reviewed", "reviewed"]
        assert len({one.event["id"] for one in await here.harness.published()}) == len(await here.harness.published())
