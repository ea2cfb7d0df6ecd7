"""What is known of an order, or of an interaction, as rules see it; and how much of each line is left after refunds.

All of it follows from what is known at last, whatever order it came in. Instants are microseconds of the Unix epoch,
amounts minor units.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from services.loyalty.earning.domain.allotting import allot

ALL_LEFT = Fraction(1)
WHOLE_ORDER = ""
"""Line of an order of which no lines are known."""


class Line(NamedTuple):
    """A line as the order has it. `price` of one piece, after the line's own discount."""

    line_id: str
    quantity: int = 1
    price: int = 0
    product: str = ""
    sku: str = ""
    category: str = ""
    brand: str = ""


class Returned(NamedTuple):
    """Pieces of a line in a refund, and money for them; 0: not told."""

    line_id: str
    quantity: int
    amount: int = 0


class GivenBack(NamedTuple):
    """One refund."""

    amount: int | None = None
    """In all; None: not told."""
    currency: str = ""
    """Empty: the order's."""
    whole: bool = False
    items: tuple[Returned, ...] = ()


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order, or an interaction when that has a name."""

    id: str
    at: int
    """The order's first completion, or when the interaction happened."""
    currency: str = ""
    revenue: int = 0
    """What counts: after discounts, without shipping and tax, before refunds."""
    channel: str = ""
    lines: tuple[Line, ...] = ()
    refunds: tuple[GivenBack, ...] = ()
    stands: bool = True
    """Completed at last. One that was cancelled earns nothing, until it is completed again."""
    interaction: str = ""
    """Its name, folded; empty: an order."""


class Part(NamedTuple):
    """A line with its part of the order's revenue, before refunds."""

    line: Line
    amount: int


def parts_of(purchase: Purchase) -> tuple[Part, ...]:
    """The lines, by id, with the revenue allotted to them by what they cost; all amounts together are the revenue.

    What the order's own discount took away is so taken from each line in proportion.
    """
    lines = sorted(purchase.lines) or [Line(WHOLE_ORDER)]
    prices = [max(0, line.price) * max(0, line.quantity) for line in lines]
    weights = prices if any(prices) else [max(0, line.quantity) for line in lines]
    return tuple(map(Part, lines, allot(purchase.revenue, weights)))


def shares_left(purchase: Purchase, parts: tuple[Part, ...]) -> list[Fraction]:
    """By part: which share of it is left, from 1 to 0. More refunds never leave more of any line.

    1. Items take from their lines: the money told, or the pieces' share of the line, whichever is more.
    2. Money that was given back beside the items is taken from what is left of all lines, in proportion.
    3. All pieces, or all the money: nothing is left.
    """
    if not purchase.stands:
        return [Fraction(0)] * len(parts)
    if not purchase.refunds:
        return [ALL_LEFT] * len(parts)
    gone, beside = _taken(purchase, parts)
    left = [max(Fraction(0), 1 - one) for one in gone]
    worth = sum((part.amount * share for part, share in zip(parts, left, strict=True)), Fraction(0))
    if _is_whole(purchase, parts) or (purchase.revenue > 0 and beside >= worth):
        return [Fraction(0)] * len(parts)
    return [share * (1 - Fraction(beside) / worth) if beside else share for share in left]


def kept_share(purchase: Purchase) -> Fraction:
    """Which share of the whole order is left, from 1 to 0."""
    parts = parts_of(purchase)
    left = shares_left(purchase, parts)
    if not purchase.revenue:
        return min(left)
    return sum((part.amount * share for part, share in zip(parts, left, strict=True)), Fraction(0)) / purchase.revenue


def _is_whole(purchase: Purchase, parts: tuple[Part, ...]) -> bool:
    if any(refund.whole for refund in purchase.refunds):
        return True
    told = sum(refund.amount for refund in purchase.refunds if refund.amount is not None and _same(purchase, refund))
    if told >= purchase.revenue:
        return True
    pieces = Counter[str]()
    for refund in purchase.refunds:
        for item in refund.items:
            pieces[item.line_id] += item.quantity
    return bool(purchase.lines) and all(pieces[part.line.line_id] >= part.line.quantity for part in parts)


def _taken(purchase: Purchase, parts: tuple[Part, ...]) -> tuple[list[Fraction], int]:
    """By part: the share that items took. And the money that was given back beside all items."""
    places = {part.line.line_id: place for place, part in enumerate(parts)}
    pieces, money, beside = [0] * len(parts), [0] * len(parts), 0
    for refund in purchase.refunds:
        of_items = 0
        for item in refund.items:
            place = places.get(item.line_id)
            amount = item.amount if _same(purchase, refund) else 0
            if place is None:
                of_items += amount
                continue
            pieces[place] += item.quantity
            money[place] += amount
            of_items += amount or -(-parts[place].amount * item.quantity // max(1, parts[place].line.quantity))
        if refund.amount is not None and _same(purchase, refund):
            beside += max(0, refund.amount - of_items)
    gone = [
        max(
            Fraction(pieces[place], max(1, part.line.quantity)),
            Fraction(money[place], part.amount) if part.amount else Fraction(0),
        )
        for place, part in enumerate(parts)
    ]
    return gone, beside


def _same(purchase: Purchase, refund: GivenBack) -> bool:
    # Money of two currencies is never added: what was given back in another one leaves the revenue as it is.
    return refund.currency in ("", purchase.currency)
