"""The story of one order: what happens to it, told in the order of time, as events and as the fact that remains.

A story keeps its truth as it goes along. Times rise strictly within a story, but for one plot that ties on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from shared.kernel import kept_currency, minor_digits


@dataclass(frozen=True, slots=True)
class Fact:
    """What is true of an order in the end. `day` is the shop's date of the first completion, None if there was none."""

    shop: str
    order_id: str
    customer: str | None
    day: date | None
    currency: str
    revenue: int
    net: int
    counted: bool
    plot: str


@dataclass(slots=True)
class Event:
    """One event as it occurred; `data` is the payload of the raw contract."""

    occurred: datetime
    kind: str
    data: dict[str, Any]
    delay_s: float = 0.0
    """How long after it occurred it arrives."""


@dataclass(slots=True)
class Story:
    """An order in the making. Amounts are whole minor units of the quoted currency; IRT is settled in IRR."""

    shop: str
    order_id: str
    customer: str | None
    zone: ZoneInfo
    quoted: str
    price: int
    pieces: dict[str, int]
    """Quantity by line; empty where the shop sends no lines."""
    plot: str = "plain"
    events: list[Event] = field(default_factory=list)
    first_completed: datetime | None = None
    alive: bool = False
    given_back: int = 0
    any_refund: bool = False
    wholly: bool = False
    returned: dict[str, int] = field(default_factory=dict)

    def complete(self, at: datetime) -> None:
        """Completed; may happen again after a cancellation."""
        self.alive = True
        self.first_completed = self.first_completed or at
        self._tell(at, "Order Completed", self._state())

    def update(self, at: datetime, price: int) -> None:
        """The price is another one from now on. Completes nothing."""
        self.price = price
        self._tell(at, "Order Updated", self._state())

    def cancel(self, at: datetime) -> None:
        """Counts for nothing, until it is completed again."""
        self.alive = False
        self._tell(at, "Order Cancelled", self._state())

    def refund_bare(self, at: datetime) -> None:
        """Refunded without id or amount: whole."""
        self.any_refund = self.wholly = True
        self._tell(at, "Order Refunded", {"order_id": self.order_id})

    def refund(self, at: datetime, amount: int, refund_id: str | None) -> None:
        """Money given back. Without an id only once in a story: all refunds without id are one and the same."""
        self.any_refund = True
        self.given_back += amount
        data: dict[str, Any] = {"order_id": self.order_id, "refund_amount": self._major(amount)}
        data |= {"currency": self.quoted} | ({"refund_id": refund_id} if refund_id else {})
        self._tell(at, "Order Refunded", data)

    def refund_pieces(self, at: datetime, pieces: dict[str, int], amount_each: int, refund_id: str) -> None:
        """Pieces given back, at an amount that need not add up to their price."""
        self.any_refund = True
        items = []
        for line, quantity in pieces.items():
            self.returned[line] = self.returned.get(line, 0) + quantity
            self.given_back += amount_each
            items.append({"line_id": line, "quantity": quantity, "amount": self._major(amount_each)})
        data = {"order_id": self.order_id, "refund_id": refund_id, "refunded_items": items, "currency": self.quoted}
        self._tell(at, "Order Refunded", data)

    def fact(self) -> Fact:
        """The truth, at the end of the story."""
        every_piece = bool(self.pieces) and all(self.returned.get(line, 0) >= n for line, n in self.pieces.items())
        wholly = self.wholly or every_piece or (self.any_refund and self.given_back >= self.price)
        day = self.first_completed.astimezone(self.zone).date() if self.first_completed else None
        scale, currency = (10, "IRR") if self.quoted == "IRT" else (1, self.quoted)
        net = max(0, self.price - self.given_back) * scale
        counted = self.alive and not wholly
        revenue = self.price * scale
        return Fact(self.shop, self.order_id, self.customer, day, currency, revenue, net, counted, self.plot)

    def _state(self) -> dict[str, Any]:
        data: dict[str, Any] = {"order_id": self.order_id, "revenue": self._major(self.price), "currency": self.quoted}
        if self.pieces:
            data["products"] = [
                {"line_id": line, "quantity": quantity, "price": "1"} for line, quantity in self.pieces.items()
            ]
        return data

    def _major(self, minor: int) -> str:
        return f"{Decimal(minor).scaleb(-minor_digits(kept_currency(self.quoted))):f}"

    def _tell(self, at: datetime, kind: str, data: dict[str, Any]) -> None:
        self.events.append(Event(at, kind, data))
