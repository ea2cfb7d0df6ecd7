"""What no shop should send, through the runtime: set aside with its reason; what stands beside it takes effect."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from services.gateway.shops import add_shop
from shared.kernel import FixedClock
from tests.gateway.ground import NOW, Gateway, raw

pytestmark = pytest.mark.stack


def body(event: dict[str, Any], old: str, new: str) -> bytes:
    """The event's bytes with a piece of its JSON replaced by what `json` would not write."""
    text = json.dumps(event)
    assert old in text
    return text.replace(old, new).encode("utf-8", "surrogatepass")


GOOD = raw("bad", customer_id="canary", coupon="@", revenue=1)
MALFORMED: dict[str, tuple[bytes, str]] = {
    "no json": (b"order", "json"),
    "nothing": (b"", "json"),
    "bad utf-8": (json.dumps(GOOD).encode().replace(b"@", b"\xff\xfe"), "schema"),
    "a lone surrogate": (body(GOOD, "@", "\\ud800"), "json"),
    "a number that is none": (body(GOOD, '"revenue": 1', '"revenue": NaN'), "json"),
    "a number without end": (body(GOOD, '"revenue": 1', '"revenue": 1e400'), "bad_amount"),
    "an endless text": (body(GOOD, '"revenue": 1', '"revenue": "-Infinity"'), "bad_amount"),
    "an amount beyond 2^63": (body(GOOD, '"revenue": 1', '"revenue": 9223372036854775808'), "bad_amount"),
    "true for an amount": (body(GOOD, '"revenue": 1', '"revenue": true'), "schema"),
    "a list for an id": (body(GOOD, '"o-bad"', "[1]"), "schema"),
    "a NUL in the order": (body(GOOD, '"o-bad"', '"o\\u0000"'), "schema"),
    "a NUL in the customer": (body(GOOD, '"canary"', '"c\\u0000"'), "schema"),
    "no order": (body(GOOD, '"order_id": "o-bad", ', ""), "schema"),
    "an array": (b"[1]", "envelope"),
    "two thousand deep": (b'{"id":"bad","type":"Order Completed","data":' + b"[" * 2000 + b"]" * 2000 + b"}", "json"),
    "another event": (body(GOOD, "Order Completed", "Product Viewed"), "unknown_event"),
    "from next week": (json.dumps(raw("bad", at=NOW + timedelta(days=7))).encode(), "in_future"),
    "an unknown shop": (json.dumps(raw("bad", shop="nowhere")).encode(), "unknown_shop"),
    "a negative amount": (json.dumps(raw("bad", revenue=-1)).encode(), "bad_amount"),
}


@pytest.mark.parametrize("what", MALFORMED)
async def test_a_malformed_event_is_set_aside_and_its_neighbours_take_effect(gateway: Gateway, what: str) -> None:
    value, reason = MALFORMED[what]
    await gateway.take([raw("1", customer_id="a"), value, raw("2", customer_id="b")], placed="one")
    (refusal,) = gateway.refused
    assert refusal.reason in ((reason, "envelope") if reason == "json" else (reason,)), refusal.detail
    assert "canary" not in refusal.detail
    assert [event.data.order_id for event in await gateway.orders()] == ["o-1", "o-2"]


async def test_an_unknown_shop_stops_nobody_since_the_registry_is_here(gateway: Gateway) -> None:
    await gateway.take([raw("1", shop="nowhere"), raw("2", customer_id="b")], placed="one")
    assert [refusal.reason for refusal in gateway.refused] == ["unknown_shop"]
    assert [event.data.order_id for event in await gateway.orders()] == ["o-2"]


async def test_duplicate_keys_are_one_key(gateway: Gateway) -> None:
    await gateway.take([body(GOOD, '"revenue": 1', '"revenue": 1, "revenue": 2')])
    assert (await gateway.order()).data.revenue == 200


async def test_an_event_of_three_megabytes_is_judged_by_what_it_says(gateway: Gateway) -> None:
    await gateway.take([raw("1", coupon="x" * 3_000_000, name="n" * 3_000_000, phone="9" * 3_000_000)])
    assert len((await gateway.order()).data.coupon) == 500
    assert await gateway.customers() == []


async def test_a_refused_event_that_is_put_right_takes_effect(gateway: Gateway) -> None:
    await gateway.take([raw("1", revenue="-5")])
    assert [refusal.reason for refusal in gateway.refused] == ["bad_amount"]
    await gateway.take([raw("1", revenue="5")])
    assert [event.data.revenue for event in await gateway.orders()] == [500]


async def test_the_same_id_with_another_content_is_set_aside(gateway: Gateway) -> None:
    await gateway.take([raw("1", revenue="5"), raw("1", revenue="6")])
    assert [refusal.reason for refusal in gateway.refused] == ["content_differs"]
    assert len(await gateway.orders()) == 1


async def test_an_event_without_shop_means_the_default_one_of_several(gateway: Gateway) -> None:
    await add_shop(gateway.pool, FixedClock(NOW), "tehran", currency="IRT", phone_region="IR")
    await gateway.take([raw("1", customer_id="a"), raw("2", customer_id="a", shop="tehran")])
    here, there = sorted(await gateway.orders(), key=lambda event: event.shop)
    assert (here.shop, here.data.currency, there.shop, there.data.currency) == ("default", "USD", "tehran", "IRR")
    assert here.data.customer != there.data.customer
