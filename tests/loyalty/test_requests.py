"""Points and rewards that services ask for are given once for each request, however it is told."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from shared.contracts.loyalty_requests import PointsRequest, PointsRequested, RewardRequest, RewardRequested
from shared.contracts.topics import LOYALTY_POINTS, LOYALTY_REQUESTS, LOYALTY_REWARDS, ORDERS
from shared.testing import Databases
from tests.loyalty_orders.ground import NOW, balances, broken, completed, name, worker
from tests.loyalty_rewards.ground import an_api

pytestmark = pytest.mark.stack


def asked(customer: int, request: str, points: int = 50, event: str = "", shop: str = "laleh", **more: Any) -> Any:
    data = PointsRequest(id=request, customer=name(customer), points=points, reason="goodwill", ref="case:7")
    return PointsRequested(
        id=event or f"e-{request}", source="mandegar/feedback", subject=name(customer), time=NOW, shop=shop,
        data=data, **more,
    )  # fmt: skip


@pytest.mark.parametrize("batch", [1, 7, 20_000])
async def test_a_request_is_points_once_whatever_comes_twice(databases: Databases, batch: int) -> None:
    async with worker(databases) as harness:
        wanted = [asked(n % 5 + 1, f"r-{n}", n + 1) for n in range(20)]
        again = [asked(n % 5 + 1, f"r-{n}", n + 1, event=f"another-{n}") for n in range(20)]
        await harness.feed(
            LOYALTY_REQUESTS, [*wanted, *again], batch=batch, doubled=0.5, shuffled=40, placed="random", rng=Random(5)
        )
        expected = {(1, who): (0, sum(n + 1 for n in range(20) if n % 5 + 1 == who), 0) for who in range(1, 6)}
        assert await balances(harness) == expected
        told = [one.event for one in await harness.published(LOYALTY_POINTS)]
        assert len(told) == 20 and {one["type"] for one in told} == {"points.earned"}
        assert {one["data"]["source"]["kind"] for one in told} == {"correction"}
        assert sorted(one["data"]["source"]["id"] for one in told) == sorted(f"request:r-{n}" for n in range(20))
        assert await broken(harness) == [] and await harness.dead_letters() == []


async def test_a_request_that_changes_its_mind_or_names_nobody_is_set_aside(databases: Databases) -> None:
    async with worker(databases) as harness:
        nobody = PointsRequest(id="r-2", customer="nobody", points=5, reason="goodwill")
        event = PointsRequested(id="e-2", source="mandegar/feedback", subject="x", time=NOW, shop="laleh", data=nobody)
        await harness.feed(LOYALTY_REQUESTS, [asked(1, "r-1"), asked(1, "r-1", 60, event="e-3"), event])
        assert await balances(harness) == {(1, 1): (0, 50, 0)}
        assert [one.reason for one in await harness.dead_letters()] == ["request", "request"]


def wanted(customer: int, request: str, reward: str, event: str = "") -> Any:
    data = RewardRequest(id=request, customer=name(customer), reward=reward, ref="journey:welcome")
    return RewardRequested(
        id=event or f"g-{request}",
        source="mandegar/campaigns",
        subject=name(customer),
        time=NOW,
        shop="laleh",
        data=data,
    )


async def test_a_reward_is_given_once_for_each_request_as_far_as_the_shelf_allows(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.worker.feed(ORDERS, [completed(f"first-{n}", customer=n) for n in (2, 3)])
        await api.make(id="spa", points=0, stock=2, each=1)
        await api.make(id="dear")
        told = [
            wanted(1, "r-1", "spa"),
            wanted(1, "r-1", "spa", "again"),
            wanted(1, "r-2", "spa"),
            wanted(2, "r-3", "spa"),
        ]
        await api.worker.feed(LOYALTY_REQUESTS, told, doubled=1.0, rng=Random(1), batch=2)
        more = [wanted(3, "r-4", "spa"), wanted(1, "r-5", "dear"), wanted(1, "r-6", "nothing"), asked(1, "r-7", 5)]
        await api.worker.feed(LOYALTY_REQUESTS, more, batch=3)
        rows = await api.worker.pool.fetch("SELECT customer, reward, state FROM redemption ORDER BY customer")
        assert [tuple(row) for row in rows] == [(1, "spa", 2), (2, "spa", 2)]
        events = [one.event for one in await api.worker.published(LOYALTY_REWARDS)]
        assert [one["type"] for one in events] == ["reward.granted", "reward.granted"]
        assert {one["data"]["why"] for one in events} == {"gift"}
        taken = await api.worker.pool.fetchval("SELECT taken FROM reward WHERE reward = 'spa'")
        assert taken == 2, "what could not be given is not taken"
        refused = " ".join(one.detail for one in await api.worker.dead_letters())
        for why in ("limit_reached", "sold_out", "costs points", "not in the catalogue"):
            assert why in refused
        await api.is_sound()
