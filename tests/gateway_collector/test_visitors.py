"""Visitors who become known: what their browser does later is theirs, as long as one person alone was seen with it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.gateway.collector.domain import Refused
from services.gateway.identity import merge_customers, unmerge_customer
from services.gateway.main import create_service
from services.gateway.shops import list_shops
from shared.contracts.topics import RAW_INTERACTIONS
from shared.kernel import FixedClock, parse_customer_id
from shared.testing.harness import Harness
from tests.gateway.ground import NOW, SECRET, random_ids
from tests.gateway_collector.onward import VISITOR, Onward

pytestmark = pytest.mark.stack
OTHER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
CLOCK = FixedClock(NOW)


def seen(number: int, visitor: str | None = VISITOR, user: str | None = None, **more: Any) -> dict[str, Any]:
    """A page view by a browser, and by whom if it is said."""
    who = {"anonymousId": visitor} | ({"userId": user} if user else {})
    return {"event": "Product Viewed", "messageId": f"v-{number}", "properties": {"sku": "TEA"}, **who, **more}


async def customers(onward: Onward) -> list[str | None]:
    """Whose the interactions are, in their order."""
    return [event["data"]["customer"] for event in await onward.out("interactions.v1")]


async def of(onward: Onward, user: str) -> str:
    """The customer behind a shop's id."""
    (found,) = {
        event["data"]["customer"]
        for event in await onward.out("customers.v1")
        if event["data"]["shop_customer_id"] == user
    }
    return str(found)


@pytest.mark.parametrize("how", ["identify", "alias", "track", "group"])
async def test_what_a_browser_does_after_it_was_seen_with_somebody_is_theirs(onward: Onward, how: str) -> None:
    calls = {
        "identify": {"userId": "U-1", "anonymousId": VISITOR, "messageId": "i"},
        "alias": {"userId": "U-1", "previousId": VISITOR, "messageId": "i"},
        "track": seen(9, user="U-1"),
        "group": {"userId": "U-1", "anonymousId": VISITOR, "groupId": "g", "messageId": "i"},
    }
    await onward.feed([onward.collect("track", seen(1))])
    await onward.feed([onward.collect(how, calls[how])])
    await onward.feed([onward.collect("track", seen(2)), onward.collect("page", {"anonymousId": OTHER})])
    known = await of(onward, "U-1")
    told = await customers(onward)
    assert (told[0], told[-2:]) == (None, [known, None])
    assert {event["data"]["visitor"] for event in await onward.out("interactions.v1")} == {VISITOR, OTHER}
    assert onward.refused == []


async def test_who_was_found_by_a_phone_alone_and_has_an_id_later_is_one_person_with_one_browser(
    onward: Onward,
) -> None:
    traits = {"traits": {"phone": "09121234567"}}
    await onward.feed([onward.collect("identify", {"anonymousId": VISITOR, "messageId": "g", **traits})])
    await onward.feed(
        [onward.collect("identify", {"userId": "U-1", "anonymousId": VISITOR, "messageId": "i", **traits})]
    )
    await onward.feed([onward.collect("track", seen(1)), onward.collect("track", seen(2, user="U-1"))])
    assert set(await customers(onward)) == {await of(onward, "U-1")}


async def test_a_browser_of_two_people_is_nobodys_and_joins_them_not(onward: Onward) -> None:
    await onward.feed([onward.collect("track", seen(1, user="U-1"))])
    await onward.feed([onward.collect("track", seen(2, user="U-2")), onward.collect("track", seen(3))])
    await onward.feed([onward.collect("track", seen(4, user="U-1")), onward.collect("track", seen(5))])
    one, two = await of(onward, "U-1"), await of(onward, "U-2")
    assert one != two and await customers(onward) == [one, two, None, one, None]
    assert await onward.pool.fetchval("SELECT count(*) FROM customer WHERE canonical <> customer") == 0


