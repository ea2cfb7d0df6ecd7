"""Two workers at once, on orders and customers that they share: no circle of waiting, nothing lost or doubled."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from services.metrics.main import create_service
from shared.contracts.topics import ORDERS
from shared.kernel import FixedClock
from shared.testing import Databases
from shared.testing.harness import running
from tests.metrics.streams import NOW, SHOPS, Story, counters_of
from tests.metrics.test_consumer import counted

pytestmark = pytest.mark.stack


class _Always(Random):
    """Places every event in one partition."""

    partition = 0

    def randrange(self, *_: object) -> int:  # type: ignore[override]
        return self.partition


class _AlwaysOther(_Always):
    partition = 1


@pytest.mark.parametrize("plain", [False, True])
async def test_two_workers_that_share_every_customer_count_exactly(databases: Databases, plain: bool) -> None:
    events = Story(Random(7), customers=60, shops=SHOPS[:2]).tell(400, plain=plain)
    Random(7).shuffle(events)
    if plain:  # the same orders by both ways, under two event ids, as two producers would send them
        halves = [
            events,
            [type(event)(**{**_fields(event), "id": event.id.replace("-8000-", "-9000-")}) for event in events],
        ]
    else:
        halves = [events[0::2], events[1::2]]
    url = await databases.create("metrics")
    clock = FixedClock(NOW)
    async with running(create_service(), url, clock=clock) as one, running(create_service(), url, clock=clock) as other:
        await one.configure(*SHOPS)
        await asyncio.wait_for(
            asyncio.gather(
                one.feed(ORDERS, halves[0], batch=25, placed="random", rng=_Always()),
                other.feed(ORDERS, halves[1], batch=25, placed="random", rng=_AlwaysOther()),
            ),
            timeout=120,
        )
        for shop in SHOPS[:2]:
            assert await counted(one, shop) == counters_of(events, shop)
        assert await one.dead_letters() == []


def _fields(event: object) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__struct_fields__}  # type: ignore[attr-defined]
