"""What is known of an order, from orders and deliveries in any sequence. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, TypeVar

from services.feedback.surveys.domain.occasions import Ordered
from shared.orders import GUEST, OrderState, merge, standing, status, worth

_Part = TypeVar("_Part", datetime, int)


class Heard(NamedTuple):
    """What is known of an order; two of them join in any order."""

    state: OrderState = OrderState()
    completed_at: datetime | None = None
    delivered_at: datetime | None = None
    delivered_to: int | None = None

    def joined(self, other: Heard) -> Heard:
        """What both together know. A delivery that is told of two customers is the smaller one's."""
        return Heard(
            standing(merge(self.state, other.state)),
            _least(self.completed_at, other.completed_at),
            _least(self.delivered_at, other.delivered_at),
            _least(self.delivered_to, other.delivered_to),
        )

    def ordered(self, order: str) -> Ordered:
        """The order as surveys see it."""
        content = self.state.content
        last = status(self.state)
        void = last is not None and worth(last, content, self.state.refunds.values()) is None and content is not None
        named = None if content is None or content.customer == GUEST else content.customer
        completed = self.completed_at if last is not None and last.completed else None
        return Ordered(order, named or self.delivered_to, void, completed, self.delivered_at)


def _least(one: _Part | None, other: _Part | None) -> _Part | None:
    return min((part for part in (one, other) if part is not None), default=None)
