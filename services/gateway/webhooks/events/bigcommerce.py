"""BigCommerce: webhooks (`store/order/*`) that name an order and no more, and orders as its API gives them.

What is read is one document of three answers: the order (version 2), its products, and its refunds (version 3).
A refund proves no movement of money: payments that were declined count for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime

import msgspec

from services.gateway.webhooks.events.forms import (
    CANCELLED,
    CENT_OF_CENT,
    COMPLETED,
    REFUNDED,
    UPDATED,
    Adaptor,
    Billing,
    Headers,
    Told,
    Unread,
    at_least_nothing,
    full_name,
    given,
    in_utc,
    whole,
)
from services.gateway.webhooks.events.hints import names_secret, no_ping, tells_nothing
from shared.contracts.raw_orders import RawOrder, RawProduct
from shared.outgoing import is_signed

_NOTHING = Decimal(0)
_INCOMPLETE = 0
_WITHOUT_EFFECT = frozenset({1, 5, 6})
"""Pending (a checkout that was not finished), Cancelled, Declined. Awaiting Payment counts, as on-hold orders do."""
_REFUNDED_STATUSES = frozenset({4, 14})
_NOT_GOODS = frozenset({"SHIPPING", "HANDLING", "TAX", "FEE"})


class Order(msgspec.Struct, frozen=True):
    """What is of use of an order; sums are of the currency that the customer pays in."""

    id: int
    status_id: int
    date_created: str
    total_ex_tax: Decimal
    total_inc_tax: Decimal
    date_modified: str = ""
    customer_id: int = 0
    total_tax: Decimal = _NOTHING
    shipping_cost_ex_tax: Decimal = _NOTHING
    handling_cost_ex_tax: Decimal = _NOTHING
    discount_amount: Decimal = _NOTHING
    coupon_discount: Decimal = _NOTHING
    refunded_amount: Decimal = _NOTHING
    currency_code: str = ""
    default_currency_code: str = ""
    order_source: str | None = None
    customer_locale: str | None = None
    is_deleted: bool = False
    billing_address: Billing = Billing()


class Discount(msgspec.Struct, frozen=True):
    """A discount's share of one line."""

    amount: Decimal = _NOTHING


class Product(msgspec.Struct, frozen=True):
    """One line of an order, before the discounts beside it."""

    id: int
    product_id: int | None = None
    variant_id: int | None = None
    name: str | None = None
    sku: str | None = None
    brand: str | None = None
    quantity: Decimal = Decimal(1)
    total_ex_tax: Decimal = _NOTHING
    applied_discounts: list[Discount] = []


class RefundItem(msgspec.Struct, frozen=True):
    """What a refund is for."""

    item_type: str = ""
    item_id: int | None = None
    quantity: Decimal = Decimal(1)
    requested_amount: Decimal | None = None


class RefundPayment(msgspec.Struct, frozen=True):
    """One way by which the money went back."""

    amount: Decimal = _NOTHING
    is_declined: bool = False


class Refund(msgspec.Struct, frozen=True):
    """A refund; `total_amount` has tax in it."""

    id: int
    created: datetime
    total_amount: Decimal = _NOTHING
    total_tax: Decimal = _NOTHING
    items: list[RefundItem] = []
    payments: list[RefundPayment] = []


class Document(msgspec.Struct, frozen=True):
    """An order with what is asked for beside it."""

    order: Order
    products: list[Product] = []
    refunds: list[Refund] = []


_documents = msgspec.json.Decoder(Document, strict=False)  # ids and flags come as numbers or as text


def _topic(_headers: Headers) -> str:
    return "store/order"


def _verify(body: bytes, headers: Headers, secrets: Sequence[str], now: datetime) -> bool:
    return names_secret(body, headers, secrets, now) | is_signed(body, headers, secrets, now)


