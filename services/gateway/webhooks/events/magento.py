"""Magento Open Source and Adobe Commerce: orders and credit memos as the REST API gives them (`/V1/orders`).

Magento Open Source has no webhooks; those of Adobe Commerce, and modules that add some, serve as hints. What is read
is one document of two answers: the order, and its credit memos. Times are in UTC, without saying so.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from services.gateway.webhooks.events.forms import (
    CANCELLED,
    CENT_OF_CENT,
    COMPLETED,
    REFUNDED,
    UPDATED,
    Adaptor,
    Headers,
    Told,
    at_least_nothing,
    full_name,
    given,
    in_utc,
    whole,
)
from services.gateway.webhooks.events.hints import names_secret, no_ping, tells_nothing
from shared.contracts.raw_orders import RawOrder, RawProduct

_NOTHING = Decimal(0)
_WITHOUT_EFFECT = frozenset({"canceled", "pending_payment"})
"""States in which an order counts for nothing. A closed one was given back, which its credit memos tell."""
_MEMO_CANCELLED = 3


class Address(msgspec.Struct, frozen=True):
    """Where the bill goes."""

    telephone: str | None = None
    email: str | None = None
    firstname: str | None = None
    lastname: str | None = None


class Item(msgspec.Struct, frozen=True):
    """One line; those of a configurable product's variants and of a bundle's parts name a parent."""

    item_id: int
    sku: str | None = None
    name: str | None = None
    product_id: int | None = None
    qty_ordered: Decimal = Decimal(1)
    row_total: Decimal = _NOTHING
    discount_amount: Decimal = _NOTHING
    parent_item_id: int | None = None
    parent_item: Any = None


class Order(msgspec.Struct, frozen=True):
    """What is of use of an order; sums are of the currency that the customer pays in."""

    entity_id: int
    created_at: datetime
    grand_total: Decimal
    order_currency_code: str
    increment_id: str | None = None
    state: str = ""
    updated_at: datetime | None = None
    tax_amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    shipping_discount_amount: Decimal | None = None
    discount_amount: Decimal | None = None
    coupon_code: str | None = None
    store_name: str | None = None
    customer_id: int | None = None
    customer_email: str | None = None
    customer_firstname: str | None = None
    customer_lastname: str | None = None
    billing_address: Address | None = None
    items: list[Item] = []


class MemoItem(msgspec.Struct, frozen=True):
    """Pieces of one line that came back; pieces of parts have a total of their parent's, or none."""

    order_item_id: int
    qty: Decimal = Decimal(1)
    row_total: Decimal | None = None
    discount_amount: Decimal | None = None


class Memo(msgspec.Struct, frozen=True):
    """A credit memo; `grand_total` has tax and shipping in it."""

    entity_id: int
    created_at: datetime
    grand_total: Decimal = _NOTHING
    tax_amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    state: int | None = None
    items: list[MemoItem] = []


class Document(msgspec.Struct, frozen=True):
    """An order with its credit memos."""

    order: Order
    memos: list[Memo] = []


_documents = msgspec.json.Decoder(Document, strict=False)  # numbers come as text from some versions


def _topic(_headers: Headers) -> str:
    return "order"


def _order(payload: bytes) -> list[Told]:
    document = _documents.decode(payload)
    order = document.order
    created = in_utc(order.created_at)
    changed = max(created, in_utc(order.updated_at or order.created_at))
    data = _data(order)
    if order.state in _WITHOUT_EFFECT:
        return [Told(CANCELLED, changed, data)]
    told = [Told(COMPLETED, created, data)]
    if changed > created:
        told.append(Told(UPDATED, changed, data))
    return told + [_refund(order, memo) for memo in document.memos if memo.state != _MEMO_CANCELLED]


def _data(order: Order) -> RawOrder:
    tax, shipping = order.tax_amount or _NOTHING, order.shipping_amount or _NOTHING
    delivered = shipping - (order.shipping_discount_amount or _NOTHING)
    goods = at_least_nothing(order.grand_total - tax - delivered)
    billing = order.billing_address or Address()
    return RawOrder(
        order_id=_number(order),
        affiliation=given((order.store_name or "").splitlines()[0] if order.store_name else None),
        subtotal=goods,
        revenue=goods,
        total=order.grand_total,
        shipping=delivered,
        tax=tax,
        discount=abs(order.discount_amount or _NOTHING),
        coupon=given(order.coupon_code),
        currency=order.order_currency_code,
        products=[_product(item) for item in order.items if item.parent_item_id is None and item.parent_item is None],
        customer_id=order.customer_id or None,
        email=given(order.customer_email or billing.email),
        phone=given(billing.telephone),
        name=full_name(order.customer_firstname or billing.firstname, order.customer_lastname or billing.lastname),
    )


def _number(order: Order) -> str:
    """The number that people know an order by; it is what exports hold as well."""
    return order.increment_id or str(order.entity_id)


def _product(item: Item) -> RawProduct:
    quantity = whole(item.qty_ordered)
    worth = item.row_total - item.discount_amount
    return RawProduct(
        line_id=item.item_id,
        product_id=item.product_id or None,
        sku=given(item.sku),
        name=given(item.name),
        quantity=quantity,
        price=at_least_nothing(worth / quantity if quantity > 1 else worth).quantize(CENT_OF_CENT),
    )


def _refund(order: Order, memo: Memo) -> Told:
    beside = (memo.tax_amount or _NOTHING) + (memo.shipping_amount or _NOTHING)
    parents = {item.item_id for item in order.items if item.parent_item_id is None and item.parent_item is None}
    data = RawOrder(
        order_id=_number(order),
        refund_id=memo.entity_id,
        refund_amount=at_least_nothing(memo.grand_total - beside),
        currency=order.order_currency_code,
        refunded_items=[
            RawProduct(
                line_id=item.order_item_id,
                quantity=whole(item.qty),
                amount=at_least_nothing((item.row_total or _NOTHING) - (item.discount_amount or _NOTHING)),
            )
            for item in memo.items
            if item.order_item_id in parents and item.qty > 0
        ],
    )
    return Told(REFUNDED, in_utc(memo.created_at), data)


MAGENTO = Adaptor(
    "magento", names_secret, _topic, tells_nothing, no_ping, draws_secret=True, read_order=_order, only_hints=True
)
