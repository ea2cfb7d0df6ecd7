"""The HTTP answers of metrics, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple

import httpx
import pytest
from prometheus_client import CollectorRegistry

from services.metrics.cohorts.api import router as cohorts
from services.metrics.lifecycle.api.customer import router as customers
from services.metrics.questions import currency_or
from services.metrics.retention.api.routes import router as retention
from services.metrics.retention.domain.figures import Asked, figures_of
from shared.contracts.metrics import Retention
from shared.kernel import FixedClock
from shared.testing.http import client
from shared.web import create_app
from tests.metrics_read.counting import COHORT_CUSTOMERS, COHORT_REVENUE, counters_of
from tests.metrics_read.ground import Ground, customer_text, random_history, settings_for, shop_of
from tests.metrics_read.recount import Bought, days_by_customer, recount

pytestmark = pytest.mark.stack

NOW = datetime(2026, 3, 20, 21, tzinfo=UTC)
TODAY = date(2026, 3, 21)
"""In Tehran it is half past midnight: Nowruz 1405."""
SHOP = shop_of(1, zone="Asia/Tehran", windows=(30, 90), loyal_over=2, currency="USD", week_start=5)
OTHER = shop_of(2, zone="America/New_York")
EMPTY = shop_of(3)
BOUGHT = random_history(Random(1), 150, customers=12, first=TODAY.toordinal() - 300, days=301)
CANCELLED = [Bought(77, TODAY.toordinal() - 9)]


class Api(NamedTuple):
    http: httpx.AsyncClient
    other: str
    empty: str
    poor: str

    async def get(self, path: str, *, key: str | None = None, **parameters: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return await self.http.get(path, params=parameters, headers=headers)

    async def ok(self, path: str, *, key: str | None = None, **parameters: Any) -> Any:
        response = await self.get(path, key=key, **parameters)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture(scope="module")
async def api(ground: Ground) -> AsyncIterator[Api]:
    for shop in (SHOP, OTHER, EMPTY, shop_of(4)):
        await ground.open(shop)
    await ground.fill(SHOP, BOUGHT, uncounted=CANCELLED)
    await ground.fill(OTHER, [Bought(1, TODAY.toordinal() - 3)])
    key, other, empty = [await ground.issue(shop, "metrics:read") for shop in (SHOP, OTHER, EMPTY)]
    poor = await ground.issue(shop_of(4), "loyalty:read")
    app = create_app(
        "metrics",
        settings_for("postgresql://nobody@127.0.0.1:1/none"),
        [retention, cohorts, customers],
        clock=FixedClock(NOW),
        pool=ground.api,
        registry=CollectorRegistry(),
    )
    async with client(app, key=key) as http:
        yield Api(http, other, empty, poor)


async def test_retention_has_exactly_the_fields_of_its_contract(api: Api) -> None:
    answer = await api.ok("/v1/retention")
    assert tuple(answer) == Retention.__struct_fields__


async def test_what_is_left_out_is_today_in_the_shops_zone_a_year_thirty_days_and_the_shops_own(api: Api) -> None:
    answer = await api.ok("/v1/retention")
    assert (answer["as_of"], answer["window_days"], answer["period_days"]) == (TODAY.isoformat(), 365, 30)
    assert (answer["currency"], answer["basis"]) == ("USD", "restated")
    assert answer["loyal"] == recount(BOUGHT, Asked(365, 30, SHOP.loyal_over, "USD"), TODAY.toordinal()).customers.loyal


@pytest.mark.parametrize(
    ("window", "period", "loyal_over", "currency"),
    [(30, 30, 2, "USD"), (90, 7, 2, "IRR"), (90, 30, 4, "USD"), (45, 10, 2, "USD"), (30, 90, 1, "EUR")],
)
async def test_retention_equals_a_recount_whether_counted_or_scanned(
    api: Api, window: int, period: int, loyal_over: int, currency: str
) -> None:
    for day in range(TODAY.toordinal() - 400, TODAY.toordinal() + 1, 37):
        answer = await api.ok(
            "/v1/retention",
            as_of=date.fromordinal(day).isoformat(),
            window_days=window,
            period_days=period,
            loyal_over=loyal_over,
            currency=currency,
        )
        asked = Asked(window, period, loyal_over, currency)
        counts = recount(BOUGHT, asked, day)
        figures = figures_of(asked, day, counts)
        who, trade = counts.customers, counts.trade
        assert {name: answer[name] for name in ("held", "start", "new", "lost", "repeat", "loyal")} == {
            name: getattr(who, name) for name in ("held", "start", "new", "lost", "repeat", "loyal")
        }
        assert answer["end"] == answer["start"] + answer["new"] + answer["won_back"] - answer["lost"]
        assert answer["revenue"] == {"amount": trade.revenue, "currency": currency}
        assert (answer["orders"], answer["lifetime_customers"]) == (trade.orders, trade.lifetime_customers)
        for name in ("rpr", "rpr_all", "lcr", "frequency", "lifetime_rpr", "crr", "churn", "mature"):
            assert answer[name] == getattr(figures, name), name
        aov = figures.aov
        assert answer["aov"] == (
            None
            if aov is None
            else {
                "amount": aov.amount,
                "currency": currency,
                "numerator": trade.revenue,
                "denominator": trade.orders,
            }
        )


async def test_a_shop_without_orders_gets_nulls_and_not_zeros(api: Api) -> None:
    answer = await api.ok("/v1/retention", key=api.empty)
    ratios = ("rpr", "rpr_all", "lcr", "aov", "frequency", "lifetime_rpr", "crr", "churn")
    assert {name: answer[name] for name in ratios} == dict.fromkeys(ratios)
    assert (answer["held"], answer["revenue"]["amount"], answer["mature"]) == (0, 0, False)
    rates = await api.ok("/v1/retention/return-rates", key=api.empty)
    assert [rate["rate"] for rate in rates["rates"]] == [None] * 3


@pytest.mark.parametrize("window", [90, 60])
async def test_every_point_of_a_series_is_the_answer_of_its_day(api: Api, window: int) -> None:
    common = {"window_days": window, "period_days": 20}
    series = await api.ok(
        "/v1/retention/series", **common, **{"from": "2025-12-03", "to": "2026-03-10", "step": "week"}
    )
    days = [point["as_of"] for point in series["points"]]
    assert days == [*(date(2025, 12, 5 + 7 * n if n < 4 else 5).isoformat() for n in range(4)), *days[4:]]
    assert days[-1] == "2026-03-10"
    assert all(date.fromisoformat(day).weekday() == 4 for day in days[:-1])  # the week begins on Saturday
    for point in series["points"]:
        answer = await api.ok("/v1/retention", as_of=point["as_of"], **common)
        assert {name: point[name] for name in answer} == answer


async def test_two_years_of_days_come_in_one_answer(api: Api) -> None:
    series = await api.ok("/v1/retention/series", window_days=30, **{"from": "2024-03-22"})
    assert len(series["points"]) == 730
    assert (series["points"][0]["as_of"], series["points"][-1]["as_of"]) == ("2024-03-22", TODAY.isoformat())


@pytest.mark.parametrize(
    ("step", "calendar", "expected"),
    [
        (
            "quarter",
            "jalali",
            [
                ("2025-12-21", "1404-Q3", "2025-09-23", True),
                ("2026-03-20", "1404-Q4", "2025-12-22", True),
                ("2026-03-21", "1405-Q1", "2026-03-21", False),
            ],
        ),
        (
            "quarter",
            "gregorian",
            [("2025-12-31", "2025-Q4", "2025-10-01", True), ("2026-03-21", "2026-Q1", "2026-01-01", False)],
        ),
        ("year", "jalali", [("2026-03-20", "1404", "2025-03-21", True), ("2026-03-21", "1405", "2026-03-21", False)]),
        ("month", None, [("2025-12-31", "2025-12", "2025-12-01", True), ("2026-01-31", "2026-01", "2026-01-01", True)]),
        ("week", None, [("2026-03-20", "2026-03-14", "2026-03-14", True)]),
        ("day", None, [("2026-03-20", "2026-03-20", "2026-03-20", True)]),
    ],
)
async def test_a_series_names_its_spans_and_says_which_are_not_over(
    api: Api, step: str, calendar: str | None, expected: list[tuple[str, str, str, bool]]
) -> None:
    asked = {"from": "2026-03-20" if step in ("week", "day") else "2025-12-01", "step": step}
    series = await api.ok("/v1/retention/series", **asked, **({"calendar": calendar} if calendar else {}))
    points = [(p["as_of"], p["span"], p["span_from"], p["complete"]) for p in series["points"]]
    assert points[: len(expected)] == expected
    assert series["calendar"] == (calendar or "gregorian")
    assert [p[3] for p in points] == [True] * (len(points) - 1) + [False], "today is not over"


async def test_return_rates_are_asked_apart_from_retention(api: Api) -> None:
    answer = await api.ok("/v1/retention/return-rates", as_of="2026-03-01")
    assert [rate["days"] for rate in answer["rates"]] == [30, 60, 90]
    for rate in answer["rates"]:
        assert rate["rate"] == rate["returned"] / rate["customers"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/retention", {"window_days": 90, "period_days": 30}),
        ("/v1/retention", {"window_days": 90, "period_days": 31}),
        ("/v1/retention", {"window_days": 41, "period_days": 77}),
        ("/v1/retention/series", {"window_days": 30, "from": "2026-01-01", "step": "month"}),
        ("/v1/retention/return-rates", {}),
        ("/v1/cohorts", {"from": "2025-06"}),
    ],
)
async def test_where_nothing_was_taken_back_the_books_say_what_is_restated(
    api: Api, path: str, asked: dict[str, Any]
) -> None:
    restated, booked = await api.ok(path, **asked), await api.ok(path, **asked, basis="booked")
    assert (restated.pop("basis"), booked.pop("basis")) == ("restated", "booked")
    for answer in (restated, booked):
        for point in answer.get("points", []):
            del point["basis"]
    assert booked == restated
    assert (await api.get(path, **asked, basis="guessed")).status_code == 422


async def test_published_averages_come_with_source_and_year(api: Api) -> None:
    rows = (await api.ok("/v1/retention/benchmarks"))["benchmarks"]
    assert {row["industry"]: row["crr"] for row in rows}["retail"] == 0.63
    assert all(row["source"] and row["year"] == 2020 for row in rows)
    assert (await api.ok("/v1/retention"))["benchmark"] in rows


async def test_cohorts_equal_a_recount_and_have_no_future(api: Api) -> None:
    answer = await api.ok("/v1/cohorts", months=6, **{"from": "2025-05", "to": "2026-03"})
    counted = counters_of(BOUGHT, SHOP.windows)
    this_month = 2026 * 12 + 2
    assert [row["month"] for row in answer["cohorts"]][:2] == ["2025-05", "2025-06"]
    for row in answer["cohorts"]:
        year, month = map(int, row["month"].split("-"))
        first = year * 12 + month - 1
        assert row["customers"] == counted[COHORT_CUSTOMERS, first, "", first, 0]
        assert row["mature"] is (first + 5 < this_month)
        for since, cell in enumerate(row["cells"]):
            if first + since > this_month:
                assert cell is None
            else:
                assert cell["customers"] == counted[COHORT_CUSTOMERS, first, "", first + since, 0]
                assert cell["revenue"]["amount"] == counted[COHORT_REVENUE, first, "USD", first + since, 0]
    assert sum(row["customers"] for row in answer["cohorts"]) == len(days_by_customer(BOUGHT))


async def test_a_customer_is_shown_with_orders_money_gaps_and_whether_held(api: Api) -> None:
    mine = sorted((order for order in BOUGHT if order.customer == 3), key=lambda order: order.day)
    days = sorted({order.day for order in mine})
    answer = await api.ok(f"/v1/customers/{customer_text(1, 3)}", window_days=30)
    assert answer["orders"] == len(mine)
    assert {money["currency"]: money["amount"] for money in answer["revenue"]} == {
        currency: sum(order.revenue for order in mine if order.currency == currency)
        for currency in {order.currency for order in mine}
    }
    assert answer["gaps"] == [later - earlier for earlier, later in pairwise(days)]
    assert answer["days_since_last_order"] == TODAY.toordinal() - days[-1]
    assert answer["held"] is (TODAY.toordinal() - days[-1] < 30)
    assert date.fromisoformat(answer["lost_on"]).toordinal() == days[-1] + 30


async def test_a_customer_whose_only_order_was_cancelled_is_known_and_bought_nothing(api: Api) -> None:
    answer = await api.ok(f"/v1/customers/{customer_text(1, 77)}")
    assert (answer["orders"], answer["revenue"], answer["first_order_day"], answer["held"]) == (0, [], None, False)


@pytest.mark.parametrize("customer", [customer_text(1, 999), customer_text(2, 1), "0000000000000"])
async def test_a_customer_of_nobody_or_of_another_shop_is_not_found(api: Api, customer: str) -> None:
    response = await api.get(f"/v1/customers/{customer}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert customer not in response.text


@pytest.mark.parametrize(
    ("path", "parameters", "field", "says"),
    [
        ("/v1/retention", {"window": 30}, "query.window", "not a known parameter"),
        ("/v1/retention", {"window_days": 0}, "query.window_days", "at least 1"),
        ("/v1/retention", {"window_days": 3651}, "query.window_days", "at most 3650"),
        ("/v1/retention", {"window_days": "30.0"}, "query.window_days", "whole number"),
        ("/v1/retention", {"window_days": "٣٠"}, "query.window_days", "whole number"),
        ("/v1/retention", {"period_days": "-1"}, "query.period_days", "whole number"),
        ("/v1/retention", {"period_days": 10**30}, "query.period_days", "whole number"),
        ("/v1/retention", {"loyal_over": "NaN"}, "query.loyal_over", "whole number"),
        ("/v1/retention", {"currency": "usd"}, "query.currency", "form"),
        ("/v1/retention", {"currency": "IRT"}, "query.currency", "ask for IRR"),
        ("/v1/retention", {"currency": "ZZZ"}, "query.currency", "no ISO 4217 code"),
        ("/v1/cohorts", {"currency": "ZZZ"}, "query.currency", "no ISO 4217 code"),
        ("/v1/retention", {"as_of": "0"}, "query.as_of", "date such as"),
        ("/v1/retention", {"as_of": "2026-03-20T00:00:00"}, "query.as_of", "date such as"),
        ("/v1/retention", {"as_of": "2026-02-30"}, "query.as_of", "date such as"),
        ("/v1/retention", {"as_of": "2026-03-22"}, "query.as_of", "after today, 2026-03-21"),
        ("/v1/retention", {"as_of": "1969-12-31"}, "query.as_of", "before 1970"),
        ("/v1/retention/series", {}, "query.from", "required"),
        ("/v1/retention/series", {"from": "2026-03-02", "to": "2026-03-01"}, "query.from", "after `to`"),
        ("/v1/retention/series", {"from": "2026-03-01", "step": "hour"}, "query.step", "one of"),
        ("/v1/retention/series", {"from": "2026-03-01", "calendar": "lunar"}, "query.calendar", "one of"),
        ("/v1/retention/series", {"from": "2020-01-01", "window_days": 30}, "query.step", "longer step"),
        (
            "/v1/retention/series",
            {"from": "2025-01-01", "window_days": 31},
            "query.step",
            "counted: window_days 30, 90",
        ),
        ("/v1/cohorts", {"from": "2026-13"}, "query.from", "YYYY-MM"),
        ("/v1/cohorts", {"to": "2026-04"}, "query.to", "after this month, 2026-03"),
        ("/v1/cohorts", {"from": "2026-02", "to": "2026-01"}, "query.from", "after `to`"),
        ("/v1/cohorts", {"from": "1999-01"}, "query.from", "120 cohorts"),
        ("/v1/cohorts", {"months": 121}, "query.months", "at most 120"),
        ("/v1/customers/ABC", {}, "path.customer", "form"),
    ],
)
async def test_what_cannot_be_answered_names_the_field_and_the_remedy(
    api: Api, path: str, parameters: dict[str, Any], field: str, says: str
) -> None:
    response = await api.get(path, **parameters)
    assert response.status_code == 422, response.text
    [error] = response.json()["errors"]
    assert error["field"] == field
    assert says in error["reason"]


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        ("/v1/retention", "metrics:read"),
        ("/v1/retention/series", "metrics:read"),
        ("/v1/cohorts", "metrics:read"),
        ("/v1/customers/0000000000001", "customers:read"),
    ],
)
async def test_a_key_with_the_permission_is_needed(api: Api, path: str, permission: str) -> None:
    assert (await api.get(path, key="mdg_nobody_" + "A" * 43)).status_code == 401
    response = await api.get(path, key=api.poor)
    assert response.status_code == 403
    assert permission in response.json()["detail"]


async def test_a_shop_sees_nothing_of_another(api: Api) -> None:
    answer = await api.ok("/v1/retention", key=api.other)
    assert (answer["held"], answer["lifetime_customers"], answer["as_of"]) == (1, 1, "2026-03-20")


def test_a_shop_that_prices_in_toman_is_answered_in_rial() -> None:
    assert (currency_or(None, "IRT"), currency_or(None, "USD"), currency_or("IRR", "IRT")) == ("IRR", "USD", "IRR")
