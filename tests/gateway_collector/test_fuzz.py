"""Generated bodies of all sorts, from well-formed to torn: accepted or refused with a field, never a defect."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from services.gateway.collector.api import BODIES
from tests.gateway_collector.conftest import Place
from tests.gateway_collector.ground import collecting

pytestmark = pytest.mark.stack
ROUNDS = 1_500
NAMES = (
    *("type", "event", "userId", "anonymousId", "messageId", "timestamp", "originalTimestamp", "sentAt", "receivedAt"),
    *(
        "context",
        "traits",
        "properties",
        "previousId",
        "groupId",
        "batch",
        "specversion",
        "id",
        "source",
        "time",
        "data",
    ),
    *("order_id", "revenue", "currency", "products", "price", "quantity", "email", "phone", "name", "locale", "shop"),
    *("refund_amount", "refunded_items", "refunded_at", "line_id", "origin", "datacontenttype", "visitor", "cart_id"),
)
TEXTS = (
    *("Order Completed", "order refunded", "Product Viewed", "track", "page", "identify", "1.0", "live", "USD", "IRT"),
    *("", " ", "null", "۰۹۱۲۳۴۵۶۷۸۹", "sara@mail.ir", "2026-03-21T09:30:00Z", "0001-01-01T00:00:00+14:00"),
    *("9999-12-31T23:59:59-14:00", "2026-03-21", "12.50", "1e30", "-0", "NaN", "\u200c", "\U0001f600", "x" * 250),
)
NUMBERS = (0, 1, -1, 5, 10**9, 2**63 - 1, -(2**63), 1.5, 1e-300, 1e300, True, False, None)


def _value(rng: Random, depth: int) -> Any:
    kind = rng.random()
    if depth > 3 or kind < 0.5:
        return rng.choice(TEXTS)
    if kind < 0.7:
        return rng.choice(NUMBERS)
    if kind < 0.8:
        return [_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {name: _value(rng, depth + 1) for name in rng.sample(NAMES, rng.randrange(6))}


def _call(rng: Random) -> dict[str, Any]:
    """A call that is nearly right."""
    order = {"order_id": "1", "revenue": "5", "currency": "USD", "products": [{"sku": "A", "price": 1, "quantity": 2}]}
    call: dict[str, Any] = {
        "type": rng.choice(("track", "page", "identify", "alias", "group")),
        "event": rng.choice(TEXTS),
        "userId": "1",
        "previousId": "2",
        "groupId": "3",
        "properties": order,
        "timestamp": "2026-03-21T09:30:00Z",
        "specversion": "1.0",
        "id": "1",
        "source": "s",
        "time": "2026-03-21T09:30:00Z",
        "data": dict(order),
    }
    for _ in range(rng.randrange(4)):
        place = rng.choice((call, call["properties"], call["data"]))
        if isinstance(place, dict):
            place[rng.choice(NAMES)] = _value(rng, 1)
        call = {**call, "properties": call.get("properties", {}), "data": call.get("data", {})}
    return call


def _body(rng: Random, path: str) -> bytes:
    value = _call(rng) if rng.random() < 0.8 else _value(rng, 0)
    if path == "/v1/batch" and rng.random() < 0.9:
        value = {"batch": [_call(rng) for _ in range(rng.randrange(4))] + [value], "sentAt": rng.choice(TEXTS[-12:])}
    if path == "/v1/events" and rng.random() < 0.5:
        value = [value, _call(rng)]
    body = json.dumps(value, ensure_ascii=rng.random() < 0.5).encode()
    if rng.random() < 0.2:  # torn, doubled, or with a byte of noise
        at = rng.randrange(len(body) + 1)
        body = rng.choice((body[:at], body[:at] + bytes([rng.randrange(256)]) + body[at:], body + body))
    return body


async def test_no_body_makes_it_fail(collector_place: Place) -> None:
    place, statuses = collector_place, dict[int, int]()
    limits = {"collector_events_per_second": 1e6, "collector_burst_events": 1_000_000}
    async with collecting(place.settings, place.keys, place.pool, **limits) as collected:
        for seed in range(ROUNDS):
            rng = Random(seed)
            path = rng.choice(sorted(BODIES))
            body = _body(rng, path)
            form = rng.choice(("application/json", "application/json", "text/plain", "application/cloudevents+json"))
            answer = await collected.post(path, body, Content_Type=form)
            assert answer.status_code in (202, 415, 422), (seed, path, body, answer.text)
            if answer.status_code == 422:
                assert answer.json()["errors"], (seed, body)
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        assert len(await collected.written()) >= statuses[202]
    assert min(statuses[202], statuses[422]) > ROUNDS / 20, statuses
