"""Rules that ask for segments: orders earn by those that their customers were in when they ordered."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import msgspec
import pytest

from services.loyalty.programmes import All as AllOf
from services.loyalty.programmes import FirstOnes, Fixed, Not, Programme, Rate, Rule, Segment
from services.loyalty.segments import standing_of
from services.loyalty.trials.api import router as trials_router
from shared.contracts.campaigns import SegmentChange, SegmentEntered, SegmentLeft
from shared.contracts.shops import Shop
from shared.contracts.topics import CAMPAIGNS_SEGMENTS, CUSTOMERS, ORDERS
from shared.kernel import derive_event_id
from shared.testing import Databases
from tests.loyalty_orders.answering import answering
from tests.loyalty_orders.ground import FLAT, OTHER, SHOP, START, balances, broken, completed, name, points, version
from tests.loyalty_orders.ground import worker as a_worker
from tests.loyalty_orders.programmes import publish
from tests.loyalty_orders.test_identities import told

pytestmark = pytest.mark.stack
BY_SEGMENT = Programme(
    name="Points",
    currency="USD",
    rules=(
        Rule(id="spend", name="Spend", earn=Rate(points=1, per=100)),
        Rule(id="regulars", name="Regulars", earn=Fixed(points=50), when=Segment(names=("Regulars", "friends"))),
        Rule(
            id="not-lost",
            name="First, and not lost",
            earn=Fixed(points=7),
            when=AllOf(of=(FirstOnes(count=1), Not(that=Segment(names=("lost",))))),
        ),
    ),
)


def change(
    customer: int, segment: str, hours: float, *, entered: bool = True, shop: Shop = SHOP, sequence: int = 0
) -> Any:
    """Somebody enters a segment, or leaves it."""
    at, sequence = START + timedelta(hours=hours), sequence or int(hours * 10) + 1
    form = SegmentEntered if entered else SegmentLeft
    return form(
        id=derive_event_id(int(at.timestamp() * 1000), shop.slug, f"{customer}:{segment}:{sequence}", "segment"),
        source="mandegar/campaigns",
        subject=name(customer),
        time=at,
        shop=shop.slug,
        sequence=sequence,
        data=SegmentChange(customer=name(customer), segment=segment, version=1, reason="event"),
    )


CHANGES = [
    change(1, "regulars", 1),
    change(1, "regulars", 5, entered=False),
    change(1, "others", 0),
    change(2, "lost", 0),
    change(2, "friends", 0.5),
    change(1, "regulars", 6, shop=OTHER),
]
ORDERED = [
    *(completed(f"a{hours}", 1, hours=hours) for hours in (0.5, 1, 2, 5, 6)),
    *(completed(f"b{hours}", 2, hours=hours) for hours in (0.4, 3)),
]


async def test_orders_earn_by_the_segments_of_their_moment(databases: Databases) -> None:
    for batch in (1, 7):
        async with a_worker(databases, {SHOP: [version(BY_SEGMENT)]}) as harness:
            rng = Random(batch)
            await harness.feed(CAMPAIGNS_SEGMENTS, CHANGES, batch=batch, doubled=1.0, shuffled=9, rng=rng)
            await harness.feed(ORDERS, ORDERED, batch=batch, doubled=1.0, placed="one", rng=rng)
            rows = dict(await harness.pool.fetch("SELECT id, points FROM occasion"))
            assert rows == {"a0.5": 107, "a1": 100, "a2": 150, "a5": 150, "a6": 100, "b0.4": 100, "b3": 150}
            await harness.feed(CAMPAIGNS_SEGMENTS, [change(1, "regulars", 0.1, sequence=99)])
            await harness.feed(ORDERS, [completed("a0.5", 1, hours=0.5, number=1)])
            assert await points(harness) == 107 + 100 + 150 + 150 + 100, "what was judged stands"
            assert await standing_of(harness.pool, 1, 2) == ["friends", "lost"]
            assert await broken(harness) == []


async def test_a_person_is_in_the_segments_of_all_their_identities(databases: Databases) -> None:
    async with a_worker(databases, {SHOP: [version(BY_SEGMENT)]}) as harness:
        await harness.feed(CAMPAIGNS_SEGMENTS, [change(2, "friends", 0)])
        await harness.feed(CUSTOMERS, [told("updated", 1, 1, 1), told("updated", 2, 2, 1), told("merged", 2, 1, 2)])
        await harness.feed(ORDERS, [completed("a", 1, hours=3), completed("c", 3, hours=3)])
        assert {who: held[1] for (_, who), held in (await balances(harness)).items()} == {1: 157, 3: 107}


async def test_on_the_stream_clock_the_segments_count_that_are_known_by_now(databases: Databases) -> None:
    streams = Shop(number=1, slug="laleh", name="Laleh", zone="Asia/Tehran", currency="USD", clock="stream")
    async with a_worker(databases, {}) as harness:
        await harness.configure(streams)
        await publish(harness.pool, {streams: [version(BY_SEGMENT)]})
        await harness.feed(CAMPAIGNS_SEGMENTS, [change(1, "regulars", 24 * 300)])
        await harness.feed(ORDERS, [completed("a", 1, hours=3)])
        assert await points(harness) == 157


async def test_what_names_nobody_is_set_aside(databases: Databases) -> None:
    async with a_worker(databases, {SHOP: [version(BY_SEGMENT)]}) as harness:
        nobody = SegmentChange(customer="nobody", segment="regulars", version=1, reason="event")
        bad = msgspec.structs.replace(change(1, "regulars", 0), data=nobody)
        await harness.feed(CAMPAIGNS_SEGMENTS, [bad])
        assert [one.reason for one in await harness.dead_letters()] == ["customer"]
        assert await harness.pool.fetchval("SELECT count(*) FROM belonging") == 0


async def test_a_draft_may_ask_for_segments_that_no_version_asked_for(databases: Databases) -> None:
    async with answering(databases, {SHOP: [version(FLAT)]}, [trials_router], ["programmes:read"]) as there:
        await there.worker.feed(CAMPAIGNS_SEGMENTS, [change(1, "regulars", 24 * 80)])
        await there.worker.feed(ORDERS, [completed("a", 1, hours=24 * 79), completed("b", 1, hours=24 * 81)])
        rules = [
            {"id": "spend", "name": "Spend", "earn": {"kind": "rate", "points": 1, "per": 100}},
            {
                "id": "regulars",
                "name": "Regulars",
                "earn": {"kind": "fixed", "points": 50},
                "when": {"kind": "segment", "names": ["regulars"]},
            },
        ]
        programme = {"name": "Points", "currency": "USD", "rules": rules}
        answer = await there.http.post("/v1/programmes/trial", json={"programme": programme})
        assert answer.status_code == 200, answer.text
        assert answer.json()["before"]["points"] == 200 == answer.json()["posted"]
        assert answer.json()["after"]["rules"] == {"spend": 200, "regulars": 50}
