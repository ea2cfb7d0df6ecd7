"""From whole numbers to figures: retention, churn, repeat and loyal rates, order value and frequency.

The whole numbers come from counters (`counts_of`) or from a scan of orders; the formulas do not care which.
Formulas: DOMAIN section "Measures" and METRICS "Day-indexed counters". Days are ordinals of shop-local dates,
money is in minor units, ratios are fractions from 0 to 1 and None where they would be over nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RETURN_DAYS = (30, 60, 90)
"""Within how many days of the first purchase a second one is counted."""


class InconsistentCounts(Exception):
    """The whole numbers contradict each other, so no figure may be shown: rebuild the shop's counters."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about a day D. Window and period trail it: `(D - window, D]` and `(D - period, D]`."""

    window: int
    period: int
    loyal_over: int
    """Loyal: more than this many orders in the window."""
    currency: str
    """Selects money and the orders that it is divided by, never customers."""
    basis: Literal["restated", "booked"] = "restated"
    """Whether refunds and cancellations change the past, or count on their own day."""


@dataclass(frozen=True, slots=True)
class Customers:
    """Customers held, won and lost, as window and period see them."""

    held: int
    start: int
    """Held on the day before the period."""
    joined: int
    """Held at the end of the period and not at its start."""
    new: int
    """Of those who joined: first order ever in the period."""
    lost: int
    """Held at the start of the period and not at its end."""
    repeat: int
    """With two orders or more in the window; same-day orders are separate."""
    loyal: int


@dataclass(frozen=True, slots=True)
class Trade:
    """What was bought: in the window, and ever."""

    lifetime_customers: int
    """With an order on the as-of day or before."""
    lifetime_repeat: int
    """Of those, with two orders or more."""
    customer_orders: int
    """Orders of the window in every currency, without guests'."""
    orders: int
    """Orders of the window in the asked currency, with guests'."""
    revenue: int
    """Of those orders, less what was refunded."""
    first_day: int | None
    """Day of the earliest order of any customer of the shop. On basis booked, a day on which one that counts lies that
    is early enough for the answer to be mature."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The whole numbers behind an answer."""

    customers: Customers
    trade: Trade


@dataclass(frozen=True, slots=True)
class Quotient:
    """A mean in minor units, rounded half-even, with what it was divided from."""

    amount: int
    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What follows from the counts."""

    rpr: float | None
    rpr_all: float | None
    lcr: float | None
    aov: Quotient | None
    frequency: float | None
    lifetime_rpr: float | None
    won_back: int
    crr: float | None
    churn: float | None
    mature: bool


@dataclass(frozen=True, slots=True)
class ReturnRate:
    """Of customers whose first order is at least `days` old: how many ordered again, on another day, within them."""

    days: int
    customers: int
    returned: int

    @property
    def rate(self) -> float | None:
        """`returned / customers`."""
        return ratio(self.returned, self.customers)


def ratio(part: int, whole: int) -> float | None:
    """A fraction, or None over nobody."""
    return part / whole if whole else None


def mean(total: int, count: int) -> Quotient | None:
    """`total / count` rounded half-even to a minor unit, or None over nothing.

    On basis booked more may have been taken back in a window than was sold in it: that is nothing, too.
    """
    if count <= 0:
        return None
    whole, rest = divmod(total, count)
    up = 2 * rest > count or (2 * rest == count and whole % 2 == 1)
    return Quotient(whole + up, total, count)


def figures_of(asked: Asked, as_of: int, counts: Counts) -> Figures:
    """The figures of one answer.

    CRR is (E - N) / S and churn L / S, both from whole numbers; that they add up to one is E = S + N - L, which is
    checked. Raises InconsistentCounts when it does not hold or when a part is larger than its whole.
    """
    _check(asked, as_of, counts)
    who, trade = counts.customers, counts.trade
    return Figures(
        rpr=ratio(who.repeat, who.held),
        rpr_all=ratio(who.repeat, trade.lifetime_customers),
        lcr=ratio(who.loyal, who.held),
        aov=mean(trade.revenue, trade.orders),
        frequency=ratio(trade.customer_orders, who.held),
        lifetime_rpr=ratio(trade.lifetime_repeat, trade.lifetime_customers),
        won_back=who.joined - who.new,
        crr=ratio(who.held - who.joined, who.start),
        churn=ratio(who.lost, who.start),
        mature=_is_mature(asked, as_of, trade.first_day),
    )


def _is_mature(asked: Asked, as_of: int, first_day: int | None) -> bool:
    # Who was held at the start of the period is judged by the window before it, so both must lie in the history.
    return first_day is not None and first_day <= as_of - asked.period - asked.window + 1


_RULES = (
    "held = start + joined - lost",
    "0 <= new <= joined <= held",
    "0 <= lost <= start",
    "0 <= repeat <= held",
    "0 <= loyal <= held",
    "held <= lifetime customers",
    "0 <= lifetime repeat <= lifetime customers",
    "held <= customer orders",
)


def _check(asked: Asked, as_of: int, counts: Counts) -> None:
    who, trade = counts.customers, counts.trade
    # By the books, orders of an earlier window may be taken back in this one: more of them, perhaps, than came.
    ordered = asked.basis == "booked" or who.held <= trade.customer_orders
    rules = (
        who.held == who.start + who.joined - who.lost,
        0 <= who.new <= who.joined <= who.held,
        0 <= who.lost <= who.start,
        0 <= who.repeat <= who.held,
        0 <= who.loyal <= who.held,
        who.held <= trade.lifetime_customers,
        0 <= trade.lifetime_repeat <= trade.lifetime_customers,
        ordered,
    )
    if not all(rules):
        broken = "; ".join(rule for rule, holds in zip(_RULES, rules, strict=True) if not holds)
        raise InconsistentCounts(f"{broken} is broken: day {as_of}, {asked}, {counts}")


def return_rate(days: int, customers: int, returned: int) -> ReturnRate:
    """A checked return rate. Raises InconsistentCounts when more returned than there are."""
    if not 0 <= returned <= customers:
        raise InconsistentCounts(f"0 <= returned <= customers is broken: {returned} of {customers} in {days} days")
    return ReturnRate(days, customers, returned)
