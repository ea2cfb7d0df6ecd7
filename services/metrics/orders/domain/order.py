"""What is known of one order, folded from its events in any order, and what it counts for. Pure.

`merge` is commutative, associative and idempotent, so lateness, repeats and shuffling cannot change the outcome:
knowledge only ever joins. Instants are microseconds of the Unix epoch, amounts are minor units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

GUEST = 0
"""The customer of an order that nobody is known to have placed."""

Pieces = tuple[tuple[str, int], ...]
"""(line id, number of pieces) of each line."""


class Mark(NamedTuple):
    """A completion or a cancellation. The greatest decides: at one instant, a completion stands over a cancellation."""

    at: int
    completed: bool


class Content(NamedTuple):
    """What the order says of itself. The last writer wins: the greatest (instant, event id)."""

    at: int
    event_id: str
    customer: int
    currency: str
    revenue: int
    lines: Pieces = ()


class Refund(NamedTuple):
    """One refund, known by its id within the order. Told twice, the last writer wins."""

    at: int
    event_id: str
    received: int
    amount: int | None
    """None where the shop named neither an amount nor items."""
    currency: str
    """Empty: that of the order."""
    whole: bool
    items: Pieces = ()


@dataclass(frozen=True, slots=True)
class OrderState:
    """All that is known of an order. The empty one knows nothing."""

    marks: Mapping[Mark, int] = field(default_factory=dict)
    """Completions and cancellations that are known, with the instant of receipt.

    Of an order that is loaded only the first completion and the deciding mark are among them: no other matters.
    """
    content: Content | None = None
    refunds: Mapping[str, Refund] = field(default_factory=dict)


class Fact(NamedTuple):
    """A counted order."""

    customer: int
    day: int
    currency: str
    net: int


def merge(one: OrderState, other: OrderState) -> OrderState:
    """What both together know."""
    marks = dict(one.marks)
    for mark, received in other.marks.items():
        marks[mark] = min(received, marks.get(mark, received))
    contents = [content for content in (one.content, other.content) if content is not None]
    refunds: Mapping[str, Refund] = one.refunds
    if other.refunds:
        refunds = {**one.refunds}
        for refund_id, refund in other.refunds.items():
            refunds[refund_id] = max(refund, refunds.get(refund_id, refund), key=_age)
    return OrderState(marks, max(contents, key=lambda content: content[:2], default=None), refunds)


def _age(refund: Refund) -> tuple[int, str]:
    return refund.at, refund.event_id


def first_completion(state: OrderState) -> tuple[int, int] | None:
    """(instant, instant of receipt) of the first completion; None while there was none."""
    first = min((mark for mark in state.marks if mark.completed), default=None)
    return None if first is None else (first.at, state.marks[first])


def status(state: OrderState) -> Mark | None:
    """The mark that decides."""
    return max(state.marks, default=None)


def net(state: OrderState) -> int:
    """Revenue less refunds, never below 0."""
    return 0 if state.content is None else max(0, state.content.revenue - _refunded(state, state.content))


def is_counted(state: OrderState) -> bool:
    """Whether the order counts: completed at last, its content known, and not wholly refunded."""
    last = status(state)
    return last is not None and last.completed and state.content is not None and not _wholly_refunded(state)


def fact(state: OrderState, day: int | None) -> Fact | None:
    """What the order counts for; None for nothing. `day` is the local day of its first completion."""
    if day is None or state.content is None or not is_counted(state):
        return None
    return Fact(state.content.customer, day, state.content.currency, net(state))


def _refunded(state: OrderState, content: Content) -> int:
    # Money of two currencies is never added: what was given back in another one leaves the revenue as it is.
    return sum(
        refund.amount
        for refund in state.refunds.values()
        if refund.amount is not None and refund.currency in ("", content.currency)
    )


def _wholly_refunded(state: OrderState) -> bool:
    """Said so, or all pieces came back, or as much money as the order's revenue.

    A free order counts until a refund of it is known.
    """
    content = state.content
    if not state.refunds or content is None:
        return False
    if any(refund.whole for refund in state.refunds.values()):
        return True
    if _refunded(state, content) >= content.revenue:
        return True
    back: dict[str, int] = {}
    for refund in state.refunds.values():
        for line, pieces in refund.items:
            back[line] = back.get(line, 0) + pieces
    return bool(content.lines) and all(back.get(line, 0) >= pieces for line, pieces in content.lines)
