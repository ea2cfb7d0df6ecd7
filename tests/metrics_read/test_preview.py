"""What a change of settings would cost, asked before it is made, and how far a build has come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from services.metrics.generations.api import changed, router
from services.metrics.generations.domain.effects import effects_of
from shared.contracts.shops import Lifecycle, Shop
from shared.testing.http import client
from shared.web import Problem, create_app
from tests.metrics_read.ground import Ground, random_history, settings_for, shop_of
from tests.metrics_read.recount import DAY_ZERO

pytestmark = pytest.mark.stack
SHOP = shop_of(1)


@pytest.fixture(scope="module")
async def http(ground: Ground) -> AsyncIterator[httpx.AsyncClient]:
    await ground.open(SHOP)
    await ground.fill(SHOP, random_history(Random(1), 90, 12, DAY_ZERO, 100))
    key = await ground.issue(SHOP, "metrics:read")
    app = create_app(
        "metrics",
        settings_for("postgresql://nobody@127.0.0.1:1/none"),
        [router],
        pool=ground.api,
        registry=CollectorRegistry(),
    )
    async with client(app, key=key) as made:
        yield made


async def preview(http: httpx.AsyncClient, change: Any) -> httpx.Response:
    return await http.post("/v1/settings/preview", json=change)


@pytest.mark.parametrize(
    ("change", "named", "rebuild"),
    [
        ({}, [], False),
        ({"week_start": 5}, ["week_start"], False),
        ({"zone": "UTC"}, [], False),
        ({"zone": "Asia/Tehran"}, ["zone"], True),
        ({"windows": [30, 365]}, ["windows"], True),
        (
            {"lifecycle": {"lost_days": 180, "activity": "either"}},
            ["lifecycle.activity", "lifecycle.lost_days"],
            True,
        ),
    ],
)
async def test_a_preview_names_what_changes_and_what_it_takes(
    http: httpx.AsyncClient, change: Any, named: list[str], rebuild: bool
) -> None:
    response = await preview(http, change)
    assert response.status_code == 200, response.text
    body = response.json()
    assert sorted(effect["setting"] for effect in body["effects"]) == named
    assert (body["rebuild"], body["orders"] > 0, body["customers"] > 0) == (rebuild, rebuild, rebuild)
    assert all(effect["text"] and effect["key"].startswith("effects.") for effect in body["effects"])
    assert body["build"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"zone": "Mars/Olympus"}, "body.zone"),
        ({"zone": 5}, "body.zone"),
        ({"calendar": "lunar"}, "body.calendar"),
        ({"windows": ["x"]}, "body.windows"),
        ({"lifecycle": {"lost_days": 0}}, "body.lifecycle.lost_days"),
        ({"lifecycle": {"window": 1}}, "body.lifecycle.window"),
        ({"lifecycle": []}, "body.lifecycle"),
        ({"slug": "other"}, "body.slug"),
        ([], "body"),
    ],
)
async def test_what_cannot_be_previewed_names_the_field(http: httpx.AsyncClient, change: Any, field: str) -> None:
    response = await preview(http, change)
    assert response.status_code == 422, response.text
    assert [error["field"] for error in response.json()["errors"]] == [field]


async def test_without_a_build_there_is_none(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v1/settings/build")).json() == {"build": None}


def test_every_setting_has_its_effect() -> None:
    before = msgspec.to_builtins(SHOP)
    for name in Shop.__struct_fields__:
        if name in ("number", "slug"):
            continue
        other: Any = {"a": 1} if isinstance(before[name], dict) else before[name]
        after = msgspec.structs.replace(SHOP, **{name: Lifecycle(lost_days=9) if other == {"a": 1} else object()})
        assert [effect.key for effect in effects_of(SHOP, after)] == [name]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_NAMES = st.sampled_from([*Shop.__struct_fields__, "x"])
_PARTS = st.dictionaries(st.sampled_from(Lifecycle.__struct_fields__), _JSON, max_size=3)


@settings(max_examples=400, deadline=None)
@given(change=st.dictionaries(_NAMES, _JSON | _PARTS, max_size=4))
def test_whatever_is_asked_is_a_shop_or_refused_with_its_field(change: dict[str, Any]) -> None:
    try:
        wanted = changed(SHOP, change)
    except Problem as problem:
        assert problem.status == 422
        assert all(error.field.startswith("body") and error.reason for error in problem.errors)
    else:
        assert (wanted.number, wanted.slug) == (SHOP.number, SHOP.slug)
