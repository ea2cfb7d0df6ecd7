"""Merges on the stream clock: every stage ends as if events had named whom their customers are counted as."""

from __future__ import annotations

from random import Random

import pytest

from services.metrics.main import create_service
from shared.contracts.topics import CUSTOMERS, ORDERS
from shared.kernel import FixedClock, Zone
from shared.testing import Databases, running
from tests.metrics.streams import NOW
from tests.metrics.test_identities import PEOPLE, Identities
from tests.metrics_lifecycle.ground import FIXED, PARTITIONS, dirty, expected, interleaved, shop_of, standing
from tests.metrics_lifecycle.test_stream import orders_of, partitions_of

pytestmark = pytest.mark.stack


@pytest.mark.parametrize(("seed", "parts_all"), [(1, False), (2, False), (3, True)])
async def test_merges_between_orders_and_ticks_end_in_the_truth(
    databases: Databases, seed: int, parts_all: bool
) -> None:
    shop, rng = shop_of(FIXED), Random(seed)
    streams, identities = dirty(seed, shop), Identities(rng)
    events, sent = interleaved(streams, rng), 0
    async with running(create_service(), await databases.create("metrics"), clock=FixedClock(NOW)) as harness:
        await harness.configure(shop)
        for at in range(0, len(events), 40):
            await harness.feed_placed(ORDERS, events[at : at + 40], batch=rng.choice((1, 7, 500)))
            one, other = rng.sample(PEOPLE, 2)
            if rng.random() < 0.6:
                identities.merge(shop, one, other)
            else:
                identities.unmerge(shop, one)
            if parts_all and at > len(events) // 2:
                identities.unmerge_all()
            new, sent = identities.events[sent:], len(identities.events)
            await harness.feed_placed(CUSTOMERS, [(rng.randrange(PARTITIONS), event) for event in new])
            if rng.random() < 0.5:
                await harness.fire(ORDERS, range(PARTITIONS))
        await harness.fire(ORDERS, range(PARTITIONS))
        assert await harness.dead_letters() == []
        found = await standing(harness)
    until = Zone(shop.zone).day_of(max(event.time for _, event in streams[0]))
    named = identities.named(orders_of(streams))
    assert identities.into or parts_all
    assert {who: own for who, own in found.items() if own} == expected(
        named, shop, until, {}, dict.fromkeys(range(100), 0) | partitions_of(streams)
    )
