"""Each payload of a shop system and the raw events that it tells."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from services.gateway.webhooks.events import ADAPTORS, Unread
from tests.gateway_webhooks.ground import body_of, payload

PLACED, CHANGED = "2026-02-20T10:00:00-05:00", "2026-02-20T10:00:02-05:00"
WOO_PLACED, WOO_CHANGED = "2026-02-20T15:28:02Z", "2026-02-20T15:28:08Z"
CANCELLED = {"cancelled_at": "2026-02-21T08:00:00-05:00", "cancel_reason": "customer"}
FAILED = {"transactions": [{"kind": "refund", "status": "failure", "amount": "53.50"}]}
INCLUDED = {"taxes_included": True, "subtotal_price": "89.10"}


def told(vendor: str, topic: str, said: Any, **headers: str) -> list[dict[str, Any]]:
    """Raw events as JSON has them: type and time beside what is said of the order."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    events = ADAPTORS[vendor].read(topic, body_of(said), named)
    return [
        {"type": event.type, "time": event.time and msgspec.to_builtins(event.time)} | msgspec.to_builtins(event.data)
        for event in events
    ]


CASES: list[tuple[str, str, dict[str, Any], list[tuple[str, str | None, dict[str, Any]]]]] = [
    ("shopify", "orders/create", payload("shopify_order"), [
        ("Order Completed", PLACED, {"order_id": 820982911946154508, "revenue": "81.00", "total": "99.10",
                                     "tax": "8.10", "shipping": "10.00", "discount": "9.00", "currency": "USD",
                                     "coupon": "TENOFF", "customer_id": 115310627314723954, "name": "Sara Rad",
                                     "email": "sara@mail.example", "phone": "+16135551111"}),
    ]),
    ("shopify", "orders/updated", payload("shopify_order"), [
        ("Order Completed", PLACED, {"revenue": "81.00"}),
        ("Order Updated", CHANGED, {"revenue": "81.00"}),
    ]),
    ("shopify", "orders/updated", payload("shopify_order", refunds=[payload("shopify_refund")]), [
        ("Order Completed", PLACED, {}),
        ("Order Updated", CHANGED, {}),
        ("Order Refunded", "2026-02-22T09:00:01-05:00", {"refund_id": 929361464, "refund_amount": "45.00"}),
    ]),
    ("shopify", "orders/cancelled", payload("shopify_order", **CANCELLED), [
        ("Order Cancelled", "2026-02-21T08:00:00-05:00", {"revenue": "81.00"}),
    ]),
    ("shopify", "orders/create", payload("shopify_order", **INCLUDED), [
        ("Order Completed", PLACED, {"revenue": "81.00", "total": "99.10"}),
    ]),
    ("shopify", "orders/create", payload("shopify_order", customer=None, email="", phone=None), [
        ("Order Completed", PLACED, {"customer_id": None}),
    ]),
    ("shopify", "refunds/create", payload("shopify_refund"), [
        ("Order Refunded", "2026-02-22T09:00:01-05:00", {
            "order_id": 820982911946154508, "refund_id": 929361464, "refund_amount": "45.00", "currency": "USD",
            "refunded_items": [{"line_id": 141249953214522974, "quantity": 1, "amount": "45.0"}]}),
    ]),
    ("shopify", "refunds/create", payload("shopify_refund", **FAILED), []),
    ("shopify", "refunds/create", payload("shopify_refund", transactions=[]), []),
    ("shopify", "orders/delete", payload("shopify_deleted"), [
        ("Order Cancelled", None, {"order_id": 820982911946154508}),
    ]),
    ("shopify", "orders/create", payload("shopify_order", test=True), []),
    ("shopify", "products/update", {"id": 1}, []),
    ("woocommerce", "order.created", payload("woocommerce_order"), [
        ("Order Completed", WOO_PLACED, {"order_id": 727, "revenue": "200000", "total": "250000", "tax": "20000",
                                         "shipping": "30000", "discount": "10000", "currency": "IRT",
                                         "coupon": "nowruz", "customer_id": 26, "phone": "۰۹۱۲۳۴۵۶۷۸۹",
                                         "email": "sara@mail.example", "name": "سارا راد"}),
    ]),
    ("woocommerce", "order.updated", payload("woocommerce_order"), [
        ("Order Completed", WOO_PLACED, {"revenue": "200000"}),
        ("Order Completed", WOO_CHANGED, {"revenue": "200000"}),
    ]),
    ("woocommerce", "order.updated", payload("woocommerce_refunded"), [
        ("Order Completed", WOO_PLACED, {}),
        ("Order Completed", "2026-02-24T09:00:00Z", {}),
        ("Order Refunded", "2026-02-24T09:00:00Z", {"refund_id": 740, "refund_amount": "80000.0000"}),
    ]),
    ("woocommerce", "order.created", payload("woocommerce_order", customer_id=0, billing={"email": "", "phone": ""}), [
        ("Order Completed", WOO_PLACED, {"customer_id": None}),
    ]),
    ("woocommerce", "order.created", payload("woocommerce_order", status="pending"), []),
    ("woocommerce", "order.updated", payload("woocommerce_order", status="pending"), [
        ("Order Cancelled", WOO_CHANGED, {}),
    ]),
    ("woocommerce", "order.updated", payload("woocommerce_order", status="cancelled"), [
        ("Order Cancelled", WOO_CHANGED, {}),
    ]),
    ("woocommerce", "order.updated", payload("woocommerce_order", status="failed"), [
        ("Order Cancelled", WOO_CHANGED, {}),
    ]),
    ("woocommerce", "order.updated", payload("woocommerce_order", status="checkout-draft"), []),
    ("woocommerce", "order.deleted", payload("woocommerce_deleted"), [("Order Cancelled", None, {"order_id": 727})]),
    ("woocommerce", "order.restored", payload("woocommerce_order"), [
        ("Order Completed", WOO_PLACED, {}),
        ("Order Completed", None, {}),
    ]),
    ("woocommerce", "customer.created", {"id": 26}, []),
]  # fmt: skip