async def test_a_browser_says_nothing_of_a_phone_that_somebody_else_gave_in_it(onward: Onward) -> None:
    await onward.feed([onward.collect("track", seen(1, user="U-1"))])
    guest = {"context": {"traits": {"phone": "09350000001"}}}
    await onward.feed([onward.collect("track", seen(2, **guest)), onward.collect("track", seen(3))])
    one, other, after = await customers(onward)
    assert one != other and after is None


async def test_people_whom_staff_merged_share_a_browser_and_keep_their_own_when_they_are_parted(onward: Onward) -> None:
    await onward.feed([onward.collect("track", seen(1, user="U-1")), onward.collect("track", seen(2, OTHER, "U-2"))])
    one, two = await of(onward, "U-1"), await of(onward, "U-2")
    (shop,) = await list_shops(onward.pool)
    of_two = parse_customer_id(two)
    await merge_customers(onward.pool, CLOCK, shop, of_two, into=parse_customer_id(one), reason="")
    await onward.feed([onward.collect("track", seen(3, user="U-2")), onward.collect("track", seen(4))])
    assert (await customers(onward))[2:] == [two, one], "events name identities; both are one person"
    await unmerge_customer(onward.pool, CLOCK, shop, of_two, reason="")
    await onward.feed([onward.collect("track", seen(5)), onward.collect("track", seen(6, OTHER))])
    assert (await customers(onward))[4:] == [one, two], "as if it had never been"


async def test_values_that_identify_nobody_are_no_browser(onward: Onward) -> None:
    await onward.feed([onward.collect("track", seen(1, "null", "U-1")), onward.collect("track", seen(2, "NULL"))])
    assert await customers(onward) == [await of(onward, "U-1"), None]
    assert [event["data"]["visitor"] for event in await onward.out("interactions.v1")] == [None, None]
    with pytest.raises(Refused):
        onward.collect("identify", {"anonymousId": "undefined", "messageId": "i"})


async def test_more_browsers_than_one_person_has_lead_nowhere(onward: Onward) -> None:
    many = [f"browser-{number}" for number in range(103)]
    await onward.feed([onward.collect("track", seen(n, one, "U-1")) for n, one in enumerate(many)])
    await onward.feed([onward.collect("track", seen(1_000 + n, one)) for n, one in enumerate(many)])
    told = (await customers(onward))[103:]
    assert (sum(one is not None for one in told), told[:100]) == (100, [await of(onward, "U-1")] * 100)


async def test_an_event_that_comes_again_and_other_batches_change_nothing(onward: Onward) -> None:
    calls = [seen(1), seen(2, user="U-1"), seen(3), seen(4, user="U-2"), seen(5), seen(6, OTHER, "U-2"), seen(7, OTHER)]
    messages = [onward.collect("track", call) for call in calls]
    for message in [*messages, *messages]:
        await onward.feed([message])
    one, two = await of(onward, "U-1"), await of(onward, "U-2")
    assert await customers(onward) == [None, one, one, two, None, two, two]


async def test_workers_that_see_one_browser_with_many_people_at_once_make_it_nobodys(onward: Onward) -> None:
    people = [f"U-{number}" for number in range(12)]
    await onward.feed([onward.collect("track", seen(n, f"own-{n}", user)) for n, user in enumerate(people)])
    workers = [Harness(create_service(SECRET, random_ids(50 + n)), onward.pool, CLOCK) for n in range(3)]

    async def work(partition: int, worker: Harness) -> None:
        for number, user in enumerate(people[partition::3]):
            value = onward.collect("track", seen(100 + 10 * partition + number, user=user)).value
            await worker.feed_placed(RAW_INTERACTIONS, [(20 + partition, value)])

    async with asyncio.timeout(60):
        await asyncio.gather(*(work(partition, worker) for partition, worker in enumerate(workers)))
    await onward.feed([onward.collect("track", seen(200)), onward.collect("track", seen(201, "own-3"))])
    assert (await customers(onward))[-2:] == [None, await of(onward, "U-3")]
    assert sum(one is not None for one in await customers(onward)) == 12 + 12 + 1
