"""From `orders.v1` to the domain: columns for plain completions, one state for each order with more to tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType

from services.metrics.counters import Ints, currency_code
from services.metrics.orders.domain.batch import Batch, OrderKey, PlainOrders, Told
from services.metrics.orders.domain.days import ShopDays, days_of
from shared.contracts.orders import OrderCompleted, OrderEvent
from shared.kernel import MAX_MINOR_UNITS
from shared.messaging.handling import Delivery
from shared.orders import (
    FUTURE_US,
    ORDER_ID_BYTES_MAX,
    Content,
    Mark,
    OrderState,
    Pieces,
    customers_of,
    fault,
    instants,
    merge,
    microseconds,
    pieces,
    resolved,
    state_of,
    told_apart,
)
from shared.pointers import Pointers

Refuse = Callable[[Delivery[Any], str, str], None]

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Pieces)


def translate(
    deliveries: Sequence[Delivery[OrderEvent]],
    shops: Mapping[str, ShopDays],
    now: datetime,
    refuse: Refuse,
    places: Sequence[int] | None = None,
) -> Batch:
    """The batch, without what was refused: an event from the future, or one that no table can hold.

    `places`: where the events stand among all of the batch, if others stand between them.
    """
    limit = microseconds(now) + FUTURE_US
    places = range(len(deliveries)) if places is None else places
    try:
        batch = _read([delivery.event for delivery in deliveries], places, shops)
        sound = _is_sound(batch, limit)
    except (ValueError, OverflowError):
        sound = False
    if sound:
        return batch
    events, positions = [], []
    for position, delivery in zip(places, deliveries, strict=True):
        reason = fault(delivery.event, limit)
        if reason is None:
            events.append(delivery.event)
            positions.append(position)
        else:
            refuse(delivery, *reason)
    return _read(events, positions, shops)


def _read(events: Sequence[OrderEvent], positions: Sequence[int], shops: Mapping[str, ShopDays]) -> Batch:
    """Raises ValueError or OverflowError when an event has a fault."""
    plain, rest = told_apart(events)
    states: dict[OrderKey, OrderState] = {}
    told: dict[OrderKey, list[Told]] = {}
    for at in rest:
        event = events[at]
        order = OrderKey(shops[event.shop].number, event.data.order_id)
        known, state = states.get(order), state_of(event)
        states[order] = state if known is None else merge(known, state)
        told.setdefault(order, []).append(Told(positions[at], microseconds(event.time), state))
    return Batch(_columns(cast(Sequence[OrderCompleted], events), plain, positions, shops), states, told)


def _is_sound(batch: Batch, limit: int) -> bool:
    """Whether it is certain that no event has a fault, by a look at whole columns. In doubt: no."""
    plain = batch.plain
    if batch.states or not len(plain):
        return False  # few: looked at one by one
    widths = [len(order) for order in plain.order_id]
    # Where nobody told of the receipt, it is the occurrence, which must then lie before now.
    late = (plain.at > plain.received + FUTURE_US) | ((plain.at == plain.received) & (plain.at > limit))
    return not (
        late.any()
        or (plain.revenue < 0).any()
        or (plain.revenue > MAX_MINOR_UNITS).any()
        or (plain.currency_code == 0).any()
        or max(widths) > ORDER_ID_BYTES_MAX // 4
        or min(widths) == 0
        or "\0" in "".join(plain.order_id)
        or "\0" in "".join(plain.event_id)
    )


def state_at(plain: PlainOrders, at: int) -> OrderState:
    """What one of the plain orders tells, as a state."""
    instant = int(plain.at[at])
    lines = decode_pieces(None if plain.lines is None else plain.lines[at])
    customer, revenue = int(plain.customer[at]), int(plain.revenue[at])
    received, event = int(plain.received[at]), plain.event_id[at]
    content = Content(instant, event, received, customer, plain.currency[at], revenue, lines)
    return OrderState({Mark(instant, completed=True): received}, {(instant, event): content})


def people_of(batch: Batch, shops: Iterable[int]) -> dict[int, set[int]]:
    """Whom the events of a batch name, by shop, of some shops."""
    plain = batch.plain
    found = {shop: set(plain.customer[plain.shop == shop].tolist()) for shop in shops}
    for order, state in batch.states.items():
        if order.shop in found:
            found[order.shop].update(one.customer for one in state.contents.values())
    return found


def counted_for(batch: Batch, canonical: Pointers) -> Batch:
    """The batch with the orders of merged identities counted for whom these are. Such orders are none of the plain."""
    if not canonical:
        return batch
    by_shop: dict[int, dict[int, int]] = {}
    for (shop, customer), now in canonical.items():
        by_shop.setdefault(shop, {})[customer] = now
    states = {order: resolved(state, by_shop.get(order.shop, {})) for order, state in batch.states.items()}
    told = {
        order: [one._replace(state=resolved(one.state, by_shop.get(order.shop, {}))) for one in each]
        for order, each in batch.told.items()
    }
    plain, other = batch.plain, np.zeros(len(batch.plain), bool)
    for shop, pointers in by_shop.items():
        other |= (plain.shop == shop) & np.isin(plain.customer, np.array(list(pointers), np.int64))
    for at in np.flatnonzero(other).tolist():
        order = OrderKey(int(plain.shop[at]), plain.order_id[at])
        states[order] = resolved(state_at(plain, at), by_shop[order.shop])
        told[order] = [Told(int(plain.position[at]), int(plain.at[at]), states[order])]
    return Batch(plain.chosen(np.flatnonzero(~other)) if other.any() else plain, states, told)


def encode_pieces(lines: Pieces) -> bytes | None:
    """As the tables hold them; None for an order without lines."""
    return _ENCODER.encode(lines) if lines else None


def decode_pieces(stored: bytes | None) -> Pieces:
    """What `encode_pieces` wrote."""
    return () if stored is None else _DECODER.decode(stored)


def _columns(
    every: Sequence[OrderCompleted], plain: list[int], positions: Sequence[int], shops: Mapping[str, ShopDays]
) -> PlainOrders:
    numbers = {slug: shop.number for slug, shop in shops.items()}
    names = [event.data.order_id for event in every]
    plain.sort(key=names.__getitem__)
    if len(numbers) > 1:
        plain.sort(key=lambda at: numbers[every[at].shop])  # stable: within a shop the order ids stay sorted
    events = [every[at] for at in plain]
    slugs = [event.shop for event in events]
    orders = [event.data for event in events]
    at = instants([event.time for event in events])
    received = _received(events, at)
    shop = np.array([numbers[slug] for slug in slugs], np.int64)
    day, booked_day = _days(shop, at, received, shops)
    currency = [order.currency for order in orders]
    codes = {text: currency_code(text) for text in set(currency)}
    lines = [order.lines for order in orders]
    return PlainOrders(
        shop=shop,
        order_id=[names[at] for at in plain],
        customer=customers_of([order.customer for order in orders]),
        at=at,
        received=received,
        day=day,
        booked_day=booked_day,
        currency=currency,
        currency_code=np.array([codes[text] for text in currency], np.int64),
        revenue=np.array([order.revenue for order in orders], np.int64),
        event_id=[event.id for event in events],
        lines=[encode_pieces(pieces(each)) for each in lines] if any(lines) else None,
        position=np.array([positions[at] for at in plain], np.int64),
    )


def _received(events: Sequence[OrderCompleted], at: Ints) -> Ints:
    """Instants of receipt; of what occurred where nobody said."""
    moments = [event.receivedat for event in events]
    kinds = set(map(type, moments))
    if UnsetType not in kinds:
        return instants(cast(list[datetime], moments))
    if kinds == {UnsetType}:
        return at
    return instants([e.time if m is UNSET else m for e, m in zip(events, moments, strict=True)])


def _days(shop: Ints, at: Ints, received: Ints, shops: Mapping[str, ShopDays]) -> tuple[Ints, Ints]:
    """(local day, booked day) of each instant."""
    day, booked = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    for one in shops.values():
        mine = shop == one.number
        day[mine], booked[mine] = days_of(one, at[mine], received[mine])
    return day, booked
