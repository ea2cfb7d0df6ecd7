"""What is known of one order, folded from its events in any order, and what it counts for. Pure.

`merge` is commutative, associative and idempotent, so lateness, repeats and shuffling cannot change the outcome:
knowledge only ever joins. Instants are microseconds of the Unix epoch, amounts are minor units.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

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
    received: int
    customer: int
    currency: str
    revenue: int
    lines: Pieces = ()
    identity: int = 0
    """Whom the event named, where a merge has it count for `customer`; 0: the customer."""
    detail: bytes = b""
    """What a service keeps of it besides; nothing here looks into it."""

    def counted_for(self, customer: int) -> Content:
        """The same, counted for another customer."""
        named = self.identity or self.customer
        return self._replace(customer=customer, identity=0 if customer == named else named)


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
    amounts: Pieces = ()
    """(line id, minor units) of lines whose part of the money was named, where a service keeps that."""


_Key = TypeVar("_Key")
_Told = TypeVar("_Told", Content, Refund)


@dataclass(frozen=True, slots=True)
class OrderState:
    """All that is known of an order. The empty one knows nothing."""

    marks: Mapping[Mark, int] = field(default_factory=dict)
    """Completions and cancellations that are known, with the instant of receipt."""
    contents: Mapping[tuple[int, str], Content] = field(default_factory=dict)
    """All that was ever said of it, by (instant, event id): what the books said in between, they keep."""
    tellings: Mapping[tuple[str, int, str], Refund] = field(default_factory=dict)
    """Every telling of each refund, by (refund id, instant, event id)."""

    @property
    def content(self) -> Content | None:
        """What stands: the last writer's."""
        return self.contents[max(self.contents)] if self.contents else None

    @property
    def refunds(self) -> dict[str, Refund]:
        """The last telling of each refund, by refund id."""
        return {refund_id: self.tellings[refund_id, at, event] for refund_id, at, event in sorted(self.tellings)}


def resolved(state: OrderState, canonical: Mapping[int, int]) -> OrderState:
    """The order, its contents counted for whom the identities that they name are, where `canonical` says so."""
    contents = {
        key: one if (now := canonical.get(one.identity or one.customer)) is None else one.counted_for(now)
        for key, one in state.contents.items()
    }
    return OrderState(state.marks, contents, state.tellings)


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
    return OrderState(marks, _joined(one.contents, other.contents), _joined(one.tellings, other.tellings))


def standing(state: OrderState) -> OrderState:
    """The order without what later words replaced: the first completion, the mark that decides, the content that
    stands, the last of each telling. Joined with whatever comes, it is as if nothing had been left out.

    When it was received means nothing here, and is left out.
    """
    firsts = [mark for mark in state.marks if mark.completed]
    marks = {mark: 0 for mark in [min(firsts, default=None), status(state)] if mark is not None}
    content = state.content
    contents = {} if content is None else {(content.at, content.event_id): content._replace(received=0)}
    tellings = {(refund_id, one.at, one.event_id): one._replace(received=0) for refund_id, one in state.refunds.items()}
    return OrderState(marks, contents, tellings)


def _joined(one: Mapping[_Key, _Told], other: Mapping[_Key, _Told]) -> Mapping[_Key, _Told]:
    """Of what both were told, the earlier receipt counts."""
    if not one or not other:
        return one or other
    joined = {**one}
    for key, told in other.items():
        joined[key] = min(told, joined.get(key, told), key=_receipt)
    return joined


def _receipt(told: Content | Refund) -> int:
    return told.received


def first_completion(state: OrderState) -> tuple[int, int] | None:
    """(instant, instant of receipt) of the first completion; None while there was none."""
    first = min((mark for mark in state.marks if mark.completed), default=None)
    return None if first is None else (first.at, state.marks[first])


def status(state: OrderState) -> Mark | None:
    """The mark that decides."""
    return max(state.marks, default=None)


def net(state: OrderState) -> int:
    """Revenue less refunds, never below 0."""
    content = state.content
    return 0 if content is None else _net(content, state.refunds.values())


def is_counted(state: OrderState) -> bool:
    """Whether the order counts: completed at last, its content known, and not wholly refunded."""
    return worth(status(state), state.content, state.refunds.values()) is not None


def fact(state: OrderState, day: int | None) -> Fact | None:
    """What the order counts for; None for nothing. `day` is the local day of its first completion."""
    content = state.content
    net = worth(status(state), content, state.refunds.values())
    if day is None or content is None or net is None:
        return None
    return Fact(content.customer, day, content.currency, net)


def worth(last: Mark | None, content: Content | None, refunds: Collection[Refund]) -> int | None:
    """The net of an order of which the mark decides, the content stands and these refunds are known.

    None when it does not count: not completed at last, its content unknown, or wholly refunded.
    """
    if last is None or not last.completed or content is None or _wholly_refunded(content, refunds):
        return None
    return _net(content, refunds)


def _net(content: Content, refunds: Collection[Refund]) -> int:
    return max(0, content.revenue - _refunded(content, refunds))


def _refunded(content: Content, refunds: Collection[Refund]) -> int:
    # Money of two currencies is never added: what was given back in another one leaves the revenue as it is.
    return sum(
        refund.amount for refund in refunds if refund.amount is not None and refund.currency in ("", content.currency)
    )


def _wholly_refunded(content: Content, refunds: Collection[Refund]) -> bool:
    """Said so, or all pieces came back, or as much money as the order's revenue.

    A free order counts until a refund of it is known.
    """
    if not refunds:
        return False
    if any(refund.whole for refund in refunds):
        return True
    if _refunded(content, refunds) >= content.revenue:
        return True
    back: dict[str, int] = {}
    for refund in refunds:
        for line, pieces in refund.items:
            back[line] = back.get(line, 0) + pieces
    return bool(content.lines) and all(back.get(line, 0) >= pieces for line, pieces in content.lines)
