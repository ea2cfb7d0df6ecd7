"""What the front door makes of an event of a story: the contracts of `orders.v1` and `interactions.v1`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import UNSET

from mandegar.generating.stories import Event, Story
from shared.contracts.interactions import Interaction, InteractionRecorded
from shared.contracts.orders import (
    Order,
    OrderCancelled,
    OrderCompleted,
    OrderEvent,
    OrderLine,
    OrderRefunded,
    OrderUpdated,
    Refund,
    RefundedItem,
)
from shared.kernel import derive_event_id

_SOURCE = "mandegar/gateway"
_STATES: dict[str, type[OrderCompleted] | type[OrderUpdated] | type[OrderCancelled]] = {
    "Order Completed": OrderCompleted,
    "Order Updated": OrderUpdated,
    "Order Cancelled": OrderCancelled,
}
_DIGITS = {"IRR": 0, "IRT": 0, "KWD": 3}


def order_event(shop: str, story: Story, event: Event, number: int, customer: str | None) -> OrderEvent:
    """The event with its number in the story, of this customer."""
    millis = int(event.occurred.timestamp() * 1000)
    attributes: dict[str, Any] = {
        "id": derive_event_id(millis, shop, story.order_id, event.kind, number),
        "source": _SOURCE,
        "subject": story.order_id,
        "time": event.occurred,
        "shop": shop,
    }
    if event.kind == "Order Refunded":
        return OrderRefunded(**attributes, data=_refund(story, event.data, customer))
    lines = [
        OrderLine(line_id=line["line_id"], quantity=line["quantity"], price=1)
        for line in event.data.get("products", ())
    ]
    order = Order(
        order_id=story.order_id,
        customer=customer,
        currency=_settled(story.quoted),
        revenue=_minor(event.data["revenue"], story.quoted),
        lines=lines,
    )
    return _STATES[event.kind](**attributes, data=order)


def visit_event(shop: str, customer: str, moment: datetime, number: int) -> InteractionRecorded:
    """A product was looked at."""
    name = derive_event_id(int(moment.timestamp() * 1000), shop, customer, "interaction.recorded", number)
    viewed = Interaction(name="product viewed", customer=customer, product_id=str(number))
    return InteractionRecorded(id=name, source=_SOURCE, subject=customer, time=moment, shop=shop, data=viewed)


def _refund(story: Story, data: dict[str, Any], customer: str | None) -> Refund:
    items = [
        RefundedItem(line_id=item["line_id"], quantity=item["quantity"], amount=_minor(item["amount"], story.quoted))
        for item in data.get("refunded_items", ())
    ]
    amount = data.get("refund_amount")
    return Refund(
        order_id=story.order_id,
        customer=customer,
        refund_id=data.get("refund_id", "full"),
        currency=_settled(story.quoted) if "currency" in data else UNSET,
        amount=None if amount is None else _minor(amount, story.quoted),
        items=items,
        full=amount is None and not items,
    )


def _settled(quoted: str) -> str:
    return "IRR" if quoted == "IRT" else quoted


def _minor(major: str, quoted: str) -> int:
    """Toman is settled in rials, ten to one."""
    return int(Decimal(major).scaleb(_DIGITS.get(quoted, 2))) * (10 if quoted == "IRT" else 1)
