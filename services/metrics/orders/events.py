"""From `orders.v1` to the domain: columns for plain completions, one state for each order with more to tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType

from services.metrics.counters import Ints, currency_code
from services.metrics.orders.domain.batch import Batch, OrderKey, PlainOrders, Told
from services.metrics.orders.domain.days import ShopDays, days_of
from services.metrics.orders.domain.order import GUEST, Content, Mark, OrderState, Pieces, merge, resolved
from services.metrics.orders.domain.order import Refund as OrderRefund
from services.metrics.pointers import Pointers
from shared.contracts.orders import Order, OrderCancelled, OrderCompleted, OrderEvent, OrderLine, OrderRefunded
from shared.contracts.orders import Refund as RefundTold
from shared.kernel import MAX_MINOR_UNITS, parse_customer_id
from shared.messaging.handling import Delivery

Refuse = Callable[[Delivery[Any], str, str], None]

FUTURE_US = 5 * 60 * 1_000_000
"""What occurred further ahead of its receipt than this is set aside: it would move clocks."""
ORDER_ID_BYTES_MAX = 500
_NOBODY = "0" * 13  # the text form of no customer: its number is GUEST
_DIGIT = np.full(256, -1, np.int64)
_DIGIT[[*b"0123456789abcdefghijklmnopqrstuv"]] = np.arange(32)
_PLACE = 1 << (5 * np.arange(12, -1, -1, dtype=np.int64))
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
    limit = _us(now) + FUTURE_US
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
    plain, rest = _told_apart(events)
    states: dict[OrderKey, OrderState] = {}
    told: dict[OrderKey, list[Told]] = {}
    for at in rest:
        event = events[at]
        order = OrderKey(shops[event.shop].number, event.data.order_id)
        known, state = states.get(order), state_of(event)
        states[order] = state if known is None else merge(known, state)
        told.setdefault(order, []).append(Told(positions[at], _us(event.time), state))
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


def fault(event: OrderEvent, limit_us: int) -> tuple[str, str] | None:
    """Why the event cannot be used, as (reason, detail); None if it can. `limit_us`: latest instant allowed now."""
    if _us(event.time) > (limit_us if event.receivedat is UNSET else _us(event.receivedat) + FUTURE_US):
        return "future", "time: lies more than 5 minutes ahead of its receipt; send the time when it happened"
    if not _is_storable(event.id):
        return "id", f"id: 1 to {ORDER_ID_BYTES_MAX} bytes without NUL are needed"
    if not _is_storable(event.data.order_id):
        return "order_id", f"data.order_id: 1 to {ORDER_ID_BYTES_MAX} bytes without NUL are needed"
    return _refund_fault(event.data) if isinstance(event, OrderRefunded) else _order_fault(event.data)


def _refund_fault(refund: RefundTold) -> tuple[str, str] | None:
    if not _is_storable(refund.refund_id):
        return "refund_id", f"data.refund_id: 1 to {ORDER_ID_BYTES_MAX} bytes without NUL are needed"
    if refund.amount is not None and not 0 <= refund.amount <= MAX_MINOR_UNITS:
        return "amount", "data.amount: minor units from 0 to 10^15 are needed"
    return None


def _order_fault(order: Order) -> tuple[str, str] | None:
    try:
        known = order.customer is None or parse_customer_id(order.customer) != GUEST
        coded = currency_code(order.currency) != 0
    except ValueError:
        known = coded = False
    if not known or not coded:
        return "order", "data.customer, data.currency: a surrogate id (or null) and an ISO 4217 code are needed"
    if not 0 <= order.revenue <= MAX_MINOR_UNITS:
        return "revenue", "data.revenue: minor units from 0 to 10^15 are needed"
    return None


def state_of(event: OrderEvent) -> OrderState:
    """What one event tells of its order."""
    at = _us(event.time)
    received = at if event.receivedat is UNSET else _us(event.receivedat)
    if isinstance(event, OrderRefunded):
        refund = event.data
        items: dict[str, int] = {}
        for item in refund.items:
            items[item.line_id] = items.get(item.line_id, 0) + item.quantity
        amount = refund.amount
        if amount is None and refund.items:
            amount = sum(item.amount for item in refund.items)
        currency = "" if refund.currency is UNSET else refund.currency
        whole = amount is None
        told = OrderRefund(at, event.id, received, amount, currency, whole, tuple(items.items()))
        return OrderState(tellings={(refund.refund_id, at, event.id): told})
    order = event.data
    customer = GUEST if order.customer is None else int(parse_customer_id(order.customer))
    content = Content(at, event.id, received, customer, order.currency, order.revenue, pieces(order.lines))
    contents = {(at, event.id): content}
    if isinstance(event, OrderCompleted | OrderCancelled):
        return OrderState({Mark(at, isinstance(event, OrderCompleted)): received}, contents)
    return OrderState(contents=contents)


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


def pieces(lines: Sequence[OrderLine]) -> Pieces:
    """How many pieces each line has; a line named twice has the pieces of both."""
    found: dict[str, int] = {}
    for line in lines:
        found[line.line_id] = found.get(line.line_id, 0) + line.quantity
    return tuple(found.items())


def encode_pieces(lines: Pieces) -> bytes | None:
    """As the tables hold them; None for an order without lines."""
    return _ENCODER.encode(lines) if lines else None


def decode_pieces(stored: bytes | None) -> Pieces:
    """What `encode_pieces` wrote."""
    return () if stored is None else _DECODER.decode(stored)


def _told_apart(events: Sequence[OrderEvent]) -> tuple[list[int], list[int]]:
    """Places of (completions that are alone with their order, all other events). The first have ids of one length."""
    ids = [event.id for event in events]
    orders = [event.data.order_id for event in events]
    even = len(set(map(len, ids))) == 1 and "".join(ids).isascii()
    if even and set(map(type, events)) == {OrderCompleted} and len(set(orders)) == len(orders):
        return list(range(len(events))), []
    keys = list(zip([event.shop for event in events], orders, strict=True))
    times = Counter(keys)
    width = max((len(event.id) for event in events if type(event) is OrderCompleted), default=0)
    plain: list[int] = []
    rest: list[int] = []
    for at, (event, key) in enumerate(zip(events, keys, strict=True)):
        if type(event) is OrderCompleted and times[key] == 1 and len(event.id) == width and event.id.isascii():
            plain.append(at)
        else:
            rest.append(at)
    return plain, rest


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
    at = _instants([event.time for event in events])
    received = _received(events, at)
    shop = np.array([numbers[slug] for slug in slugs], np.int64)
    day, booked_day = _days(shop, at, received, shops)
    currency = [order.currency for order in orders]
    codes = {text: currency_code(text) for text in set(currency)}
    lines = [order.lines for order in orders]
    return PlainOrders(
        shop=shop,
        order_id=[names[at] for at in plain],
        customer=_customers([order.customer for order in orders]),
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
        return _instants(cast(list[datetime], moments))
    if kinds == {UnsetType}:
        return at
    return _instants([e.time if m is UNSET else m for e, m in zip(events, moments, strict=True)])


def _days(shop: Ints, at: Ints, received: Ints, shops: Mapping[str, ShopDays]) -> tuple[Ints, Ints]:
    """(local day, booked day) of each instant."""
    day, booked = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    for one in shops.values():
        mine = shop == one.number
        day[mine], booked[mine] = days_of(one, at[mine], received[mine])
    return day, booked


def _instants(moments: Sequence[datetime]) -> Ints:
    # Seconds as floats are exact to a quarter of a microsecond until the year 2100, so rounding finds the right one.
    seconds = np.fromiter(map(datetime.timestamp, moments), np.float64, len(moments))
    return np.rint(seconds * 1_000_000).astype(np.int64)


def _us(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _customers(texts: Sequence[str | None]) -> Ints:
    """The numbers behind surrogate ids, all at once; GUEST for None. ValueError when one is no such id."""
    joined = "".join([text or _NOBODY for text in texts])
    if any(len(text) != len(_NOBODY) for text in set(texts) if text is not None) or not joined.isascii():
        raise ValueError("a customer id has 13 characters of 0-9 and a-v")
    digits = _DIGIT[np.frombuffer(joined.encode(), np.uint8).reshape(-1, len(_NOBODY))]
    if (digits < 0).any() or (digits[:, 0] > 3).any():
        raise ValueError("a customer id has 13 characters of 0-9 and a-v, and lies below 2**62")
    numbers: Ints = digits @ _PLACE
    return numbers


def _is_storable(text: str) -> bool:
    return 0 < len(text.encode()) <= ORDER_ID_BYTES_MAX and "\0" not in text