def _order(payload: bytes) -> list[Told]:
    document = _documents.decode(payload)
    order = document.order
    if order.status_id == _INCOMPLETE and not order.is_deleted:
        return []
    created = _instant(order.date_created)
    changed = max(created, _instant(order.date_modified or order.date_created))
    goods = _goods(order)
    data = _data(document, goods)
    if order.is_deleted or order.status_id in _WITHOUT_EFFECT:
        return [Told(CANCELLED, changed, data)]
    told = [Told(COMPLETED, created, data)]
    if changed > created:
        told.append(Told(UPDATED, changed, data))
    refunds = [refund for one in document.refunds if (refund := _refund(order, one)) is not None]
    if not document.refunds and (order.refunded_amount > 0 or order.status_id in _REFUNDED_STATUSES):
        refunds = _refunded_by_hand(order, goods, changed)
    return told + refunds


def _instant(text: str) -> datetime:
    try:
        return in_utc(parsedate_to_datetime(text))
    except (TypeError, ValueError, IndexError):
        raise Unread("has a date that is not of RFC 2822") from None


def _goods(order: Order) -> Decimal:
    return at_least_nothing(order.total_ex_tax - order.shipping_cost_ex_tax - order.handling_cost_ex_tax)


def _data(document: Document, goods: Decimal) -> RawOrder:
    order = document.order
    billing = order.billing_address
    return RawOrder(
        order_id=order.id,
        affiliation=given(order.order_source),
        subtotal=goods,
        revenue=goods,
        total=order.total_inc_tax,
        shipping=order.shipping_cost_ex_tax,
        tax=order.total_tax,
        discount=order.discount_amount + order.coupon_discount,
        currency=order.default_currency_code or order.currency_code,
        products=[_product(item) for item in document.products],
        customer_id=order.customer_id or None,
        email=given(billing.email),
        phone=given(billing.phone),
        name=full_name(billing.first_name, billing.last_name),
        locale=given(order.customer_locale),
    )


def _product(item: Product) -> RawProduct:
    quantity = whole(item.quantity)
    worth = item.total_ex_tax - sum((one.amount for one in item.applied_discounts), _NOTHING)
    return RawProduct(
        line_id=item.id,
        product_id=item.product_id or None,
        sku=given(item.sku),
        name=given(item.name),
        brand=given(item.brand),
        variant=given(str(item.variant_id or "")),
        quantity=quantity,
        price=at_least_nothing(worth / quantity if quantity > 1 else worth).quantize(CENT_OF_CENT),
    )


def _refund(order: Order, refund: Refund) -> Told | None:
    """The goods' part of what went back; where only some payments succeeded, their share of it."""
    paid = sum((one.amount for one in refund.payments if not one.is_declined), _NOTHING)
    if refund.payments and paid <= 0:
        return None
    beside = sum((one.requested_amount or _NOTHING for one in refund.items if one.item_type in _NOT_GOODS), _NOTHING)
    goods = at_least_nothing(refund.total_amount - refund.total_tax - beside)
    if refund.payments and 0 < paid < refund.total_amount:
        goods = goods * paid / refund.total_amount
    data = RawOrder(
        order_id=order.id,
        refund_id=refund.id,
        refund_amount=goods.quantize(CENT_OF_CENT),
        currency=order.default_currency_code or order.currency_code,
        refunded_items=[
            RawProduct(line_id=one.item_id, quantity=whole(one.quantity))
            for one in refund.items
            if one.item_type == "PRODUCT" and one.item_id is not None
        ],
    )
    return Told(REFUNDED, in_utc(refund.created), data)


def _refunded_by_hand(order: Order, goods: Decimal, changed: datetime) -> list[Told]:
    """The order says so itself, without a refund beside it: the sum, or all of it where its status is Refunded."""
    whole_order = order.total_inc_tax
    money = whole_order if order.status_id == 4 and not order.refunded_amount else order.refunded_amount
    if money <= 0 or whole_order <= 0:
        return []
    share = min(money / whole_order, Decimal(1)) * goods
    data = RawOrder(
        order_id=order.id,
        refund_id="by-hand",
        refund_amount=share.quantize(CENT_OF_CENT),
        currency=order.default_currency_code or order.currency_code,
    )
    return [Told(REFUNDED, changed, data)]


BIGCOMMERCE = Adaptor(
    "bigcommerce", _verify, _topic, tells_nothing, no_ping, draws_secret=True, read_order=_order, only_hints=True
)
