"""The customers behind every number: as many as the number says, the right ones, and each of them once."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from services.metrics.cohorts.api import router as cohorts
from services.metrics.orders.store import listing
from services.metrics.retention.api.customers import router as lists
from services.metrics.retention.api.routes import router as retention
from services.metrics.retention.domain.lists import OF_RETENTION
from shared.kernel import FixedClock, month_of
from shared.testing.http import client
from shared.web import create_app
from tests.metrics_read.ground import Ground, customer_number, customer_text, random_history, settings_for, shop_of
from tests.metrics_read.recount import Bought, days_by_customer

pytestmark = pytest.mark.stack

NOW = datetime(2026, 3, 20, 21, tzinfo=UTC)
TODAY = date(2026, 3, 21).toordinal()
SHOP = shop_of(1, zone="Asia/Tehran", calendar="jalali", windows=(30, 90), loyal_over=2, currency="USD")
OTHER = shop_of(2)
BOUGHT = random_history(Random(3), 260, customers=40, first=TODAY - 300, days=301)
DAYS = days_by_customer(BOUGHT)


@pytest.fixture(scope="module")
async def http(ground: Ground) -> AsyncIterator[httpx.AsyncClient]:
    for shop in (SHOP, OTHER):
        await ground.open(shop)
    await ground.fill(SHOP, BOUGHT, uncounted=random_history(Random(4), 60, 45, TODAY - 300, 301))
    await ground.fill(OTHER, random_history(Random(5), 80, 20, TODAY - 300, 301))
    key = await ground.issue(SHOP, "metrics:read")
    app = create_app(
        "metrics",
        settings_for("postgresql://nobody@127.0.0.1:1/none"),
        [retention, lists, cohorts],
        clock=FixedClock(NOW),
        pool=ground.api,
        registry=CollectorRegistry(),
    )
    async with client(app, key=key) as made:
        yield made


async def ok(http: httpx.AsyncClient, path: str, **asked: Any) -> Any:
    response = await http.get(path, params=asked)
    assert response.status_code == 200, response.text
    return response.json()


async def whole(http: httpx.AsyncClient, day: int, *, limit: int = 7, **asked: Any) -> tuple[int, list[dict[str, Any]]]:
    """The total, and all items, page after page."""
    path, items, cursor = f"/v1/retention/{date.fromordinal(day)}/customers", [], {}
    for _ in range(100):
        page = await ok(http, path, limit=limit, **asked, **cursor)
        items += page["items"]
        assert len(page["items"]) <= limit
        if page["next"] is None:
            return page["total"], items
        cursor = {"cursor": page["next"]}
    raise AssertionError("the pages have no end")


def expected(of: str, day: int, window: int, period: int, loyal_over: int) -> set[int]:
    """Who is counted, customer by customer."""

    def inside(mine: list[int], at: int) -> int:
        return sum(at - window < one <= at for one in mine)

    def judge(mine: list[int]) -> bool:
        ever, held, start = mine[0] <= day, inside(mine, day) > 0, inside(mine, day - period) > 0
        joined, new = held and not start, mine[0] > day - period
        return {
            "held": held,
            "end": held,
            "start": start,
            "joined": joined,
            "new": joined and new,
            "won_back": joined and not new,
            "lost": start and not held,
            "repeat": inside(mine, day) >= 2,
            "loyal": inside(mine, day) > loyal_over,
            "lifetime": ever,
            "lifetime_repeat": sum(one <= day for one in mine) >= 2,
        }[of]

    return {customer for customer, mine in DAYS.items() if judge(mine)}


def texts(customers: set[int]) -> list[str]:
    return [customer_text(1, customer) for customer in sorted(customers)]


@pytest.mark.parametrize(
    ("window", "period", "loyal_over"), [(90, 30, 2), (30, 30, 1), (45, 20, 3), (20, 60, 0), (365, 30, 2)]
)
@pytest.mark.parametrize("of", sorted(OF_RETENTION))
async def test_a_list_holds_exactly_those_who_are_counted(
    http: httpx.AsyncClient, of: str, window: int, period: int, loyal_over: int
) -> None:
    rng = Random(f"{of} {window}")
    for day in [TODAY, *rng.sample(range(TODAY - 320, TODAY), 4)]:
        asked = {"window_days": window, "period_days": period, "loyal_over": loyal_over}
        total, items = await whole(http, day, of=of, **asked)
        assert [item["customer"] for item in items] == texts(expected(of, day, window, period, loyal_over))
        assert total == len(items)
        if of not in ("joined", "lifetime_repeat"):
            answer = await ok(http, "/v1/retention", as_of=date.fromordinal(day).isoformat(), **asked)
            assert answer["lifetime_customers" if of == "lifetime" else of] == total


async def test_each_is_shown_with_order_days_orders_and_money_of_the_window(http: httpx.AsyncClient) -> None:
    day = TODAY - 40
    _total, items = await whole(http, day, of="lifetime", window_days=60, currency="IRR")
    assert items
    for item in items:
        (customer,) = [number for number in DAYS if customer_text(1, number) == item["customer"]]
        mine = [order for order in BOUGHT if order.customer == customer and order.day <= day]
        inside = [order for order in mine if order.day > day - 60]
        assert item == {
            "customer": item["customer"],
            "first_order_day": date.fromordinal(min(order.day for order in mine)).isoformat(),
            "last_order_day": date.fromordinal(max(order.day for order in mine)).isoformat(),
            "orders": len(inside),
            "revenue": {
                "amount": sum(order.revenue for order in inside if order.currency == "IRR"),
                "currency": "IRR",
            },
        }


async def test_every_cell_of_the_cohort_table_has_its_customers(http: httpx.AsyncClient) -> None:
    table = await ok(http, "/v1/cohorts", months=4)
    checked = 0
    for row in table["cohorts"]:
        for since, cell in enumerate(row["cells"]):
            asked = {"of": "cohort", "cohort": row["month"], "month": since}
            if cell is None:
                response = await http.get(f"/v1/retention/{date.fromordinal(TODAY)}/customers", params=asked)
                assert response.status_code == 422
                assert response.json()["errors"][0]["field"] == "query.month"
                continue
            total, items = await whole(http, TODAY, **asked)
            assert (total, len(items)) == (cell["customers"],) * 2
            months = [
                month_of(date.fromisoformat(item["first_order_day"]).toordinal(), "jalali")  # type: ignore[arg-type]  # an ordinal
                for item in items
            ]
            assert len(set(months)) <= 1
            checked += total
    assert checked > 40


@pytest.mark.parametrize("days", [30, 60, 90])
async def test_return_rates_have_their_customers(http: httpx.AsyncClient, days: int) -> None:
    for day in (TODAY, TODAY - 50, TODAY - 130):
        rates = await ok(http, "/v1/retention/return-rates", as_of=date.fromordinal(day).isoformat())
        [rate] = [rate for rate in rates["rates"] if rate["days"] == days]
        for of, number in (("first_purchase", rate["customers"]), ("returned", rate["returned"])):
            total, items = await whole(http, day, of=of, return_days=days)
            assert (total, len(items)) == (number, number)


async def test_paging_skips_and_repeats_nobody_while_customers_are_added(
    http: httpx.AsyncClient, ground: Ground
) -> None:
    shop = shop_of(7, zone="Asia/Tehran")
    await ground.open(shop)
    await ground.fill(shop, [Bought(customer, TODAY - 5) for customer in range(1, 400, 2)])
    headers = {"Authorization": f"Bearer {await ground.issue(shop, 'metrics:read')}"}
    path, seen, cursor = f"/v1/retention/{date.fromordinal(TODAY)}/customers", [], {}
    rng = Random(1)
    for added in range(0, 400, 2):
        response = await http.get(path, params={"of": "held", "limit": 3, **cursor}, headers=headers)
        body = response.json()
        seen += [item["customer"] for item in body["items"]]
        if body["next"] is None:
            break
        cursor = {"cursor": body["next"]}
        number = customer_number(7, rng.choice([added, 400 - added]))
        async with ground.pool.acquire() as conn, conn.transaction():
            await conn.execute(
                "INSERT INTO customer_state (customer, shop, generation, first_day, orders, version, days)"
                " VALUES ($1, 7, 3, $2, 1, 1, ARRAY[0, 0, 0, 0, $2]) ON CONFLICT DO NOTHING",
                number,
                TODAY - 4,
            )
            await conn.execute(
                "INSERT INTO order_fact (shop, order_id, customer, revenue, net, day, status, counted, currency,"
                " content_id) VALUES (7, $1, $2, 1, 1, $3, 2, true, 'USD', '') ON CONFLICT DO NOTHING",
                f"added-{number}",
                number,
                TODAY - 4,
            )
    assert len(seen) == len(set(seen)), "somebody came twice"
    assert {customer_text(7, customer) for customer in range(1, 400, 2)} <= set(seen), "somebody was skipped"
    assert seen == sorted(seen)


async def test_a_page_that_has_taken_its_time_ends_early_and_the_next_goes_on(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _total, items = await whole(http, TODAY, of="won_back", window_days=30)
    monkeypatch.setattr(listing, "STRIDE", 2)
    assert (await whole(http, TODAY, of="won_back", window_days=30))[1] == items
    monkeypatch.setattr(listing, "_SECONDS", -1.0)
    assert (await whole(http, TODAY, of="won_back", window_days=30, limit=50))[1] == items
    path = f"/v1/retention/{date.fromordinal(TODAY)}/customers"
    first = await ok(http, path, of="won_back", window_days=30, limit=50)
    assert len(first["items"]) < len(items) and first["next"]


async def test_csv_is_the_whole_list_and_the_same_customers(http: httpx.AsyncClient) -> None:
    path = f"/v1/retention/{date.fromordinal(TODAY)}/customers"
    _total, items = await whole(http, TODAY, of="lifetime")
    by_name = await http.get(path, params={"of": "lifetime", "format": "csv"})
    by_header = await http.get(path, params={"of": "lifetime"}, headers={"Accept": "text/csv"})
    assert by_name.headers["content-type"] == "text/csv; charset=utf-8"
    assert by_name.text == by_header.text and not by_name.text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(by_name.text, newline="")))
    assert [row["customer"] for row in rows] == [item["customer"] for item in items]
    assert [int(row["revenue"]) for row in rows] == [item["revenue"]["amount"] for item in items]
    marked = await http.get(path, params={"of": "lifetime", "format": "csv", "bom": "true"})
    assert marked.content == b"\xef\xbb\xbf" + by_name.content


async def test_pages_of_csv_lead_from_one_to_the_next(http: httpx.AsyncClient) -> None:
    path = f"/v1/retention/{date.fromordinal(TODAY)}/customers"
    response = await http.get(path, params={"of": "lifetime", "format": "csv", "limit": 9})
    lines = response.text.splitlines()[1:]
    for _ in range(20):
        if "link" not in response.headers:
            break
        target = response.headers["link"].split(">")[0].removeprefix("<")
        response = await http.get(f"{path}{target}")
        lines += response.text.splitlines()[1:]
    full = await http.get(path, params={"of": "lifetime", "format": "csv"})
    assert lines == full.text.splitlines()[1:]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("text/csv;q=0.5, application/json", "application/json"),
        ("text/csv, */*;q=0.1", "text/csv; charset=utf-8"),
        ("text/csv;q=x", "application/json"),
    ],
)
async def test_the_header_decides_between_csv_and_json(http: httpx.AsyncClient, accept: str, kind: str) -> None:
    path = f"/v1/retention/{date.fromordinal(TODAY)}/customers"
    response = await http.get(path, params={"of": "held"}, headers={"Accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (200, kind)


@pytest.mark.parametrize(
    ("asked", "field", "says"),
    [
        ({}, "query.of", "required"),
        ({"of": "friends"}, "query.of", "one of"),
        ({"of": "cohort"}, "query.cohort", "2026-01"),
        ({"of": "held", "cohort": "1404-10"}, "query.cohort", "of=cohort only"),
        ({"of": "held", "month": 1}, "query.month", "of=cohort only"),
        ({"of": "cohort", "cohort": "1404-13"}, "query.cohort", "YYYY-MM"),
        ({"of": "cohort", "cohort": "1405-02"}, "query.cohort", "1405-01"),
        ({"of": "cohort", "cohort": "0001-01"}, "query.cohort", "119 months"),
        ({"of": "cohort", "cohort": "1404-12", "month": 2}, "query.month", "at most 1"),
        ({"of": "held", "return_days": 30}, "query.return_days", "of=returned only"),
        ({"of": "returned", "return_days": 31}, "query.return_days", "one of"),
        ({"of": "held", "cursor": "!"}, "query.cursor", "start again"),
        ({"of": "held", "limit": 0}, "query.limit", "at least 1"),
        ({"of": "held", "limit": 501}, "query.limit", "at most 500"),
        ({"of": "held", "format": "xml"}, "query.format", "one of"),
        ({"of": "held", "bom": "true"}, "query.bom", "format=csv"),
        ({"of": "held", "sort": "name"}, "query.sort", "not a known parameter"),
    ],
)
async def test_what_cannot_be_listed_names_the_field_and_the_remedy(
    http: httpx.AsyncClient, asked: dict[str, Any], field: str, says: str
) -> None:
    response = await http.get(f"/v1/retention/{date.fromordinal(TODAY)}/customers", params=asked)
    assert response.status_code == 422, response.text
    [error] = response.json()["errors"]
    assert (error["field"], says in error["reason"]) == (field, True), error


async def test_a_day_to_come_has_no_list(http: httpx.AsyncClient) -> None:
    response = await http.get("/v1/retention/2026-03-22/customers", params={"of": "held"})
    assert response.json()["errors"] == [
        {"field": "path.as_of", "reason": "may not lie after today, 2026-03-21 in the shop's zone"}
    ]


async def test_lists_asked_at_once_do_not_exhaust_the_connections(http: httpx.AsyncClient) -> None:
    path = f"/v1/retention/{date.fromordinal(TODAY)}/customers"
    asked = [{"of": "lifetime", "format": form} for form in ("csv", "json") * 10]
    answers = await asyncio.gather(*(http.get(path, params=one) for one in asked))
    assert [answer.status_code for answer in answers] == [200] * 20
