"""From `orders.v1` to what is known of orders: what one event tells, what no table can hold, whole columns at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
from msgspec import UNSET

from shared.contracts.orders import Order, OrderCancelled, OrderCompleted, OrderEvent, OrderLine, OrderRefunded
from shared.contracts.orders import Refund as RefundTold
from shared.kernel import MAX_MINOR_UNITS, parse_customer_id
from shared.orders.order import GUEST, Content, Mark, OrderState, Pieces, Refund

Ints = npt.NDArray[np.int64]

FUTURE_US = 5 * 60 * 1_000_000
"""What occurred further ahead of its receipt than this is set aside: it would move clocks."""
ORDER_ID_BYTES_MAX = 500
_CURRENCY_LETTERS = 3
_NOBODY = "0" * 13  # the text form of no customer: its number is GUEST
_DIGIT = np.full(256, -1, np.int64)
_DIGIT[[*b"0123456789abcdefghijklmnopqrstuv"]] = np.arange(32)
_PLACE = 1 << (5 * np.arange(12, -1, -1, dtype=np.int64))


def fault(event: OrderEvent, limit_us: int) -> tuple[str, str] | None:
    """Why the event cannot be used, as (reason, detail); None if it can. `limit_us`: latest instant allowed now."""
    if microseconds(event.time) > (
        limit_us if event.receivedat is UNSET else microseconds(event.receivedat) + FUTURE_US
    ):
        return "future", "time: lies more than 5 minutes ahead of its receipt; send the time when it happened"
    if not is_storable(event.id):
        return "id", f"id: 1 to {ORDER_ID_BYTES_MAX} bytes without NUL are needed"
    if not is_storable(event.data.order_id):
        return "order_id", f"data.order_id: 1 to {ORDER_ID_BYTES_MAX} bytes without NUL are needed"
    return _refund_fault(event.data) if isinstance(event, OrderRefunded) else _order_fault(event.data)


def _refund_fault(refund: RefundTold) -> tuple[str, str] | None:
    if not is_storable(refund.refund_id):
        return "refund_id", f"data.refund_id: 1 to {ORDER_ID_BYTES_MAX} bytes without NUL are needed"
    if refund.amount is not None and not 0 <= refund.amount <= MAX_MINOR_UNITS:
        return "amount", "data.amount: minor units from 0 to 10^15 are needed"
    return None


def _order_fault(order: Order) -> tuple[str, str] | None:
    try:
        known = order.customer is None or parse_customer_id(order.customer) != GUEST
    except ValueError:
        known = False
    coded = len(order.currency) == _CURRENCY_LETTERS and order.currency.isascii()
    if not known or not coded:
        return "order", "data.customer, data.currency: a surrogate id (or null) and an ISO 4217 code are needed"
    if not 0 <= order.revenue <= MAX_MINOR_UNITS:
        return "revenue", "data.revenue: minor units from 0 to 10^15 are needed"
    return None


def state_of(event: OrderEvent) -> OrderState:
    """What one event tells of its order."""
    if isinstance(event, OrderRefunded):
        refund = refund_of(event)
        return OrderState(tellings={(event.data.refund_id, refund.at, refund.event_id): refund})
    content = content_of(event)
    contents = {(content.at, content.event_id): content}
    if isinstance(event, OrderCompleted | OrderCancelled):
        return OrderState({Mark(content.at, isinstance(event, OrderCompleted)): content.received}, contents)
    return OrderState(contents=contents)


def content_of(event: OrderEvent) -> Content:
    """What an event, other than a refund, says of the order itself."""
    at, received = _times(event)
    order = event.data
    assert isinstance(order, Order)
    customer = GUEST if order.customer is None else int(parse_customer_id(order.customer))
    return Content(at, event.id, received, customer, order.currency, order.revenue, pieces(order.lines))


def refund_of(event: OrderRefunded) -> Refund:
    """What an event says of a refund."""
    at, received = _times(event)
    refund = event.data
    items: dict[str, int] = {}
    for item in refund.items:
        items[item.line_id] = items.get(item.line_id, 0) + item.quantity
    amount = refund.amount
    if amount is None and refund.items:
        amount = sum(item.amount for item in refund.items)
    currency = "" if refund.currency is UNSET else refund.currency
    return Refund(at, event.id, received, amount, currency, amount is None, tuple(items.items()))


def _times(event: OrderEvent) -> tuple[int, int]:
    at = microseconds(event.time)
    return at, at if event.receivedat is UNSET else microseconds(event.receivedat)


def pieces(lines: Sequence[OrderLine]) -> Pieces:
    """How many pieces each line has; a line named twice has the pieces of both."""
    found: dict[str, int] = {}
    for line in lines:
        found[line.line_id] = found.get(line.line_id, 0) + line.quantity
    return tuple(found.items())


def told_apart(events: Sequence[OrderEvent]) -> tuple[list[int], list[int]]:
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


def instants(moments: Sequence[datetime]) -> Ints:
    """Microseconds of the Unix epoch of many moments."""
    # Seconds as floats are exact to a quarter of a microsecond until the year 2100, so rounding finds the right one.
    seconds = np.fromiter(map(datetime.timestamp, moments), np.float64, len(moments))
    return np.rint(seconds * 1_000_000).astype(np.int64)


def microseconds(moment: datetime) -> int:
    """Microseconds of the Unix epoch."""
    return round(moment.timestamp() * 1_000_000)


def customers_of(texts: Sequence[str | None]) -> Ints:
    """The numbers behind surrogate ids, all at once; GUEST for None. ValueError when one is no such id."""
    joined = "".join([text or _NOBODY for text in texts])
    if any(len(text) != len(_NOBODY) for text in set(texts) if text is not None) or not joined.isascii():
        raise ValueError("a customer id has 13 characters of 0-9 and a-v")
    digits = _DIGIT[np.frombuffer(joined.encode(), np.uint8).reshape(-1, len(_NOBODY))]
    if (digits < 0).any() or (digits[:, 0] > 3).any():
        raise ValueError("a customer id has 13 characters of 0-9 and a-v, and lies below 2**62")
    numbers: Ints = digits @ _PLACE
    return numbers


def is_storable(text: str) -> bool:
    """Whether tables hold the id: not empty, not endless, without NUL."""
    return 0 < len(text.encode()) <= ORDER_ID_BYTES_MAX and "\0" not in text
