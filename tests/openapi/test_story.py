"""From the collector to the figures, through the generated client: what is handed in comes out counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest
from mandegar_client import ApiError, Metrics
from mandegar_client import gateway_models as sent

from mandegar.stack import Stack
from shared.testing import Databases
from tests.openapi.ground import SHOP, Platform, platform

pytestmark = pytest.mark.stack
AS_OF = date(2026, 3, 20)


@pytest.fixture
async def here(databases: Databases, stack: Stack) -> AsyncIterator[Platform]:
    async with platform(databases, stack) as made:
        yield made


def call(customer: int, number: int, day: str, revenue: str = "10.00") -> dict[str, Any]:
    return {
        "type": "track",
        "messageId": f"m-{customer}-{number}",
        "userId": f"u-{customer}",
        "event": "Order Completed",
        "timestamp": f"{day}T10:00:00Z",
        "properties": {"order_id": f"o-{customer}-{number}", "revenue": revenue, "currency": "USD"},
    }


async def test_what_the_collector_takes_is_what_metrics_counts(here: Platform) -> None:
    orders = [
        *(call(1, n, day) for n, day in enumerate(("2025-12-01", "2026-01-15", "2026-03-01"))),
        call(2, 0, "2026-03-10"),
        call(3, 0, "2025-06-01"),
    ]
    taken = await here.gateway.batch(sent.CallBatch(batch=orders))
    assert (taken.success, taken.accepted, len(taken.results)) == (True, 5, 5)
    one = await here.gateway.track(call(3, 1, "2025-07-01", "2.50"))
    assert one.results[0].status == "accepted"
    await here.settle()

    answer = await here.metrics.read_retention(as_of=AS_OF, window_days=90, period_days=30)
    assert (answer.held, answer.repeat, answer.new, answer.lost) == (2, 1, 1, 0)
    assert (answer.start, answer.crr, answer.churn) == (1, 1.0, 0.0)
    assert (answer.lifetime_customers, answer.lifetime_rpr) == (3, pytest.approx(2 / 3))
    assert answer.revenue.amount == 3_000
    series = await here.metrics.read_series(from_=date(2026, 1, 1), to=AS_OF, step="month", window_days=90)
    assert [(point.span, point.held) for point in series.points] == [("2026-01", 1), ("2026-02", 1), ("2026-03", 2)]

    listed = await here.metrics.read_customers(as_of=AS_OF, of="held", window_days=90, limit=1)
    assert (listed.total, len(listed.items)) == (2, 1)
    rest = await here.metrics.read_customers(as_of=AS_OF, of="held", window_days=90, limit=1, cursor=listed.next)
    customers = {*(row.customer for row in listed.items), *(row.customer for row in rest.items)}
    assert len(customers) == 2
    table = await here.metrics.read_customers_csv(as_of=AS_OF, of="held", window_days=90)
    assert {line.split(",")[0] for line in table.splitlines()[1:]} == customers
    bought = {(await here.metrics.read_customer(customer=customer)).orders for customer in customers}
    assert bought == {1, 3}


async def test_settings_are_changed_by_what_was_set_alone(here: Platform) -> None:
    before = await here.gateway.read_settings(slug=SHOP)
    change = sent.SettingsChange(lifecycle=sent.LifecycleChange(lost_days=200))
    after = await here.gateway.change_settings(change, slug=SHOP, if_match=f'"{before.version}"')
    assert after.changed == ["lifecycle.lost_days"]
    assert after.settings == {
        **before.settings,
        "lifecycle": {**before.settings["lifecycle"], "lost_days": 200},
    }
    with pytest.raises(ApiError) as refused:
        await here.gateway.change_settings(change, slug=SHOP, if_match=f'"{before.version}"')
    assert (refused.value.status, refused.value.kind) == (412, "changed-meanwhile")


async def test_a_refusal_names_its_fields_and_an_answer_that_is_no_problem_its_status(here: Platform) -> None:
    with pytest.raises(ApiError, match=r"properties\.order_id") as refused:
        await here.gateway.track({"userId": "1", "event": "Order Completed", "properties": {"revenue": "1"}})
    assert refused.value.status == 422
    assert refused.value.errors[0]["field"] == "body.properties.order_id"
    assert refused.value.request_id
    broken = httpx.MockTransport(lambda _request: httpx.Response(502, text="<html>", headers={"Retry-After": "3"}))
    waiting = Metrics(http=httpx.Client(transport=broken, base_url="http://api.test"))
    with pytest.raises(ApiError, match="502 Bad Gateway") as away:
        waiting.read_benchmarks()
    assert (away.value.retry_after, away.value.errors) == ("3", [])


def test_what_waits_sends_the_same_as_what_is_awaited() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"benchmarks": [], "later": "a field of a newer service"})

    http = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://api.test/below")
    with Metrics(http=http, key="mdg_1_x") as metrics:
        assert metrics.read_benchmarks().benchmarks == []
    assert str(asked[0].url) == "http://api.test/below/v1/retention/benchmarks"
    assert asked[0].headers["authorization"] == "Bearer mdg_1_x"
    http.get("/")  # who was given is not closed
