"""Merge then unmerge is the same as never merged, whatever comes between; a person is a member by any identity."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest

from services.loyalty.programmes import Programme, Rate, Rule
from shared.contracts.customers import Customer, CustomerMerged, CustomerUnmerged, CustomerUpdated
from shared.contracts.shops import Shop
from shared.contracts.topics import CUSTOMERS, INTERACTIONS, ORDERS
from shared.kernel import derive_event_id
from shared.testing import Databases
from shared.testing.harness import Harness
from tests.loyalty_orders.ground import (
    FLAT,
    SHOP,
    START,
    Story,
    balances,
    completed,
    did,
    name,
    points,
    refunded,
    version,
    worker,
)

pytestmark = pytest.mark.stack
BY_EVENT: Programme = msgspec.structs.replace(
    FLAT, joining=("event",), rules=(Rule(id="spend", name="Spend", earn=Rate(points=1, per=100)),)
)
_FORMS = {"merged": CustomerMerged, "unmerged": CustomerUnmerged, "updated": CustomerUpdated}


def told(kind: str, customer: int, canonical: int, sequence: int, shop: Shop = SHOP) -> Any:
    """A word of `customers.v1`."""
    return _FORMS[kind](
        id=derive_event_id(sequence, shop.slug, f"{kind}:{customer}", "test"),
        source="mandegar/gateway",
        subject=name(customer),
        time=START,
        shop=shop.slug,
        sequence=sequence,
        data=Customer(customer=name(customer), canonical=name(canonical)),
    )


async def test_what_a_guest_bought_earns_by_the_membership_of_whom_they_turn_out_to_be(databases: Databases) -> None:
    async with worker(databases, {SHOP: [version(BY_EVENT)]}) as harness:
        await harness.feed(INTERACTIONS, [did("Member Joined", 1, hours=1)])
        await harness.feed(ORDERS, [completed("early", 2, hours=0), completed("late", 2, hours=2)])
        assert await balances(harness) == {}
        await harness.feed(CUSTOMERS, [told("merged", 2, 1, 5)])
        assert await balances(harness) == {(1, 2): (0, 100, 0)}, "in the guest's account, for the order since then"
        await harness.feed(ORDERS, [completed("next", 2, hours=3)])
        assert await points(harness, 2) == 200
        await harness.feed(CUSTOMERS, [told("unmerged", 2, 2, 6)])
        assert await points(harness, 2) == 0
        await harness.feed(ORDERS, [refunded("late", "r", 5_000, hours=4)])
        await harness.feed(CUSTOMERS, [told("merged", 2, 1, 7)])
        assert await points(harness, 2) == 150


async def test_an_older_word_on_an_identity_moves_nothing(databases: Databases) -> None:
    async with worker(databases, {SHOP: [version(BY_EVENT)]}) as harness:
        await harness.feed(INTERACTIONS, [did("Member Joined", 1)])
        await harness.feed(CUSTOMERS, [told("unmerged", 2, 2, 6), told("merged", 2, 1, 5)])
        await harness.feed(ORDERS, [completed("a", 2, hours=2)])
        assert await balances(harness) == {}


@pytest.mark.parametrize("seed", range(2))
async def test_merges_that_are_undone_leave_no_trace_in_balances(databases: Databases, seed: int) -> None:
    rng = Random(seed)
    events = Story(rng, customers=5, shops=(SHOP,)).tell(40)
    joins = [did("member joined", customer, hours=rng.uniform(0, 500)) for customer in (1, 2)]
    found = []
    for merging in (False, True):
        async with worker(databases, {SHOP: [version(BY_EVENT)]}) as harness:
            sequence = await _live(harness, events, joins, Random(seed + 10), merging=merging)
            if merging:
                ends = [told("unmerged", customer, customer, sequence + customer) for customer in range(1, 6)]
                await harness.feed(CUSTOMERS, ends)
            found.append(
                {who: pending + active - owed for who, (pending, active, owed) in (await balances(harness)).items()}
            )
            assert await harness.dead_letters() == []
    assert {who: total for who, total in found[0].items() if total} == {
        who: total for who, total in found[1].items() if total
    }
    assert found[0]


async def _live(harness: Harness, events: Any, joins: Any, rng: Random, *, merging: bool) -> int:
    sequence = 10
    for at in range(0, len(events), 8):
        await harness.feed(ORDERS, events[at : at + 8], batch=3, placed="random", rng=rng)
        if at == 16:
            await harness.feed(INTERACTIONS, joins)
        one, other = rng.sample(range(1, 6), 2)
        sequence += 1
        if merging:
            kind = "merged" if sequence % 3 else "unmerged"
            await harness.feed(CUSTOMERS, [told(kind, one, other if kind == "merged" else one, sequence)])
    return sequence
