"""What runs ask of customers and of segments, on real PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.campaigns import JourneyRequest, SegmentChange, SegmentEntered
from shared.contracts.topics import CAMPAIGNS_REQUESTS, CAMPAIGNS_SEGMENTS, CUSTOMERS, LOYALTY_POINTS
from shared.testing import Databases
from tests.campaigns.ground import event, name, points, told
from tests.campaigns_journeys.ground import CART, ORDERS, SEND, a_ground, asked, ordered

pytestmark = pytest.mark.stack
BUYERS = {"kind": "number", "field": "orders", "least": 1}


async def test_a_branch_asks_for_the_person_as_they_are_when_the_run_comes_there(databases: Databases) -> None:
    rich = {"kind": "all", "of": [BUYERS, {"kind": "number", "field": "points", "least": 50}]}
    branch = {
        "kind": "branch",
        "id": "rich",
        "profile": rich,
        "trigger": [{"field": "days", "op": "at_least", "value": 7}],
        "yes": [{**SEND, "id": "yes"}],
        "no": [{**SEND, "id": "no"}],
    }
    journey = {"name": "J", "trigger": {"kind": "hand"}, "steps": [{"kind": "wait", "id": "w", "minutes": 60}, branch]}
    async with a_ground(databases) as ground:
        await ground.publish("rich", journey)
        await ground.harness.feed(CUSTOMERS, [told(n, 1) for n in (1, 2, 3, 4)])
        await ground.harness.feed(CAMPAIGNS_REQUESTS, [asked(n, "rich", "x", days=7) for n in (1, 2, 3)])
        await ground.harness.feed(CAMPAIGNS_REQUESTS, [asked(4, "rich", "x", days=6)])
        # Of one person, who is two identities: the order is of one, the points are of the other.
        await ground.harness.feed(CUSTOMERS, [told(9, 1), told(9, 2, "merged", canonical=1)])
        await ground.harness.feed(ORDERS, [ordered(9, "A-1"), ordered(2, "A-2"), ordered(4, "A-4")])
        await ground.harness.feed(LOYALTY_POINTS, [points(1, 1, 60), points(3, 1, 60), points(4, 1, 60)])
        await ground.later(61)
        ways = {who: (await ground.told(who))[2] for who in (1, 2, 3, 4)}
        assert ways == {1: "rich: yes", 2: "rich: no", 3: "rich: no", 4: "rich: no"}


@pytest.mark.parametrize(("also_published", "expected"), [(False, [1]), (True, [1, 2])])
async def test_who_enters_a_segment_enters_its_journey(
    databases: Databases, also_published: bool, expected: list[int]
) -> None:
    trigger = {"kind": "segment", "segment": "buyers", "published": also_published}
    journey = {"name": "J", "trigger": trigger, "steps": [SEND]}

    def into(customer: int, segment: str, reason: Any) -> Any:
        data = SegmentChange(customer=name(customer), segment=segment, version=1, reason=reason)
        made = event(SegmentEntered, customer, data, 3)
        return SegmentEntered(
            id=made.id, source=made.source, subject=made.subject, shop=made.shop, data=data, time=ground.clock.now()
        )

    async with a_ground(databases) as ground:
        await ground.publish("buyers", journey)
        changes = [into(1, "buyers", "event"), into(2, "buyers", "published"), into(3, "others", "event")]
        await ground.harness.feed(CAMPAIGNS_SEGMENTS, changes, doubled=1.0)
        await ground.fire()
        assert [who for who in (1, 2, 3) if await ground.told(who)] == expected


async def test_who_may_not_be_asked_for_is_set_aside_and_any_journey_may_be_entered_by_hand(
    databases: Databases,
) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("cart", CART)
        sound = [asked(1, "cart", "x", cart="c-1"), asked(2, "cart", "x")]
        broken = asked(3, "nothing", "x")
        nobody = asked(3, "cart", "y")
        nobody = type(nobody)(
            **{key: getattr(nobody, key) for key in ("id", "source", "subject", "time", "shop")},
            data=JourneyRequest(customer="nobody", journey="cart", occasion="y"),
        )
        await ground.harness.feed(CAMPAIGNS_REQUESTS, [*sound, broken, nobody])
        assert await ground.told() == ["entered c-1"], "of the other it is not known which cart is meant"
        assert sorted(one.reason for one in await ground.harness.dead_letters()) == ["customer", "journey"]
