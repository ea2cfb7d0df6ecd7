"""The loop is closed: who lapses is written to, comes back, earns, is asked, answers badly, is called; once each."""

from __future__ import annotations

import asyncio
import io
from collections import Counter
from typing import Any

import pytest
from rich.console import Console

from mandegar.connecting import connection
from mandegar.demo.asking import ApiError
from mandegar.demo.loop import LOOP_SHOP, Addresses, LoopBroken, Walked, walk
from mandegar.demo.loop.programme import POINTS_PER_ORDER
from tests.acceptance.conftest import Platform, until
from tests.acceptance.test_front_door import heard

pytestmark = [pytest.mark.stack, pytest.mark.slow]
TOPICS = ("campaigns.journeys.v1", "campaigns.messages.v1", "feedback.surveys.v1", "feedback.cases.v1")
ONCE = {
    "journey.entered": 1,
    "journey.moved": 1,
    "journey.goal.reached": 1,
    "message.sent": 2,
    "survey.sent": 1,
    "survey.opened": 1,
    "survey.answered": 1,
    "nps.detractor": 1,
    "case.opened": 1,
    "case.assigned": 1,
    "case.contacted": 2,
    "case.solved": 1,
}
POINTS = [POINTS_PER_ORDER, POINTS_PER_ORDER, 200]


def walked(platform: Platform) -> tuple[Walked, str]:
    """One customer's way, and what was shown of it."""
    found = connection(platform.directory)
    services = [platform.addresses[f"{service}-api"] for service in Addresses._fields if service != "inbox"]
    console = Console(file=io.StringIO(), width=160)
    try:
        way = asyncio.run(walk(found, Addresses._make([*services, platform.addresses["inbox"]]), console))
    except (ApiError, LoopBroken) as error:
        behind = [row for row in platform.json("lag") if row["events"]]
        raise AssertionError(f"{error}; behind: {behind}\n{platform.log('campaigns-worker')[-3_000:]}") from error
    shown = console.file
    assert isinstance(shown, io.StringIO)
    return way, shown.getvalue()


def of(platform: Platform, topic: str, customer: str) -> list[dict[str, Any]]:
    return [one for one in heard(platform, topic, LOOP_SHOP) if one["data"].get("customer") == customer]


def counts(platform: Platform, customer: str) -> dict[str, int]:
    return dict(Counter(one["type"] for topic in TOPICS for one in of(platform, topic, customer)))


def test_who_lapses_is_written_to_comes_back_earns_is_asked_and_called_once_however_often_it_is_told(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in connection(platform.directory).environment().items():
        monkeypatch.setenv(name, value)
    way, shown = walked(platform)
    assert counts(platform, way.customer) == ONCE
    assert [one["data"]["points"] for one in of(platform, "loyalty.points.v1", way.customer)] == POINTS
    stages = [one["data"]["stage"] for one in of(platform, "metrics.lifecycle.v1", way.customer)]
    assert stages == ["new", "lapsing", "active"]
    for kind in ONCE:
        assert kind in shown, "each passes before the reader's eyes"

    # All that the shop's backend said is said again.
    key = {"Authorization": f"Bearer {way.key}"}
    (bought,) = [one for one in heard(platform, "orders.v1", LOOP_SHOP) if one["data"]["order_id"].endswith("-second")]
    name = bought["data"]["order_id"].removesuffix("-second")
    told = {"order_id": bought["data"]["order_id"], "revenue": POINTS_PER_ORDER, "currency": "EUR"}
    for message, event in (("second-ordered", "Order Completed"), ("second-delivered", "Order Delivered")):
        said = {"messageId": f"{name}-{message}", "userId": name, "timestamp": bought["time"], "event": event}
        assert platform.ask("POST", "/v1/track", key, json=said | {"properties": told}).status_code == 202
    until(lambda: not sum(row["events"] or 0 for row in platform.json("lag") if row["lane"] == "live"))
    assert counts(platform, way.customer) == ONCE
    assert [one["data"]["points"] for one in of(platform, "loyalty.points.v1", way.customer)] == POINTS

    again, _ = walked(platform)
    assert again.customer != way.customer, "somebody else walks the same way on the same data"
    assert counts(platform, again.customer) == ONCE
