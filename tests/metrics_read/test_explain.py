"""Every figure explains itself: its formula gives its value, and each number in it has its customers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from services.metrics.retention.api.customers import router as lists
from services.metrics.retention.api.explain import router as explain
from services.metrics.retention.api.routes import router as retention
from services.metrics.retention.domain.explaining import DEFINITIONS, FIGURES, TERMS, symbols_in
from shared.kernel import FixedClock
from shared.testing.http import client
from shared.web import create_app
from tests.metrics_read.ground import Ground, random_history, settings_for, shop_of

pytestmark = pytest.mark.stack

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
TODAY = date(2026, 3, 20).toordinal()
SHOP, EMPTY = shop_of(1, windows=(30, 90), loyal_over=2), shop_of(2)


@pytest.fixture(scope="module")
async def http(ground: Ground) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    for shop in (SHOP, EMPTY):
        await ground.open(shop)
    await ground.fill(SHOP, random_history(Random(9), 250, customers=30, first=TODAY - 250, days=251))
    key, empty = [await ground.issue(shop, "metrics:read") for shop in (SHOP, EMPTY)]
    app = create_app(
        "metrics",
        settings_for("postgresql://nobody@127.0.0.1:1/none"),
        [retention, lists, explain],
        clock=FixedClock(NOW),
        pool=ground.api,
        registry=CollectorRegistry(),
    )
    async with client(app, key=key) as made:
        yield made, empty


def computed(numbers: str) -> float | None:
    """What the formula with its numbers gives by plain arithmetic."""
    formula = numbers.split(" = ", maxsplit=1)[0]
    assert not set(formula) - set("0123456789 ()+−÷"), formula
    try:
        return float(eval(formula.replace("−", "-").replace("÷", "/")))
    except ZeroDivisionError:
        return None


def test_every_figure_is_defined_by_known_terms() -> None:
    assert set(DEFINITIONS) == set(FIGURES)
    for definition in DEFINITIONS.values():
        assert set(symbols_in(definition.symbols + definition.check)) <= set(TERMS)


@pytest.mark.parametrize("figure", FIGURES)
async def test_a_figure_is_what_its_formula_gives_and_each_number_has_its_list(
    http: tuple[httpx.AsyncClient, str], figure: str
) -> None:
    api, _ = http
    for day, window, period in ((TODAY, 90, 30), (TODAY - 60, 30, 10), (TODAY - 20, 40, 60)):
        asked: dict[str, Any] = {"window_days": window, "period_days": period}
        response = await api.get(f"/v1/retention/{date.fromordinal(day)}/explain", params={"figure": figure, **asked})
        assert response.status_code == 200, response.text
        body = response.json()
        answer = (await api.get("/v1/retention", params={"as_of": date.fromordinal(day).isoformat(), **asked})).json()
        if figure not in ("return_rate", "joined", "aov", "revenue"):
            assert body["value"] == answer[figure]
        if figure == "aov":
            assert abs(body["value"] - computed(body["formula"]["numbers"])) <= 0.5
        else:
            assert body["value"] == pytest.approx(computed(body["formula"]["numbers"]))
        assert all(check["holds"] for check in body["checks"])
        for term in body["terms"]:
            assert term["name"]["text"]
            if term["customers"] is None:
                assert term["unit"] in ("orders", "money")
                continue
            linked = await api.get(str(response.url.join(term["customers"])))
            assert (linked.status_code, linked.json()["total"]) == (200, term["value"]), term
        for name, length in (("window", window), ("period", period)):
            if body[name]:
                first = date.fromisoformat(body[name]["from"])
                assert (body[name]["to"], body[name]["days"]) == (date.fromordinal(day).isoformat(), length)
                assert day - first.toordinal() == length - 1


async def test_a_published_average_stands_beside_retention_alone(http: tuple[httpx.AsyncClient, str]) -> None:
    api, _ = http
    for figure in ("crr", "churn", "aov"):
        body = (await api.get("/v1/retention/2026-03-20/explain", params={"figure": figure})).json()
        assert (body["benchmark"] is not None) is (figure == "crr")


async def test_over_nobody_there_is_no_value_and_the_text_says_so(http: tuple[httpx.AsyncClient, str]) -> None:
    api, empty = http
    for figure in ("crr", "rpr", "aov", "frequency", "return_rate"):
        response = await api.get(
            "/v1/retention/2026-03-20/explain",
            params={"figure": figure},
            headers={"Authorization": f"Bearer {empty}"},
        )
        body = response.json()
        assert (body["value"], body["mature"]) == (None, False)
        assert "nobody" in body["formula"]["numbers"]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "query.figure"),
        ({"figure": "luck"}, "query.figure"),
        ({"figure": "crr", "return_days": 30}, "query.return_days"),
    ],
)
async def test_what_cannot_be_explained_names_the_field(
    http: tuple[httpx.AsyncClient, str], asked: dict[str, Any], field: str
) -> None:
    response = await http[0].get("/v1/retention/2026-03-20/explain", params=asked)
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]
