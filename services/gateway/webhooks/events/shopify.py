"""Shopify: orders and refunds as its REST webhooks send them (`orders/*`, `refunds/create`).

Delivery and its order are not guaranteed, so each payload tells the whole of the order: that it was placed, what it is
now, and what was given back. Repetitions of these tell the same and fall out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import msgspec
from msgspec import UNSET

from services.gateway.webhooks.domain import is_signed
from services.gateway.webhooks.events.forms import (
    CANCELLED,
    CENT_OF_CENT,
    COMPLETED,
    REFUNDED,
    UPDATED,
    Adaptor,
    Deleted,
    Headers,
    Told,
    Unread,
    at_least_nothing,
    full_name,
    given,
    in_utc,
    whole,
)
from shared.contracts.raw_orders import RawOrder, RawProduct

_NOTHING = Decimal(0)
_ORDER_TOPICS = frozenset(
    f"orders/{name}" for name in ("create", "updated", "paid", "cancelled", "fulfilled", "partially_fulfilled")
)
_BY_HAND = frozenset({"customers/redact", "customers/data_request", "shop/redact"})


class Money(msgspec.Struct, frozen=True):
    """An amount and its currency."""

    amount: Decimal = _NOTHING
    currency_code: str = ""


class MoneySet(msgspec.Struct, frozen=True):
    """An amount in the shop's currency and in the customer's."""

    shop_money: Money = Money()


class Priced(msgspec.Struct, frozen=True):
    """What a tax comes to."""

    price: Decimal = _NOTHING


class Allocation(msgspec.Struct, frozen=True):
    """The share of a discount that falls on one line."""

    amount: Decimal = _NOTHING


class Code(msgspec.Struct, frozen=True):
    """A discount code."""

    code: str | None = None


class LineItem(msgspec.Struct, frozen=True):
    """One line of an order, before its discounts."""

    id: int
    product_id: int | None = None
    title: str | None = None
    variant_title: str | None = None
    sku: str | None = None
    vendor: str | None = None
    quantity: Decimal = Decimal(1)
    price: Decimal = _NOTHING
    discount_allocations: list[Allocation] | None = None
    tax_lines: list[Priced] | None = None


class Customer(msgspec.Struct, frozen=True):
    """Who ordered; an order of a guest has none."""

    id: int | None = None
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class Transaction(msgspec.Struct, frozen=True):
    """One movement of money, or an attempt at it."""

    amount: Decimal = _NOTHING
    kind: str = ""
    status: str = ""
    currency: str | None = None
    test: bool | None = None
    processed_at: datetime | None = None
    created_at: datetime | None = None


class RefundLine(msgspec.Struct, frozen=True):
    """Pieces of one line that came back."""

    line_item_id: int
    quantity: Decimal = Decimal(1)
    subtotal: Decimal = _NOTHING
    total_tax: Decimal = _NOTHING
    subtotal_set: MoneySet | None = None


class Adjustment(msgspec.Struct, frozen=True):
    """What was given back beside the lines, such as shipping. Amounts are negative."""

    kind: str = ""
    amount: Decimal = _NOTHING
    tax_amount: Decimal = _NOTHING


class Refund(msgspec.Struct, frozen=True):
    """A refund, which by itself proves no movement of money."""

    id: int
    order_id: int
    created_at: datetime
    processed_at: datetime | None = None
    refund_line_items: list[RefundLine] | None = None
    transactions: list[Transaction] | None = None
    order_adjustments: list[Adjustment] | None = None


class Order(msgspec.Struct, frozen=True):
    """What is of use of an order."""

    id: int
    created_at: datetime
    currency: str
    subtotal_price: Decimal
    total_price: Decimal
    processed_at: datetime | None = None
    updated_at: datetime | None = None
    cancelled_at: datetime | None = None
    total_tax: Decimal | None = None
    total_discounts: Decimal | None = None
    total_shipping_price_set: MoneySet | None = None
    taxes_included: bool = False
    test: bool | None = None
    email: str | None = None
    phone: str | None = None
    customer: Customer | None = None
    customer_locale: str | None = None
    checkout_id: int | None = None
    source_name: str | None = None
    discount_codes: list[Code] | None = None
    line_items: list[LineItem] | None = None
    refunds: list[Refund] | None = None


_orders = msgspec.json.Decoder(Order)
_refunds = msgspec.json.Decoder(Refund)
_deleted = msgspec.json.Decoder(Deleted)
_instants = msgspec.json.Decoder(datetime)


def _topic(headers: Headers) -> str:
    return headers.get("x-shopify-topic", "").strip().lower()


def _verify(body: bytes, headers: Headers, secrets: Sequence[str], _now: datetime) -> bool:
    return is_signed(body, headers.get("x-shopify-hmac-sha256", ""), secrets)


def _read(topic: str, payload: bytes, headers: Headers) -> list[Told]:
    if topic in _ORDER_TOPICS:
        order = _orders.decode(payload)
        return [] if order.test else _of_order(order, is_new=topic == "orders/create")
    if topic == "refunds/create":
        return _of_refund(_refunds.decode(payload), taxes_included=None)
    if topic == "orders/delete":
        gone = RawOrder(order_id=_deleted.decode(payload).id)
        return [Told(CANCELLED, _instant(headers.get("x-shopify-triggered-at", "")), gone)]
    if topic in _BY_HAND:
        raise Unread("asks for a person's data or their erasure: do as it says, by hand")
    if not topic:
        raise Unread("has no X-Shopify-Topic")
    return []


def _instant(text: str) -> datetime | None:
    try:
        return in_utc(_instants.decode(f'"{text.strip()}"'))
    except (msgspec.MsgspecError, ValueError):
        return None


def _of_order(order: Order, *, is_new: bool) -> list[Told]:
    data = _data(order)
    placed = in_utc(order.processed_at or order.created_at)
    if order.cancelled_at is not None:
        told = [Told(CANCELLED, in_utc(order.cancelled_at), data)]
    else:
        told = [Told(COMPLETED, placed, data)]
        changed = placed if order.updated_at is None else in_utc(order.updated_at)
        if changed > placed and not is_new:
            told.append(Told(UPDATED, changed, data))
    for refund in order.refunds or ():
        told += _of_refund(refund, taxes_included=order.taxes_included)
    return told


def _data(order: Order) -> RawOrder:
    taxes = sum((line.price for item in order.line_items or () for line in item.tax_lines or ()), _NOTHING)
    goods = at_least_nothing(order.subtotal_price - taxes if order.taxes_included else order.subtotal_price)
    who = order.customer or Customer()
    shipping = order.total_shipping_price_set
    return RawOrder(
        order_id=order.id,
        checkout_id=order.checkout_id,
        affiliation=given(order.source_name),
        subtotal=goods,
        revenue=goods,
        total=order.total_price,
        shipping=UNSET if shipping is None else shipping.shop_money.amount,
        tax=order.total_tax,
        discount=order.total_discounts,
        coupon=next((given(code.code) for code in order.discount_codes or ()), UNSET),
        currency=order.currency,
        products=[_product(item, order.taxes_included) for item in order.line_items or ()],
        customer_id=who.id,
        email=given(order.email) or given(who.email),
        phone=given(order.phone) or given(who.phone),
        name=full_name(who.first_name, who.last_name),
        locale=given(order.customer_locale),
    )


def _product(item: LineItem, taxes_included: bool) -> RawProduct:
    total = item.price * item.quantity - sum((one.amount for one in item.discount_allocations or ()), _NOTHING)
    if taxes_included:
        total -= sum((line.price for line in item.tax_lines or ()), _NOTHING)
    quantity = whole(item.quantity)
    return RawProduct(
        line_id=item.id,
        product_id=item.product_id,
        sku=given(item.sku),
        name=given(item.title),
        brand=given(item.vendor),
        variant=given(item.variant_title),
        quantity=quantity,
        price=at_least_nothing(total / quantity if quantity > 1 else total).quantize(CENT_OF_CENT),
    )


def _of_refund(refund: Refund, *, taxes_included: bool | None) -> list[Told]:
    """The refund, as far as money went back: the object alone proves nothing.

    Revenue is without shipping and tax, so what is given back of these is left out of it.
    """
    paid_back = [
        one for one in refund.transactions or () if one.kind == "refund" and one.status == "success" and not one.test
    ]
    if not paid_back:
        return []
    lines = refund.refund_line_items or []
    money = sum((one.amount for one in paid_back), _NOTHING)
    goods, taxes = sum((one.subtotal for one in lines), _NOTHING), sum((one.total_tax for one in lines), _NOTHING)
    shipping = sum(
        (
            abs(one.amount) + abs(one.tax_amount)
            for one in refund.order_adjustments or ()
            if one.kind == "shipping_refund"
        ),
        _NOTHING,
    )
    included = money < goods + taxes + shipping if taxes_included is None else taxes_included
    own = next((one.subtotal_set.shop_money.currency_code for one in lines if one.subtotal_set is not None), "")
    currency = next((one.currency for one in paid_back if one.currency), None)
    if own and currency != own:  # paid back in the customer's currency: the goods are priced in the shop's as well
        amount, currency = goods - taxes if included else goods, own
    else:
        amount = money - taxes - shipping
    at = max(in_utc(one.processed_at or one.created_at or refund.created_at) for one in paid_back)
    data = RawOrder(
        order_id=refund.order_id,
        refund_id=refund.id,
        refund_amount=at_least_nothing(amount),
        currency=given(currency),
        refunded_items=[
            RawProduct(
                line_id=one.line_item_id,
                quantity=whole(one.quantity),
                amount=at_least_nothing(one.subtotal - one.total_tax if included else one.subtotal),
            )
            for one in lines
        ],
    )
    return [Told(REFUNDED, max(at, in_utc(refund.processed_at or refund.created_at)), data)]


def _is_ping(_body: bytes, _headers: Headers) -> bool:
    return False


def _read_order(payload: bytes) -> list[Told]:
    return _read("orders/updated", payload, {})


SHOPIFY = Adaptor("shopify", _verify, _topic, _read, _is_ping, draws_secret=False, read_order=_read_order)
