"""Orders of BigCommerce and Magento as their APIs give them, and the raw events that each state tells."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from services.gateway.webhooks.events import ADAPTORS
from tests.gateway_webhooks.ground import body_of, payload

PLACED, CHANGED = "2026-02-20T15:00:00Z", "2026-02-20T15:00:09Z"
BIG, MAGE = payload("bigcommerce_order"), payload("magento_order")
REFUND, MEMO = payload("bigcommerce_refund"), payload("magento_memo")


def big(refunds: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    return BIG | {"order": BIG["order"] | changes, "refunds": refunds or []}


def mage(memos: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    return MAGE | {"order": MAGE["order"] | changes, "memos": memos or []}


def told(vendor: str, document: Any) -> list[dict[str, Any]]:
    return [
        {"type": event.type, "time": event.time and msgspec.to_builtins(event.time)} | msgspec.to_builtins(event.data)
        for event in ADAPTORS[vendor].read_order(body_of(document))
    ]


def lines(vendor: str, document: Any) -> list[tuple[Any, ...]]:
    products = told(vendor, document)[0]["products"]
    return [(line["line_id"], line["quantity"], line["price"]) for line in products]


Expected = list[tuple[str, str, dict[str, Any]]]
BOTH: Expected = [("Order Completed", PLACED, {}), ("Order Updated", CHANGED, {})]
CASES: list[tuple[str, dict[str, Any], Expected]] = [
    ("bigcommerce", big(), [
        ("Order Completed", PLACED, {"order_id": 193, "revenue": "81.0000", "total": "100.1000", "tax": "9.1000",
                                     "shipping": "10.0000", "discount": "9.0000", "currency": "USD",
                                     "customer_id": 11, "email": "sara@mail.example", "phone": "+16135551111",
                                     "name": "Sara Rad", "locale": "en", "affiliation": "www"}),
        ("Order Updated", CHANGED, {"revenue": "81.0000"}),
    ]),
    ("bigcommerce", big(customer_id=0), [("Order Completed", PLACED, {"customer_id": None}), BOTH[1]]),
    ("bigcommerce", big(date_modified=BIG["order"]["date_created"]), [("Order Completed", PLACED, {})]),
    ("bigcommerce", big(status_id=0), []),
    ("bigcommerce", big(status_id=7), BOTH),
    *[("bigcommerce", big(status_id=status), [("Order Cancelled", CHANGED, {})]) for status in (1, 5, 6)],
    ("bigcommerce", big(is_deleted=True), [("Order Cancelled", CHANGED, {"order_id": 193})]),
    ("bigcommerce", big([REFUND], refunded_amount="46.2000", status_id=14), [
        *BOTH,
        ("Order Refunded", "2026-02-22T16:44:15Z", {
            "refund_id": 12, "refund_amount": "32.0000", "currency": "USD",
            "refunded_items": [{"line_id": 20, "quantity": 1}]}),
    ]),
    ("bigcommerce", big([REFUND | {"payments": [REFUND["payments"][0] | {"is_declined": True}]}]), BOTH),
    ("bigcommerce", big([REFUND | {"payments": [REFUND["payments"][0] | {"amount": 23.1}]}]), [
        *BOTH, ("Order Refunded", "2026-02-22T16:44:15Z", {"refund_amount": "16.0000"}),
    ]),
    ("bigcommerce", big(status_id=4), [
        *BOTH, ("Order Refunded", CHANGED, {"refund_id": "by-hand", "refund_amount": "81.0000"}),
    ]),
    ("bigcommerce", big(refunded_amount="50.0500"), [
        *BOTH, ("Order Refunded", CHANGED, {"refund_id": "by-hand", "refund_amount": "40.5000"}),
    ]),
    ("magento", mage(), [
        ("Order Completed", PLACED, {"order_id": "000000012", "revenue": "40.00", "total": "49.05", "tax": "4.05",
                                     "shipping": "5", "discount": "5", "currency": "USD", "coupon": "TENOFF",
                                     "customer_id": 7, "email": "sara@mail.example", "phone": "+16135551111",
                                     "name": "Sara Rad", "affiliation": "Main Website"}),
        ("Order Updated", CHANGED, {"revenue": "40.00"}),
    ]),
    ("magento", mage(customer_id=None, customer_email=None, billing_address=None), [
        ("Order Completed", PLACED, {"customer_id": None}), BOTH[1],
    ]),
    ("magento", mage(increment_id=None), [("Order Completed", PLACED, {"order_id": "12"}), BOTH[1]]),
    *[("magento", mage(state=state), [("Order Cancelled", CHANGED, {})]) for state in ("canceled", "pending_payment")],
    *[("magento", mage(state=state), BOTH) for state in ("new", "payment_review", "holded", "complete")],
    ("magento", mage([MEMO], state="closed"), [
        *BOTH,
        ("Order Refunded", "2026-02-22T09:00:01Z", {
            "order_id": "000000012", "refund_id": 5, "refund_amount": "13.34",
            "refunded_items": [{"line_id": 31, "quantity": 1, "amount": "13.34"}]}),
    ]),
    ("magento", mage([MEMO | {"state": 3}]), BOTH),
]  # fmt: skip


@pytest.mark.parametrize(("vendor", "document", "expected"), CASES)
def test_a_document_tells_the_order_as_it_is(vendor: str, document: dict[str, Any], expected: Expected) -> None:
    found = told(vendor, document)
    assert [(event["type"], event["time"]) for event in found] == [(type_, time) for type_, time, _ in expected]
    for event, (_, _, said) in zip(found, expected, strict=True):
        assert {name: event.get(name) for name in said} == said


def test_lines_are_worth_what_was_paid_for_them_and_parts_of_a_product_are_no_lines() -> None:
    assert lines("bigcommerce", big()) == [(20, 2, "31.5000"), (21, 1, "18.0000")]
    assert lines("magento", mage()) == [(31, 2, "13.3350"), (33, 1, "13.3300")]


@pytest.mark.parametrize("vendor", ["bigcommerce", "magento"])
def test_nothing_personal_beside_what_identifies_is_read(vendor: str) -> None:
    said = str(told(vendor, big() if vendor == "bigcommerce" else mage()))
    assert not [secret for secret in ("203.0.113.7", "Main St", "K2P0V6", "please ring") if secret in said]
