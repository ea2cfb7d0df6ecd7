"""A draft tried on what a worker really took in: what the version in force gives is what stands in the ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random
from typing import Any, NamedTuple

import httpx
import pytest

from services.loyalty.programmes import Version
from services.loyalty.trials.api import router as trials_router
from services.loyalty.trials.store import happened_since
from shared.contracts.shops import Shop
from shared.contracts.topics import ORDERS
from shared.testing import Databases
from shared.testing.harness import Harness
from tests.loyalty_earning.ground import fixed, rule
from tests.loyalty_orders.answering import answering
from tests.loyalty_orders.ground import NOW, OTHER, SHOP, Story, completed, refunded, version

pytestmark = pytest.mark.stack
LATE = 24.0 * 80
"""In hours from the ground's start: twelve days before its end."""


class Ground(NamedTuple):
    """A worker, and the API beside it."""

    worker: Harness
    http: httpx.AsyncClient

    async def tried(self, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
        programme = {"name": "Points", "currency": "USD", "rules": list(rules)}
        answer = await self.http.post("/v1/programmes/trial", json={"programme": programme} | more)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@asynccontextmanager
async def ground(databases: Databases, programmes: dict[Shop, Sequence[Version]]) -> AsyncIterator[Ground]:
    async with answering(databases, programmes, [trials_router], ["programmes:read"]) as there:
        yield Ground(there.worker, there.http)


TWICE = rule("spend", {"kind": "rate", "points": 2, "per": 100})
ONCE = rule("spend", {"kind": "rate", "points": 1, "per": 100})


async def test_the_version_in_force_gives_what_stands_and_a_draft_what_it_would(databases: Databases) -> None:
    async with ground(databases, {SHOP: [version()], OTHER: [version()]}) as here:
        await here.worker.feed(ORDERS, Story(Random(5)).tell(60), shuffled=20, doubled=0.1, rng=Random(6))
        seen = await here.tried(TWICE, days=90)
        assert seen["posted"] == seen["before"]["points"] > 0
        assert seen["complete"] is True
        assert seen["share"] == 1.0
        assert seen["after"]["rules"]["spend"] == seen["after"]["points"]
        assert 2 * seen["posted"] <= seen["after"]["points"] <= 2 * seen["posted"] + 4 * seen["occasions"]
        assert seen["fewer"] == 0
        same = await here.tried(ONCE, days=90)
        assert same["before"] == same["after"]
        assert set(same["differences"].values()) == {0}
        lately = "SELECT sum(points) FROM occasion WHERE shop = 1 AND first_at >= $1"
        stands = await here.worker.pool.fetchval(lately, NOW - timedelta(days=90))
        assert stands == seen["posted"]


async def test_only_the_days_that_were_asked_for_are_tried(databases: Databases) -> None:
    async with ground(databases, {SHOP: [version()]}) as here:
        orders = [completed(f"o-{day}", 1, 1_000, 24.0 * day) for day in range(92)]
        await here.worker.feed(ORDERS, [*orders, refunded("o-90", "r", 500, 24.0 * 90.5)])
        seen = await here.tried(rule("thanks", fixed(7)), days=10)
        assert (seen["occasions"], seen["before"]["points"]) == (9, 85)
        # What is fixed is kept in proportion: half of the last order but one came back.
        assert seen["after"]["points"] == 8 * 7 + 4
        assert (await here.tried(ONCE))["occasions"] == 29


async def test_everybody_is_tried_as_if_they_were_members_where_there_is_no_programme_yet(databases: Databases) -> None:
    async with ground(databases, {}) as here:
        await here.worker.feed(ORDERS, [completed(f"o-{n}", n % 2 + 1, 1_000, LATE + n) for n in range(6)])
        first = rule("first", fixed(50), when={"kind": "first", "count": 1})
        assert (await here.tried(ONCE, first))["occasions"] == 0
        seen = await here.tried(ONCE, first, whom="everybody")
        assert (seen["customers"], seen["occasions"], seen["posted"]) == (2, 6, 0)
        assert seen["before"] == {"points": 0, "occasions": 0, "customers": 0, "rules": {}}
        assert seen["after"]["rules"] == {"spend": 60, "first": 100}
        assert seen["more"] == 2


async def test_a_walk_that_is_cut_off_ends_with_a_whole_customer(databases: Databases) -> None:
    async with ground(databases, {SHOP: [version()]}) as here:
        await here.worker.feed(ORDERS, [completed(f"o-{n}", n // 3 + 1, 1_000, LATE + n) for n in range(12)])
        async with here.worker.pool.acquire() as conn:
            since = NOW.replace(month=5)
            found = await happened_since(conn, SHOP, since, 7, members=True)
            assert ([one.customer for one in found.happened], found.last) == ([1] * 3 + [2] * 3, 2)
            found = await happened_since(conn, SHOP, since, 2, members=True)
            assert (found.happened, found.last) == ([], 1)
            found = await happened_since(conn, SHOP, since, 12, members=True)
            assert (len(found.happened), found.last) == (12, None)


async def test_a_trial_changes_nothing_and_names_what_it_cannot_use(databases: Databases) -> None:
    async with ground(databases, {SHOP: [version()]}) as here:
        await here.worker.feed(ORDERS, [completed("o-1", 1, 1_000, LATE)])
        before = await here.worker.pool.fetch("SELECT * FROM entry")
        await here.tried(TWICE)
        assert await here.worker.pool.fetch("SELECT * FROM entry") == before
        ask = here.http.post
        for body, field in (
            ({}, "body.of"),
            ({"of": "1", "programme": {}}, "body.of"),
            ({"of": "7"}, "body.of"),
            ({"of": "1", "against": "draft-7"}, "body.against"),
            ({"programme": {"name": "x"}}, "body.programme.currency"),
            ({"of": "1", "days": 91}, "body.days"),
        ):
            answer = await ask("/v1/programmes/trial", json=body)
            assert answer.status_code == 422, body
            assert [error["field"] for error in answer.json()["errors"]] == [field]
        assert (await ask("/v1/programmes/trial", json={"of": "1", "against": "1"})).status_code == 200
