"""Why an order got its points: told from what is kept of it, and the same as what stands in the ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any, NamedTuple

import httpx
import pytest

from services.loyalty.orders.api import router
from services.loyalty.programmes import Programme, Version
from shared.contracts.orders import OrderCancelled, OrderLine
from shared.contracts.shops import Shop
from shared.contracts.topics import INTERACTIONS, ORDERS
from shared.testing import Databases
from shared.testing.harness import Harness
from tests.loyalty_earning.ground import fixed, rule
from tests.loyalty_earning.ground import programme as programme_of
from tests.loyalty_orders.answering import answering
from tests.loyalty_orders.ground import SHOP, Story, completed, did, event, name, order, refunded, version

pytestmark = pytest.mark.stack
REVIEW = {"kind": "interaction", "names": ["Product Reviewed"]}
RULES = programme_of(
    rule("spend", caps=[{"points": 150, "per": "day"}]),
    rule("first", fixed(30), when={"kind": "first", "count": 1}),
    rule("review", fixed(20), on=REVIEW),
    currency="USD",
    pending={"kind": "days", "days": 14},
    expiry={"kind": "rolling", "months": 12},
)


class Ground(NamedTuple):
    """A worker, and the API beside it."""

    worker: Harness
    http: httpx.AsyncClient

    async def why(self, **asked: str) -> dict[str, Any]:
        answer = await self.http.get("/v1/points/explain", params=asked)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@asynccontextmanager
async def ground(databases: Databases, programme: Programme | None = RULES) -> AsyncIterator[Ground]:
    versions: dict[Shop, Sequence[Version]] = {} if programme is None else {SHOP: [version(programme)]}
    async with answering(databases, versions, [router], ["customers:read"]) as there:
        yield Ground(there.worker, there.http)


async def test_an_order_tells_by_rule_and_line_why_it_got_its_points(databases: Databases) -> None:
    lines = [OrderLine(line_id="1", quantity=2, price=3_000), OrderLine(line_id="2", quantity=1, price=4_000)]
    async with ground(databases) as here:
        await here.worker.feed(ORDERS, [completed("A-1", 1, 10_000, lines=lines), completed("A-2", 1, 7_000, 1)])
        told = await here.why(order="A-1")
        assert (told["customer"], told["version"], told["number"], told["points"]) == (name(1), 1, 1, 130)
        assert (told["active_on"], told["expires_on"], told["why_not"]) == ("2026-03-15", "2027-03-16", None)
        assert [(one["rule"], one["points"], one["why"]) for one in told["rules"]] == [
            ("spend", 100, "1 for each 1.00 USD of 100.00 USD. That makes 100."),
            ("first", 30, "30 points. That makes 30."),
        ]
        assert told["rules"][0]["lines"] == [
            {"line": "1", "earned": 60, "points": 60},
            {"line": "2", "earned": 40, "points": 40},
        ]
        second = await here.why(order="A-2")
        assert second["used"] == {"spend:day": 100}
        assert [one["why"] for one in second["rules"]] == [
            "1 for each 1.00 USD of 70.00 USD. That makes 70. "
            "At most 150 a day by this rule, 100 earned before: 50 of 70.",
            "No points: it is the customer's number 2.",
        ]


async def test_what_was_taken_back_is_told_with_its_reason(databases: Databases) -> None:
    async with ground(databases) as here:
        cancelled = event(OrderCancelled, order("A-2", 2, 1_000), 2)
        told = [completed("A-1", 1, 10_000), refunded("A-1", "r", 5_000), completed("A-2", 2, 1_000), cancelled]
        await here.worker.feed(ORDERS, told)
        assert (await here.why(order="A-1"))["rules"][0]["why"].endswith(
            "50 taken back for what came back; 50 are left."
        )
        gone = await here.why(order="A-2")
        assert (gone["points"], gone["earned"]) == (0, 40)
        assert gone["rules"][0]["why"].endswith("Taken back, since the order was cancelled.")


async def test_an_interaction_is_told_like_an_order(databases: Databases) -> None:
    async with ground(databases) as here:
        await here.worker.feed(ORDERS, [completed("A-1", 1)])
        reviewed = did("product reviewed", 1, 5)
        await here.worker.feed(INTERACTIONS, [reviewed])
        told = await here.why(interaction=reviewed.id)
        assert (told["order"], told["interaction"], told["points"]) == (None, reviewed.id, 20)
        assert [one["rule"] for one in told["rules"]] == ["review"]


async def test_what_was_not_judged_says_why(databases: Databases) -> None:
    async with ground(databases) as here:
        await here.worker.feed(ORDERS, [refunded("A-1", "r", 500), completed("A-2", None)])
        assert (await here.why(order="A-1"))["why_not"] == "its completion is not known yet"
        assert (await here.why(order="A-2"))["why_not"] == "it is a guest's"
        assert (await here.http.get("/v1/points/explain", params={"order": "A-9"})).status_code == 404
        for asked in ({}, {"order": "A-1", "interaction": "x"}):
            assert (await here.http.get("/v1/points/explain", params=asked)).status_code == 422
    async with ground(databases, None) as here:
        await here.worker.feed(ORDERS, [completed("A-1", 1)])
        told = await here.why(order="A-1")
        assert told["why_not"] == "no programme was in force, or the customer was no member"


async def test_what_is_told_of_every_order_is_what_the_ledger_has(databases: Databases) -> None:
    async with ground(databases) as here:
        await here.worker.feed(ORDERS, Story(Random(9), shops=(SHOP,)).tell(30), shuffled=15, rng=Random(3))
        rows = await here.worker.pool.fetch("SELECT id, points FROM occasion WHERE shop = 1 AND granted IS NOT NULL")
        assert len(rows) > 20
        assert {row["id"]: row["points"] for row in rows} == {
            row["id"]: (await here.why(order=row["id"]))["points"] for row in rows
        }