@pytest.mark.parametrize(("vendor", "topic", "said", "expected"), CASES)
def test_a_payload_tells_these_events(
    vendor: str, topic: str, said: dict[str, Any], expected: list[tuple[str, str | None, dict[str, Any]]]
) -> None:
    found = told(vendor, topic, said)
    assert [(event["type"], event["time"]) for event in found] == [(name, time) for name, time, _ in expected]
    for event, (_, _, wanted) in zip(found, expected, strict=True):
        assert {key: event.get(key) for key in wanted} == wanted


def test_lines_are_priced_after_their_own_discounts() -> None:
    (shopify,) = told("shopify", "orders/create", payload("shopify_order"))
    assert [(line["line_id"], line["quantity"], Decimal(line["price"])) for line in shopify["products"]] == [
        (866550311766439020, 2, 18),
        (141249953214522974, 1, 45),
    ]
    (woo,) = told("woocommerce", "order.created", payload("woocommerce_order"))
    assert [(line["line_id"], line["quantity"], Decimal(line["price"])) for line in woo["products"]] == [
        (315, 2, 60_000),
        (316, 1, 80_000),
    ]


def test_a_guest_without_contacts_names_nobody() -> None:
    nobody = {"first_name": "", "last_name": "", "email": "", "phone": ""}
    guests = [
        *told("shopify", "orders/create", payload("shopify_order", customer=None, email=None, phone=None)),
        *told("woocommerce", "order.created", payload("woocommerce_order", customer_id=0, billing=nobody)),
    ]
    for guest in guests:
        assert not guest.get("customer_id")
        assert not {"email", "phone", "name"} & guest.keys()


def test_what_a_customer_wrote_and_where_they_live_is_left_behind() -> None:
    for vendor, topic, name in (
        ("shopify", "orders/create", "shopify_order"),
        ("woocommerce", "order.created", "woocommerce_order"),
    ):
        text = repr(told(vendor, topic, payload(name)))
        assert not [word for word in ("Rahimi", "Street", "Elm", "خیابان", "زنگ", "203.0.113") if word in text]


def test_a_refund_paid_in_the_customers_currency_is_counted_in_the_shops() -> None:
    refund = payload("shopify_refund")
    refund["transactions"][0] |= {"amount": "61.00", "currency": "CAD"}
    (event,) = told("shopify", "refunds/create", refund)
    assert (Decimal(event["refund_amount"]), event["currency"]) == (45, "USD")


def test_all_of_an_orders_money_given_back_is_all_of_its_revenue() -> None:
    whole = payload("woocommerce_order", status="refunded", refunds=[{"id": 1, "reason": "", "total": "-250000"}])
    assert Decimal(told("woocommerce", "order.updated", whole)[-1]["refund_amount"]) == 200_000


def test_a_deleted_order_is_gone_when_shopify_says_so() -> None:
    (event,) = told(
        "shopify", "orders/delete", payload("shopify_deleted"), x_shopify_triggered_at="2026-02-23T10:00:00.123Z"
    )
    assert event["time"] == "2026-02-23T10:00:00.123000Z"


@pytest.mark.parametrize(
    ("vendor", "topic"),
    [("shopify", ""), ("shopify", "customers/redact"), ("shopify", "customers/data_request"), ("woocommerce", "")],
)
def test_what_a_person_must_look_at_is_not_read(vendor: str, topic: str) -> None:
    with pytest.raises(Unread):
        told(vendor, topic, {"id": 1})


@pytest.mark.parametrize("total", ["NaN", "abc", None, [], "1e999999999999999999999"])
def test_figures_that_are_none_are_refused_and_not_guessed(total: Any) -> None:
    for vendor, topic, said in (
        ("shopify", "orders/create", payload("shopify_order", total_price=total, subtotal_price=total)),
        ("woocommerce", "order.created", payload("woocommerce_order", total=total)),
    ):
        with pytest.raises((ValueError, ArithmeticError)):
            told(vendor, topic, said)
