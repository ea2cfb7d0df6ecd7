"""Translation of raw orders: names, money, lines, refunds, and refusals by reason and field."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from services.gateway.identity import Marker
from services.gateway.intake import domain, events
from services.gateway.intake.domain import Refusal
from services.gateway.intake.events import RulesBook
from shared.contracts.orders import OrderCompleted, OrderRefunded
from shared.contracts.shops import Shop
from tests.gateway.ground import DECODER, NOW, SECRET, delivery, raw

MARKER = Marker(SECRET)
SHOP = Shop(number=1, slug="tehran", name="Tehran", currency="IRT", phone_region="IR")


def written(event: dict[str, Any], shop: Shop = SHOP) -> Any:
    draft = events.read(delivery(event).event, NOW, RulesBook().of(shop), MARKER)
    return events.write(draft, None, 1)


def refused(event: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(Refusal) as caught:
        written(event)
    return caught.value.reason, caught.value.detail.split(":")[0]


@pytest.mark.parametrize("name", ["Order Completed", " order completed ", "ORDER  COMPLETED", "oRDER\tcOMPLETED"])
def test_names_are_matched_trimmed_and_without_case(name: str) -> None:
    assert isinstance(written(raw("1", name)), OrderCompleted)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("12.34", "USD", (1234, "USD")),
        (12.34, "usd", (1234, "USD")),
        (5, "JPY", (5, "JPY")),
        ("1.2345", "KWD", (1234, "KWD")),
        ("0.005", "EUR", (0, "EUR")),
        ("0.015", "EUR", (2, "EUR")),
        ("150000", None, (1500000, "IRR")),
        ("150000", "IRR", (150000, "IRR")),
        (0, "EUR", (0, "EUR")),
    ],
)
def test_money_is_kept_in_minor_units_and_toman_in_rial(amount: Any, currency: str | None, expected: object) -> None:
    given_currency = {} if currency is None else {"currency": currency}
    order = written(raw("1", revenue=amount, **given_currency)).data
    assert (order.revenue, order.currency) == expected


@pytest.mark.parametrize(
    ("amounts", "revenue"),
    [
        ({"revenue": 1, "subtotal": 2, "total": 3}, 100),
        ({"subtotal": 2, "total": 3}, 200),
        ({"total": 3, "tax": 1}, 300),
        ({"revenue": 0, "total": 3}, 0),
    ],
)
def test_revenue_is_revenue_else_subtotal_else_total(amounts: dict[str, int], revenue: int) -> None:
    assert written(raw("1", currency="EUR", **amounts)).data.revenue == revenue


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (raw("1", "Product Viewed"), ("unknown_event", "type")),
        (raw("1", order_id=" "), ("missing_id", "order_id")),
        (raw("1", order_id="x" * 201), ("bad_id", "order_id")),
        (raw("1", order_id=10**300), ("bad_id", "order_id")),
        (raw("1", order_id="a\x00b"), ("bad_id", "order_id")),
        (raw("1", customer_id="c\x00"), ("bad_id", "customer_id")),
        (raw("1", customer_id="c" * 201), ("bad_id", "customer_id")),
        (raw(" ", order_id="o"), ("missing_id", "id")),
        (raw("1", revenue="-0.01"), ("bad_amount", "revenue")),
        (raw("1", revenue="NaN"), ("bad_amount", "revenue")),
        (raw("1", tax="Infinity"), ("bad_amount", "tax")),
        (raw("1", total="1e400"), ("bad_amount", "total")),
        (raw("1", currency="EURO"), ("bad_currency", "currency")),
        (raw("1", "Order Updated", order_id="o", tax=1) | {"data": {"order_id": "o"}}, ("missing_amount", "revenue")),
        (raw("1", at="2026-02-01T00:00:00"), ("bad_time", "time")),
        (raw("1", at="1969-12-31T23:59:59Z"), ("bad_time", "time")),
        (raw("1", at="0001-01-01T00:00:00+14:00"), ("bad_time", "time")),
        (raw("1", at=NOW + timedelta(seconds=301)), ("in_future", "time")),
        (raw("1", at="9999-12-31T23:59:59-14:00"), ("in_future", "time")),
        (raw("1", origin="replayed"), ("bad_origin", "origin")),
        (raw("1", products=[{"quantity": -1}]), ("bad_quantity", "products.quantity")),
        (raw("1", products=[{"price": "-1"}]), ("bad_amount", "products.price")),
        (raw("1", products=[{}] * 1001), ("too_many_lines", "products")),
        (raw("1", "Order Refunded", refund_amount="-5"), ("bad_amount", "refund_amount")),
        (raw("1", "Order Refunded", refunded_items=[{"quantity": 1}]), ("missing_id", "refunded_items.line_id")),
        (raw("1", "Order Refunded", refunded_at="2026-02-01T00:00:00"), ("bad_time", "refunded_at")),
    ],
)
def test_what_cannot_be_used_is_refused_by_reason_and_field(event: dict[str, Any], expected: tuple[str, str]) -> None:
    assert refused(event) == expected


def test_five_minutes_ahead_of_receipt_is_not_yet_the_future() -> None:
    assert written(raw("1", at=NOW + timedelta(minutes=5))).time == NOW + timedelta(minutes=5)


def test_a_cancellation_needs_no_amount() -> None:
    event = raw("1", "Order Cancelled") | {"data": {"order_id": "o"}}
    assert written(event).data.revenue == 0


def test_lines_get_an_id_that_is_unique_in_the_order() -> None:
    products = [{"line_id": "x"}, {"product_id": 7, "quantity": 3, "price": "1.5"}, {"product_id": 7}, {"sku": "s"}, {}]
    lines = written(raw("1", currency="EUR", products=products)).data.lines
    assert [line.line_id for line in lines] == ["x", "7", "7#3", "s", "5"]
    assert (lines[1].quantity, lines[1].price, lines[1].product_id) == (3, 150, "7")
    assert lines[0].quantity == 1


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, ("full", None, True, UNSET)),
        ({"refund_id": 9}, ("9", None, True, UNSET)),
        ({"refund_amount": "2.50"}, ("full", 250, False, "EUR")),
        ({"refund_amount": 0, "refund_id": "r"}, ("r", 0, False, "EUR")),
        (
            {"refunded_items": [{"line_id": "a", "amount": 1}, {"line_id": "b", "amount": 2}]},
            ("full", 300, False, "EUR"),
        ),
        ({"refunded_items": [{"line_id": "a", "quantity": 2}]}, ("full", None, False, UNSET)),
        ({"refunded_items": [{"line_id": "a", "amount": 1}, {"sku": "b"}]}, ("full", None, False, "EUR")),
    ],
)
def test_a_refund_says_its_amount_its_items_or_all(data: dict[str, Any], expected: object) -> None:
    event = written(raw("1", "Order Refunded", currency="EUR", **data))
    assert isinstance(event, OrderRefunded)
    refund = event.data
    assert (refund.refund_id, refund.amount, refund.full, refund.currency) == expected


def test_null_is_the_same_as_left_out() -> None:
    names = (
        "total",
        "tax",
        "coupon",
        "affiliation",
        "currency",
        "checkout_id",
        "customer_id",
        "phone",
        "email",
        "name",
    )
    nulls = dict.fromkeys(names)
    product = {"line_id": "x", "sku": None, "price": None, "quantity": None}
    assert written(raw("1", revenue="10.00", products=[product], **nulls)) == written(
        raw("1", products=[{"line_id": "x"}])
    )


def test_control_characters_leave_texts_and_joiners_stay() -> None:
    order = written(raw("1", coupon="a\x00b\x1f", affiliation="می\u200cخواهم")).data
    assert (order.coupon, order.affiliation) == ("ab", "می\u200cخواهم")


def test_ids_derive_from_source_and_id_alone() -> None:
    one, again, other = (written(raw("1", source=source)).id for source in ("web", "web", "till"))
    assert one == again != other
    assert written(raw("1", "Order Cancelled", source="web")).id != one


@given(
    st.decimals(min_value=0, max_value=10**11, places=2, allow_nan=False, allow_infinity=False),
    st.sampled_from(["USD", "EUR", "IRR", "IRT", "JPY", "KWD"]),
)
def test_minor_units_are_exact_to_half_a_minor_unit(value: Decimal, currency: str) -> None:
    minor = domain.minor_units(value, currency, "revenue")
    factor = {"IRR": 1, "IRT": 10, "JPY": 1, "KWD": 1000}.get(currency, 100)
    assert abs(minor - value * factor) <= Decimal("0.5")


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20), st.lists, max_leaves=5)
)
def test_any_value_anywhere_is_refused_or_written_but_never_raises_something_else(value: Any) -> None:
    import json

    import msgspec

    for name in ("order_id", "customer_id", "phone", "email", "revenue", "currency", "products", "name"):
        event = raw("1", **{"order_id": "o", "revenue": 1, name: value})
        try:
            decoded = DECODER.decode(json.dumps(event))
        except (msgspec.MsgspecError, ValueError):
            continue
        try:
            draft = events.read(decoded, NOW, RulesBook().of(SHOP), MARKER)
        except Refusal as refusal:
            assert name in refusal.detail
        else:
            assert "\x00" not in msgspec.json.encode(events.write(draft, None, 1)).decode()
