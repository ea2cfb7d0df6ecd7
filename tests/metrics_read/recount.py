"""A recount from nothing but orders, as slow and plain as the definitions: what every answer must equal."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from services.metrics.retention.domain.figures import Asked, Counts, Customers, Trade

DAY_ZERO = 729_000
"""Random histories lie in the days after this one."""
HORIZON = 60


@dataclass(frozen=True)
class Bought:
    """One counted order. `customer` is None for a guest; `revenue` is net, in minor units."""

    customer: int | None
    day: int
    revenue: int = 100
    currency: str = "USD"


orders = st.builds(
    Bought,
    customer=st.sampled_from([None, 1, 2, 3, 4, 5, 6]),
    day=st.integers(DAY_ZERO, DAY_ZERO + HORIZON),
    revenue=st.integers(0, 10_000),
    currency=st.sampled_from(["USD", "USD", "IRR"]),
)
histories = st.lists(orders, max_size=40)


def days_by_customer(bought: list[Bought]) -> dict[int, list[int]]:
    """Order days of each customer, rising; same-day orders stay separate. Guests are left out."""
    days: dict[int, list[int]] = {}
    for order in sorted(bought, key=lambda order: order.day):
        if order.customer is not None:
            days.setdefault(order.customer, []).append(order.day)
    return days


def recount(bought: list[Bought], asked: Asked, as_of: int) -> Counts:
    """The counts at one day, customer by customer."""
    window, period = asked.window, asked.period
    by_customer = days_by_customer(bought)

    def in_window(customer: int, day: int) -> int:
        return sum(1 for ordered in by_customer[customer] if day - window < ordered <= day)

    ever = {customer for customer, days in by_customer.items() if days[0] <= as_of}
    held = {customer for customer in ever if in_window(customer, as_of)}
    start = {customer for customer in ever if in_window(customer, as_of - period)}
    in_money = [order for order in bought if as_of - window < order.day <= as_of and order.currency == asked.currency]
    customers = Customers(
        held=len(held),
        start=len(start),
        joined=len(held - start),
        new=sum(1 for customer in held - start if by_customer[customer][0] > as_of - period),
        lost=len(start - held),
        repeat=sum(1 for customer in held if in_window(customer, as_of) >= 2),
        loyal=sum(1 for customer in held if in_window(customer, as_of) > asked.loyal_over),
    )
    trade = Trade(
        lifetime_customers=len(ever),
        lifetime_repeat=sum(1 for customer in ever if sum(day <= as_of for day in by_customer[customer]) >= 2),
        customer_orders=sum(in_window(customer, as_of) for customer in ever),
        orders=len(in_money),
        revenue=sum(order.revenue for order in in_money),
        first_day=min((days[0] for days in by_customer.values()), default=None),
    )
    return Counts(customers, trade)


def recount_returns(bought: list[Bought], within: int, as_of: int) -> tuple[int, int]:
    """Customers whose first order is `within` days old or older, and those of them who came back within them."""
    distinct = [sorted(set(days)) for days in days_by_customer(bought).values()]
    old = [days for days in distinct if days[0] <= as_of - within]
    return len(old), sum(1 for days in old if len(days) > 1 and days[1] - days[0] <= within)
