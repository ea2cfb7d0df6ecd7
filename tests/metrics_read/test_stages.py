"""Customers by stage on any day: numbers, shares, changes, lists and single lives, against plain recounts."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from random import Random
from typing import Any, NamedTuple

import httpx
import pytest
from prometheus_client import CollectorRegistry

from services.metrics.lifecycle.api.customer import router as customer_router
from services.metrics.lifecycle.api.customers import router as customers_router
from services.metrics.lifecycle.api.stages import router as stages_router
from services.metrics.lifecycle.domain.stages import Stage, fall_due, last_active, next_due
from services.metrics.lifecycle.store import listing
from shared.contracts.shops import Lifecycle, Shop
from shared.kernel import FixedClock, Zone
from shared.testing.http import client
from shared.web import create_app, write_cursor
from tests.metrics_read.ground import Ground, customer_text, random_history, settings_for, shop_of
from tests.metrics_read.lives import evident, live, lived, rules_of_shop, stage_at
from tests.metrics_read.recount import days_by_customer

pytestmark = pytest.mark.stack

NOW = datetime(2026, 3, 20, 21, tzinfo=UTC)
TODAY = date(2026, 3, 21).toordinal()
ORDERS = shop_of(
    1, zone="Asia/Tehran", week_start=5, windows=(30, 90), lifecycle=Lifecycle(lost_days=90, onboarding_days=20)
)
VISITS = shop_of(
    2, windows=(30,), lifecycle=Lifecycle(lost_days=70, activity="visits", lapsing="fixed", lapsing_days=15)
)
EITHER = shop_of(3, lifecycle=Lifecycle(lost_days=60, activity="either", lapsing_floor=3))
STREAM = shop_of(4, clock="stream", lifecycle=Lifecycle(lost_days=50))
SHOPS = (ORDERS, VISITS, EITHER, STREAM)
BOUGHT = {shop.number: random_history(Random(shop.number), 200, 40, TODAY - 400, 401) for shop in SHOPS}
VISITED = {
    shop.number: {
        customer: sorted(rng.randrange(TODAY - 400, TODAY + 1) for _ in range(rng.randint(0, 9)))
        for rng in [Random(shop.number)]
        for customer in range(1, 41)
    }
    if shop.lifecycle.activity != "orders"
    else {}
    for shop in SHOPS
}
STREAM_DAY = date(2025, 12, 1).toordinal()
PLAIN = [ORDERS, VISITS, EITHER]


class Api(NamedTuple):
    http: httpx.AsyncClient
    keys: dict[int, str]

    async def get(self, shop: Shop, path: str, **asked: Any) -> httpx.Response:
        return await self.http.get(path, params=asked, headers={"Authorization": f"Bearer {self.keys[shop.number]}"})

    async def ok(self, shop: Shop, path: str, **asked: Any) -> Any:
        response = await self.get(shop, path, **asked)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture(scope="module")
async def api(ground: Ground) -> AsyncIterator[Api]:
    keys = {}
    for shop in SHOPS:
        await ground.open(shop)
        bought = BOUGHT[shop.number]
        if shop is STREAM:
            bought = [order for order in bought if order.day <= STREAM_DAY]
            until = Zone("UTC").start_of(STREAM_DAY)  # type: ignore[arg-type]  # an ordinal
            for partition, later in ((0, 9), (1, 0)):
                await ground.pool.execute(
                    "INSERT INTO shop_clock VALUES ($1, $2, $3::timestamptz + $4 * interval '1 day', 'live')",
                    shop.number,
                    partition,
                    until,
                    later,
                )
        await ground.fill(shop, bought)
        await live(ground, shop, bought, VISITED[shop.number], today(shop))
        keys[shop.number] = await ground.issue(shop, "metrics:read")
    app = create_app(
        "metrics",
        settings_for("postgresql://nobody@127.0.0.1:1/none"),
        [stages_router, customers_router, customer_router],
        clock=FixedClock(NOW),
        pool=ground.api,
        registry=CollectorRegistry(),
    )
    async with client(app) as http:
        yield Api(http, keys)


def today(shop: Shop) -> int:
    if shop is STREAM:
        return STREAM_DAY
    return Zone(shop.zone).day_of(NOW)


def days_of(shop: Shop) -> dict[int, list[int]]:
    return days_by_customer([order for order in BOUGHT[shop.number] if order.day <= today(shop)])


def in_stages(shop: Shop, day: int) -> dict[int, Stage]:
    rules, visits = rules_of_shop(shop), VISITED[shop.number]
    known = {customer: stage_at(days, visits.get(customer, []), rules, day) for customer, days in days_of(shop).items()}
    return {customer: stage for customer, stage in known.items() if stage is not Stage.PROSPECT}


def some_days(shop: Shop, count: int = 6) -> list[int]:
    return [today(shop), *Random(shop.number).sample(range(TODAY - 410, today(shop)), count)]


@pytest.mark.parametrize("shop", SHOPS, ids=lambda shop: shop.lifecycle.activity + shop.clock)
async def test_stages_of_any_day_equal_a_recount(api: Api, shop: Shop) -> None:
    for day in some_days(shop):
        expected = Counter(in_stages(shop, day).values())
        answer = await api.ok(shop, f"/v1/stages/{date.fromordinal(day)}", period_days=25)
        assert {row["stage"]: row["customers"] for row in answer["stages"]} == {
            stage.name.lower(): expected[stage] for stage in Stage if stage is not Stage.PROSPECT
        }
        everybody = sum(expected.values())
        assert answer["customers"] == everybody
        assert [row["share"] for row in answer["stages"]] == [
            row["customers"] / everybody if everybody else None for row in answer["stages"]
        ]
        assert answer["check"] == {
            "held": everybody - expected[Stage.LOST],
            "in_held_stages": everybody - expected[Stage.LOST],
            "agrees": True,
        }
        assert flows(answer["changes"]) == recounted_flows(shop, day - 25, day)


def flows(changes: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    return Counter({(row["from"], row["to"]): row["customers"] for row in changes})


def recounted_flows(shop: Shop, after: int, until: int) -> Counter[tuple[str, str]]:
    visits = VISITED[shop.number]
    return Counter(
        (change.previous.name.lower(), change.stage.name.lower())
        for customer, days in days_of(shop).items()
        for change in lived(days, visits.get(customer, []), rules_of_shop(shop), today(shop))[1]
        if after < change.day <= until
    )


async def test_a_series_of_stages_has_each_day_and_the_changes_between(api: Api) -> None:
    for step, calendar in (("week", None), ("month", "jalali"), ("quarter", "gregorian")):
        asked = {"from": "2025-06-03", "step": step} | ({"calendar": calendar} if calendar else {})
        series = await api.ok(ORDERS, "/v1/stages/series", **asked)
        before = date(2025, 6, 2).toordinal()
        for point in series["points"]:
            day = date.fromisoformat(point["as_of"]).toordinal()
            alone = await api.ok(ORDERS, f"/v1/stages/{point['as_of']}")
            assert {name: point[name] for name in ("customers", "held", "stages")} == {
                name: alone[name] for name in ("customers", "held", "stages")
            }
            assert flows(point["changes"]) == recounted_flows(ORDERS, before, day)
            before = day
        assert before == TODAY
        assert [point["complete"] for point in series["points"]][-2:] == [True, False]


async def everybody(
    api: Api, shop: Shop, *, limit: int = 5, pages: int = 50, **asked: Any
) -> tuple[int, list[dict[str, Any]]]:
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    for _ in range(pages):
        page = await api.ok(shop, "/v1/customers", limit=limit, **asked, **cursor)
        items += page["items"]
        if page["next"] is None:
            return page["total"], items
        cursor = {"cursor": page["next"]}
    raise AssertionError("the pages have no end")


@pytest.mark.parametrize("sort", ["customer", "day"])
@pytest.mark.parametrize("shop", SHOPS, ids=lambda shop: shop.lifecycle.activity + shop.clock)
async def test_lists_of_a_stage_hold_who_stands_in_it_at_the_end_of_the_day(api: Api, shop: Shop, sort: str) -> None:
    rules, visits, days = rules_of_shop(shop), VISITED[shop.number], days_of(shop)
    for day in some_days(shop, 3):
        standing = in_stages(shop, day)
        for stage in ("new", "active", "lapsing", "reactivated", "lost"):
            total, items = await everybody(api, shop, stage=stage, sort=sort, as_of=date.fromordinal(day).isoformat())
            expected = {
                customer_text(shop.number, who): who for who, at in standing.items() if at.name.lower() == stage
            }
            assert {item["customer"] for item in items} == set(expected)
            assert len(items) == len(expected) == total
            if sort == "customer":
                assert [item["customer"] for item in items] == sorted(expected)
            else:
                assert items == sorted(items, key=lambda item: (-_ordinal(item["since"]), item["customer"]))
            for item in items:
                who = expected[item["customer"]]
                life, changes = lived(days[who], visits.get(who, []), rules, day)
                active = last_active(life, rules)
                assert item["since"] == date.fromordinal(changes[-1].day).isoformat()
                assert (item["previous"], item["reason"]) == (
                    changes[-1].previous.name.lower(),
                    changes[-1].reason.name.lower(),
                )
                assert item["last_order_day"] == date.fromordinal(life.last_order).isoformat()
                assert (item["last_active_day"], item["days"]) == (date.fromordinal(active).isoformat(), day - active)
                if stage == "lapsing":
                    assert life.threshold and item["threshold_days"] == life.threshold.days <= item["days"]


def _ordinal(text: str) -> int:
    return date.fromisoformat(text).toordinal()


async def test_without_a_day_it_is_the_shop_s_present_one(api: Api) -> None:
    for shop in SHOPS:
        page = await api.ok(shop, "/v1/customers", stage="lost")
        assert page["as_of"] == date.fromordinal(today(shop)).isoformat()
    response = await api.get(STREAM, f"/v1/stages/{date.fromordinal(STREAM_DAY + 1)}")
    assert response.status_code == 422, "the stream's clock has not come so far"


async def test_stages_of_the_books_are_refused_with_where_to_ask_instead(api: Api) -> None:
    for path, asked in (
        ("/v1/stages/2026-02-01", {}),
        ("/v1/stages/series", {"from": "2026-01-01"}),
        ("/v1/customers", {"stage": "lost"}),
    ):
        restated = await api.ok(ORDERS, path, **asked, basis="restated")
        assert restated == await api.ok(ORDERS, path, **asked)
        assert restated["basis"] == "restated"
        response = await api.get(ORDERS, path, **asked, basis="booked")
        assert response.status_code == 422
        [error] = response.json()["errors"]
        assert error["field"] == "query.basis"
        assert "basis=booked&window_days=90" in error["reason"]


@pytest.mark.parametrize("sort", ["customer", "day"])
async def test_a_page_that_has_taken_its_time_ends_early_and_the_next_goes_on(
    api: Api, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    asked = {"stage": "lost", "sort": sort, "as_of": "2026-02-01"}
    _total, whole = await everybody(api, ORDERS, **asked)
    monkeypatch.setattr(listing, "STRIDE", 2)
    monkeypatch.setattr(listing, "DAYS", 3)
    assert (await everybody(api, ORDERS, **asked))[1] == whole
    monkeypatch.setattr(listing, "_SECONDS", -1.0)
    pages = await everybody(api, ORDERS, limit=50, pages=1_000, **asked)
    assert pages[1] == whole
    response = await api.get(ORDERS, "/v1/customers", **asked, format="csv")
    assert len(response.text.splitlines()) == len(whole) + 1


async def test_csv_of_a_stage_is_the_whole_list(api: Api) -> None:
    _total, items = await everybody(api, ORDERS, stage="lost", sort="day")
    response = await api.get(ORDERS, "/v1/customers", stage="lost", sort="day", format="csv")
    assert response.headers["content-disposition"] == 'attachment; filename="lost-2026-03-21.csv"'
    rows = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert [row["customer"] for row in rows] == [item["customer"] for item in items]
    assert [row["event_id"] for row in rows] == [item["event_id"] for item in items]


async def test_a_customer_has_stage_threshold_with_evidence_what_is_due_and_all_changes(
    api: Api, ground: Ground
) -> None:
    for shop in PLAIN:
        rules, day = rules_of_shop(shop), today(shop)
        for who, days in days_of(shop).items():
            life, changes = lived(days, VISITED[shop.number].get(who, []), rules, day)
            answer = await api.ok(shop, f"/v1/customers/{customer_text(shop.number, who)}")
            assert (answer["stage"], answer["since"]) == (
                life.stage.name.lower(),
                date.fromordinal(changes[-1].day).isoformat(),
            )
            threshold = evident(life, rules)
            assert answer["threshold"] == {
                "days": threshold.days,
                "kind": "personal" if threshold.personal else "fixed",
                "own_gaps": threshold.own_gaps,
                "own_gap_days": threshold.own_gap_days,
                "shop_gaps": threshold.shop_gaps,
                "shop_gap_days": threshold.shop_gap_days,
                "shop_gaps_as_of": date.fromordinal(threshold.figure_day).isoformat() if threshold.figure_day else None,
            }
            due = next_due(life, rules)
            if due is None:
                assert answer["due"] is None
            else:
                change = fall_due(life, rules, due)[1][0]
                assert answer["due"] == {
                    "day": date.fromordinal(due).isoformat(),
                    "stage": change.stage.name.lower(),
                    "reason": change.reason.name.lower(),
                }
            told = answer["transitions"]
            assert [change["number"] for change in told] == list(range(1, len(told) + 1))
            assert sorted((c["day"], c["stage"]) for c in told if not c["retracted"]) == sorted(
                (date.fromordinal(c.day).isoformat(), c.stage.name.lower()) for c in changes
            )
            for change in told:
                assert change["event_id"]
                assert (change["retracted_by"] is not None) is change["retracted"]


async def test_another_shop_s_customer_is_not_found(api: Api) -> None:
    assert (await api.get(ORDERS, f"/v1/customers/{customer_text(2, 1)}")).status_code == 404


@pytest.mark.parametrize("place", [(2**62, 1), (-(2**62), 1), (0, -(2**63)), (2**63 - 1, 2**63 - 1)])
async def test_a_cursor_that_nobody_gave_out_is_no_defect(api: Api, place: tuple[int, int]) -> None:
    for sort, cursor in (("day", place), ("customer", place[:1])):
        response = await api.get(ORDERS, "/v1/customers", stage="lost", sort=sort, cursor=write_cursor(cursor))
        assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    ("path", "asked", "field", "says"),
    [
        ("/v1/customers", {}, "query.stage", "required"),
        ("/v1/customers", {"stage": "prospect"}, "query.stage", "one of"),
        ("/v1/customers", {"stage": "lost", "as_of": "2026-03-22"}, "query.as_of", "2026-03-21"),
        ("/v1/customers", {"stage": "lost", "sort": "name"}, "query.sort", "one of"),
        ("/v1/customers", {"stage": "lost", "cursor": "WzEsMl0"}, "query.cursor", "start again"),
        ("/v1/customers", {"stage": "lost", "page": 2}, "query.page", "not a known"),
        ("/v1/stages/2026-03-22", {}, "path.as_of", "2026-03-21"),
        ("/v1/stages/yesterday", {}, "path.as_of", "date such as"),
        ("/v1/stages/2026-03-21", {"period_days": 0}, "query.period_days", "at least 1"),
        ("/v1/stages/series", {}, "query.from", "required"),
        ("/v1/stages/series", {"from": "2020-01-01", "step": "day"}, "query.step", "longer step"),
    ],
)
async def test_what_cannot_be_answered_names_the_field(
    api: Api, path: str, asked: dict[str, Any], field: str, says: str
) -> None:
    response = await api.get(ORDERS, path, **asked)
    assert response.status_code == 422, response.text
    [error] = response.json()["errors"]
    assert (error["field"], says in error["reason"]) == (field, True), error
