"""A batch of order events as the domain sees it: plain orders by columns, the rest as states. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from services.metrics.counters import Ints
from shared.orders import OrderState


class OrderKey(NamedTuple):
    """An order of a shop. Sorts as the table's key does."""

    shop: int
    order_id: str


_COLUMNS = ("shop", "customer", "at", "received", "day", "booked_day", "currency_code", "revenue", "position")


@dataclass(frozen=True, slots=True)
class PlainOrders:
    """Orders with one event in the batch, their completion: nearly all. Columns of one length, sorted by OrderKey."""

    shop: Ints
    order_id: Sequence[str]
    customer: Ints
    at: Ints
    received: Ints
    day: Ints
    booked_day: Ints
    currency: Sequence[str]
    currency_code: Ints
    revenue: Ints
    event_id: Sequence[str]
    """All of one length."""
    lines: Sequence[bytes | None] | None
    """JSON of (line, pieces); None when no order of the batch has lines."""
    position: Ints
    """Where each stood among the events, in the order of their partition."""

    def __len__(self) -> int:
        return len(self.order_id)

    def chosen(self, rows: Ints) -> PlainOrders:
        """Some of them."""
        at = rows.tolist()
        return replace(
            self,
            **{name: getattr(self, name)[rows] for name in _COLUMNS},
            order_id=[self.order_id[place] for place in at],
            currency=[self.currency[place] for place in at],
            event_id=[self.event_id[place] for place in at],
            lines=None if self.lines is None else [self.lines[place] for place in at],
        )

    def keys(self) -> Iterator[OrderKey]:
        """The orders' keys, in order."""
        return map(OrderKey, self.shop.tolist(), self.order_id)


class Told(NamedTuple):
    """What one event tells of its order."""

    position: int
    """Where it stood among the events."""
    at: int
    """When it occurred: microseconds of the Unix epoch."""
    state: OrderState


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch says of orders. No order is in both parts."""

    plain: PlainOrders
    states: Mapping[OrderKey, OrderState]
    told: Mapping[OrderKey, Sequence[Told]]
    """What each event told, in the order of their positions, of the orders of `states`."""
