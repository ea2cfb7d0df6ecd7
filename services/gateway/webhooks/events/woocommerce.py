"""WooCommerce: orders as its webhooks send them (`order.created|updated|deleted|restored`, version 3 of its REST API).

Refunds come inside the order, without a time of their own. An order may be cancelled and taken up again without a trace
of when, so each payload says anew whether the order counts, at the time of its last change.
"""

from __future__ import annotations

import re
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
    Adaptor,
    Billing,
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
_TOPICS = frozenset({"order.created", "order.updated", "order.restored"})
_DRAFTS = frozenset({"checkout-draft", "auto-draft"})
_WITHOUT_EFFECT = frozenset({"pending", "failed", "cancelled", "trash"})
"""Statuses in which an order counts for nothing, as in WooCommerce's own analytics. All others count."""
_PING = re.compile(rb"webhook_id=[0-9]{1,20}")


class LineItem(msgspec.Struct, frozen=True):
    """One line of an order; `total` is after discounts and before tax, for all pieces."""

    id: int
    name: str | None = None
    product_id: int = 0
    variation_id: int = 0
    quantity: Decimal = Decimal(1)
    total: Decimal = _NOTHING
    sku: str | None = None


class CouponLine(msgspec.Struct, frozen=True):
    """A coupon that was used."""

    code: str | None = None


class Refund(msgspec.Struct, frozen=True):
    """One refund; `total` is negative, and has tax and shipping in it."""

    id: int
    total: Decimal


class Order(msgspec.Struct, frozen=True):
    """What is of use of an order."""

    id: int
    status: str
    currency: str
    date_created_gmt: datetime
    total: Decimal
    date_modified_gmt: datetime | None = None
    discount_total: Decimal = _NOTHING
    shipping_total: Decimal = _NOTHING
    total_tax: Decimal = _NOTHING
    customer_id: int = 0
    created_via: str | None = None
    billing: Billing = Billing()
    line_items: list[LineItem] = []
    coupon_lines: list[CouponLine] = []
    refunds: list[Refund] = []


_orders = msgspec.json.Decoder(Order)
_deleted = msgspec.json.Decoder(Deleted)


def _topic(headers: Headers) -> str:
    return headers.get("x-wc-webhook-topic", "").strip().lower()


def _verify(body: bytes, headers: Headers, secrets: Sequence[str], _now: datetime) -> bool:
    return is_signed(body, headers.get("x-wc-webhook-signature", ""), secrets)


def _read(topic: str, payload: bytes, _headers: Headers) -> list[Told]:
    if topic in _TOPICS:
        return _of_order(_orders.decode(payload), topic)
    if topic == "order.deleted":
        return [Told(CANCELLED, None, RawOrder(order_id=_deleted.decode(payload).id))]
    if not topic:
        raise Unread("has no X-WC-Webhook-Topic")
    return []


def _of_order(order: Order, topic: str) -> list[Told]:
    is_new = topic == "order.created"
    created = in_utc(order.date_created_gmt)
    changed = max(created, in_utc(order.date_modified_gmt or order.date_created_gmt))
    if order.status in _DRAFTS or (is_new and order.status == "pending"):
        return []
    goods = at_least_nothing(order.total - order.total_tax - order.shipping_total)
    data = _data(order, goods)
    # What is taken out of the bin was not changed by it: it was told of just now.
    now = None if topic == "order.restored" else changed
    if order.status in _WITHOUT_EFFECT:
        told = [Told(CANCELLED, now, data)]
    else:
        told = [Told(COMPLETED, created, data)]
        if now != created and not is_new:
            told.append(Told(COMPLETED, now, data))
    return told + [Told(REFUNDED, changed, _refund(order, one, goods)) for one in order.refunds]


def _data(order: Order, goods: Decimal) -> RawOrder:
    billing = order.billing
    return RawOrder(
        order_id=order.id,
        affiliation=given(order.created_via),
        subtotal=goods,
        revenue=goods,
        total=order.total,
        shipping=order.shipping_total,
        tax=order.total_tax,
        discount=order.discount_total,
        coupon=next((given(line.code) for line in order.coupon_lines), UNSET),
        currency=order.currency,
        products=[_product(item) for item in order.line_items],
        customer_id=order.customer_id or None,
        email=given(billing.email),
        phone=given(billing.phone),
        name=full_name(billing.first_name, billing.last_name),
    )


def _product(item: LineItem) -> RawProduct:
    quantity = whole(item.quantity)
    return RawProduct(
        line_id=item.id,
        product_id=item.product_id or None,
        sku=given(item.sku),
        name=given(item.name),
        variant=str(item.variation_id) if item.variation_id else UNSET,
        quantity=quantity,
        price=at_least_nothing(item.total / quantity if quantity > 1 else item.total).quantize(CENT_OF_CENT),
    )


def _refund(order: Order, refund: Refund, goods: Decimal) -> RawOrder:
    """A refund names one sum, with its tax and shipping; revenue is without these, so its share of the order counts."""
    money = abs(refund.total)
    share = money * goods / order.total if order.total > 0 else _NOTHING
    return RawOrder(
        order_id=order.id,
        refund_id=refund.id,
        refund_amount=share.quantize(CENT_OF_CENT),
        currency=order.currency,
    )


def _is_ping(body: bytes, headers: Headers) -> bool:
    # Sent when the webhook is made, as a form and unsigned; any answer but 200 and the shop will not save it.
    return not _topic(headers) and _PING.fullmatch(body.strip()) is not None


def _read_order(payload: bytes) -> list[Told]:
    return _read("order.updated", payload, {})


WOOCOMMERCE = Adaptor("woocommerce", _verify, _topic, _read, _is_ping, draws_secret=True, read_order=_read_order)
