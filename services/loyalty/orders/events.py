"""From `orders.v1` and `interactions.v1` to the domain: what each event tells of an occasion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import UNSET

from services.loyalty.earning import Line
from services.loyalty.orders.domain.occasion import Detail, Key, Kind, Known, encode_detail, joined
from shared.contracts.interactions import InteractionRecorded
from shared.contracts.orders import Order as OrderTold
from shared.contracts.orders import OrderCompleted, OrderEvent, OrderLine, OrderRefunded, OrderUpdated, RefundedItem
from shared.kernel import fold, parse_customer_id
from shared.messaging.handling import Delivery
from shared.orders import (
    FUTURE_US,
    ORDER_ID_BYTES_MAX,
    Content,
    Mark,
    OrderState,
    content_of,
    fault,
    is_storable,
    microseconds,
    refund_of,
)

Refuse = Callable[[Delivery[Any], str, str], None]

JOINED = "member joined"
"""Name of the interaction by which a shop says that a customer joins; rules may be on it."""
DELIVERED = "order delivered"
QUANTITY_MAX, PRICE_MAX = 10**6, 10**12
"""Of a line, as rules count it; whatever is above is taken as that."""
_SHORT = 200


class Heard(NamedTuple):
    """An event, and where it stood in its batch."""

    position: int
    delivery: Delivery[Any]


@dataclass(slots=True)
class Told:
    """What a batch tells of one occasion."""

    known: Known
    position: int
    """Of the event by which it was completed, else of the first that tells of it."""
    completed: bool
    last: Heard
    """The last event that tells of it."""


@dataclass(slots=True)
class Batch:
    """What a batch tells, by occasion; and who joined, by shop and identity, as it says."""

    told: dict[Key, Told] = field(default_factory=dict)
    joins: list[tuple[tuple[int, int], int, Heard]] = field(default_factory=list)
    """(shop and identity, instant, the event that says so)."""

    def add(self, key: Key, known: Known, position: int, delivery: Delivery[Any], *, completes: bool) -> None:
        """Join what an event tells with what others of the batch told."""
        before = self.told.get(key)
        if before is None:
            self.told[key] = Told(known, position, completes, Heard(position, delivery))
            return
        before.known = joined(before.known, known)
        before.last = Heard(position, delivery)
        if completes and not before.completed:
            before.position, before.completed = position, True


def read_orders(heard: Sequence[Heard], numbers: Mapping[str, int], now: datetime, refuse: Refuse) -> Batch:
    """A batch of orders, without what was refused. `numbers`: shops by slug."""
    batch, limit = Batch(), microseconds(now) + FUTURE_US
    for position, delivery in heard:
        event: OrderEvent = delivery.event
        reason = fault(event, limit)
        if reason is not None:
            refuse(delivery, *reason)
            continue
        key = Key(numbers[event.shop], Kind.ORDER, event.data.order_id)
        batch.add(key, Known(_state(event)), position, delivery, completes=isinstance(event, OrderCompleted))
    return batch


def read_interactions(
    heard: Sequence[Heard],
    numbers: Mapping[str, int],
    earns: Callable[[int, int, str], bool],
    now: datetime,
    refuse: Refuse,
) -> Batch:
    """A batch of interactions: who joined, what was delivered, and what earns.

    `earns`: whether an interaction of a shop, at an instant, of a name, may; what may not is not kept.
    """
    batch, limit = Batch(), microseconds(now) + FUTURE_US
    for position, delivery in heard:
        event: InteractionRecorded = delivery.event
        told = event.data
        name, at, shop = fold(told.name), microseconds(event.time), numbers[event.shop]
        if name == DELIVERED and told.order_id is not None and is_storable(told.order_id) and at <= limit:
            batch.add(Key(shop, Kind.ORDER, told.order_id), Known(delivered=at), position, delivery, completes=False)
        if told.customer is None or (name != JOINED and not earns(shop, at, name)):
            continue
        reason = _fault(event, limit)
        if reason is not None:
            refuse(delivery, *reason)
        elif name == JOINED:
            batch.joins.append(((shop, int(parse_customer_id(told.customer))), at, Heard(position, delivery)))
        else:
            known = happened(event.id, at, int(parse_customer_id(told.customer)), _detail_of(event, name))
            batch.add(Key(shop, Kind.INTERACTION, event.id), known, position, delivery, completes=True)
    return batch


def happened(event_id: str, at: int, customer: int, detail: Detail) -> Known:
    """What is known of an interaction: all of it, at once."""
    content = Content(at, event_id, 0, customer, "", 0, detail=encode_detail(detail))
    return Known(OrderState({Mark(at, completed=True): 0}, {(at, event_id): content}))


def _fault(event: InteractionRecorded, limit: int) -> tuple[str, str] | None:
    try:
        parse_customer_id(event.data.customer or "")
    except ValueError:
        return "customer", "data.customer: a surrogate id (or null) is needed"
    received = limit if event.receivedat is UNSET else microseconds(event.receivedat) + FUTURE_US
    if microseconds(event.time) > received:
        return "future", "time: lies more than 5 minutes ahead of its receipt; send the time when it happened"
    if not is_storable(event.id):
        return "id", f"id: 1 to {ORDER_ID_BYTES_MAX} bytes without NUL are needed"
    return None


def _state(event: OrderEvent) -> OrderState:
    """What one event tells of its order, with what rules look at."""
    if isinstance(event, OrderRefunded):
        refund = refund_of(event)
        items = _joined((line_id_of(line), pieces) for line, pieces in refund.items)
        refund = refund._replace(received=0, items=items, amounts=_amounts(event.data.items))
        return OrderState(tellings={(event.data.refund_id, refund.at, refund.event_id): refund})
    order = event.data
    assert isinstance(order, OrderTold), "no refund"
    content = content_of(event)._replace(received=0, lines=(), detail=detail_of(order))
    contents = {(content.at, content.event_id): content}
    if isinstance(event, OrderUpdated):
        return OrderState(contents=contents)
    return OrderState({Mark(content.at, isinstance(event, OrderCompleted)): 0}, contents)


def detail_of(order: OrderTold) -> bytes:
    """What rules see of an order besides its amount, as it is kept."""
    return encode_detail(_detail(order)) if order.lines or order.affiliation is not UNSET else b""


def _detail(order: OrderTold) -> Detail:
    channel = "" if order.affiliation is UNSET else order.affiliation[:_SHORT]
    return Detail(channel, tuple(lines_of(order.lines)))


def line_id_of(text: str) -> str:
    """As the ledger can hold it."""
    return text.replace("\0", "")[:_SHORT]


def lines_of(lines: Iterable[OrderLine]) -> list[Line]:
    """Lines as rules see them; of one that is named twice, the pieces of both, at the price of the first."""
    found: dict[str, Line] = {}
    for line in lines:
        quantity, price = min(max(0, line.quantity), QUANTITY_MAX), min(max(0, line.price), PRICE_MAX)
        name = line_id_of(line.line_id)
        known = found.get(name)
        if known is not None:
            found[name] = known._replace(quantity=min(known.quantity + quantity, QUANTITY_MAX))
            continue
        found[name] = Line(name, quantity, price, line.product_id, line.sku, line.category, line.brand)
    return list(found.values())


def _amounts(items: Iterable[RefundedItem]) -> tuple[tuple[str, int], ...]:
    return _joined((line_id_of(item.line_id), item.amount) for item in items if item.amount > 0)


def _joined(pairs: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    found: dict[str, int] = {}
    for line, count in pairs:
        found[line] = found.get(line, 0) + count
    return tuple(found.items())


def _detail_of(event: InteractionRecorded, name: str) -> Detail:
    told = event.data
    if not (told.product_id or told.sku or told.category or told.brand):
        return Detail(interaction=name)
    line = Line("", 1, 0, told.product_id or "", told.sku or "", told.category or "", told.brand or "")
    return Detail(lines=(line,), interaction=name)
