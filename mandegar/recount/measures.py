"""Measures by brute force: each is counted over all purchases, for any shop, day, window, period and k.

Definitions: a customer is held at D when they bought in (D-W, D]. Names of fields are those of the HTTP answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

import duckdb

_RETENTION = """
WITH seen AS (SELECT * FROM purchase WHERE shop = $shop AND day <= $at),
person AS (
    SELECT customer, min(day) AS first_day, max(day) AS last_day, count(*) AS in_life,
           count(*) FILTER (day > $at - $w) AS in_window, max(day) FILTER (day <= $at - $p) AS last_before
    FROM seen WHERE customer IS NOT NULL GROUP BY customer),
state AS (
    SELECT *, last_day > $at - $w AS now_held, coalesce(last_before > $at - $p - $w, false) AS then_held FROM person)
SELECT count(*) FILTER (now_held), count(*) FILTER (in_window >= 2), count(*) FILTER (in_window > $k),
       count(*), count(*) FILTER (in_life >= 2), coalesce(sum(in_window), 0), min(first_day),
       count(*) FILTER (then_held), count(*) FILTER (now_held AND NOT then_held AND first_day > $at - $p),
       count(*) FILTER (now_held AND NOT then_held AND first_day <= $at - $p),
       count(*) FILTER (then_held AND NOT now_held),
       (SELECT count(*) FROM seen WHERE day > $at - $w AND currency = $currency),
       (SELECT coalesce(sum(net), 0) FROM seen WHERE day > $at - $w AND currency = $currency)
FROM state
"""

_COHORTS = """
WITH seen AS (SELECT * FROM purchase WHERE shop = $shop AND day <= $at AND customer IS NOT NULL),
placed AS (
    SELECT *, date_trunc('month', min(day) OVER (PARTITION BY customer)) AS cohort, date_trunc('month', day) AS month
    FROM seen)
SELECT cohort::DATE, date_diff('month', cohort, month) AS months_since, count(DISTINCT customer),
       count(*) FILTER (currency = $currency), coalesce(sum(net) FILTER (currency = $currency), 0)
FROM placed GROUP BY ALL ORDER BY ALL
"""

_RETURN_RATE = """
WITH bought AS (
    SELECT DISTINCT customer, day FROM purchase WHERE shop = $shop AND day <= $at AND customer IS NOT NULL),
first AS (SELECT customer, min(day) AS day FROM bought GROUP BY customer HAVING min(day) <= $at - $n)
SELECT count(*), count(*) FILTER (EXISTS (
    SELECT 1 FROM bought WHERE bought.customer = first.customer
        AND bought.day > first.day AND bought.day <= first.day + $n))
FROM first
"""


class Purchase(NamedTuple):
    """One counted order: completed, not cancelled, not wholly refunded."""

    shop: str
    customer: str | None
    """Any text that tells customers of a shop apart; None for a guest."""
    day: date
    """Local date of the shop at the first completion."""
    currency: str
    net: int
    """Minor units, less refunds."""


class CohortCell(NamedTuple):
    """What the customers of one month of first purchase did in one month."""

    cohort: date
    months_since: int
    customers: int
    orders: int
    revenue: int


class Recount:
    """A table of purchases in memory, and the questions that can be asked of it."""

    def __init__(self, purchases: Iterable[Purchase] | None = None) -> None:
        self.connection = duckdb.connect(":memory:", config={"threads": "2"})
        self.connection.execute(
            "CREATE TABLE purchase (shop VARCHAR, customer VARCHAR, day DATE, currency VARCHAR, net BIGINT)"
        )
        if purchases is not None:
            self.add(purchases)

    def add(self, purchases: Iterable[Purchase]) -> None:
        """Fill the table by columns: row by row would take minutes for a real history."""
        import numpy as np  # here because only filling from Python needs it

        rows = list(purchases)
        if not rows:
            return
        columns = {
            "shop": np.array([row.shop for row in rows], dtype=object),
            "customer": np.array([row.customer for row in rows], dtype=object),
            "day": np.array([row.day.isoformat() for row in rows], dtype="datetime64[D]").astype("datetime64[s]"),
            "currency": np.array([row.currency for row in rows], dtype=object),
            "net": np.array([row.net for row in rows], dtype=np.int64),
        }
        self.connection.register("incoming", columns)
        self.connection.execute("INSERT INTO purchase SELECT shop, customer, day, currency, net FROM incoming")
        self.connection.unregister("incoming")

    def totals(self) -> tuple[int, int]:
        """(purchases, customers) of all shops."""
        query = "SELECT count(*), count(DISTINCT (shop, customer)) FILTER (customer IS NOT NULL) FROM purchase"
        return self._row(query)

    def retention(
        self, shop: str, as_of: date, *, window: int, period: int, loyal_over: int = 4, currency: str
    ) -> dict[str, Any]:
        """All counted fields of the retention answer at `as_of`. Ratios are floats, or None over nobody."""
        asked = {"shop": shop, "at": as_of, "w": window, "p": period, "k": loyal_over, "currency": currency}
        (held, repeat, loyal, ever, ever_repeat, own_orders, first_day, start, new, won_back, lost, orders, revenue) = (
            self._row(_RETENTION, asked)
        )
        return {
            "as_of": as_of.isoformat(),
            "window_days": window,
            "period_days": period,
            "currency": currency,
            "held": held,
            "repeat": repeat,
            "loyal": loyal,
            "rpr": ratio(repeat, held),
            "rpr_all": ratio(repeat, ever),
            "lcr": ratio(loyal, held),
            "orders": orders,
            "revenue": {"amount": int(revenue), "currency": currency},
            "aov": mean(int(revenue), orders, currency),
            "frequency": ratio(int(own_orders), held),
            "lifetime_customers": ever,
            "lifetime_rpr": ratio(ever_repeat, ever),
            "start": start,
            "end": held,
            "new": new,
            "won_back": won_back,
            "lost": lost,
            "crr": ratio(held - new - won_back, start),
            "churn": ratio(lost, start),
            "mature": first_day is not None and first_day <= as_of - timedelta(days=window + period - 1),
        }

    def cohorts(self, shop: str, as_of: date, *, currency: str) -> list[CohortCell]:
        """Every cell in which somebody bought, by cohort and month."""
        asked = {"shop": shop, "at": as_of, "currency": currency}
        cells = self.connection.execute(_COHORTS, asked).fetchall()
        return [CohortCell(cohort, since, people, orders, int(net)) for cohort, since, people, orders, net in cells]

    def return_rate(self, shop: str, as_of: date, *, days: int) -> dict[str, Any]:
        """Of customers whose first order is at least `days` old: how many bought again, on another day, within them."""
        customers, returned = self._row(_RETURN_RATE, {"shop": shop, "at": as_of, "n": days})
        return {"days": days, "customers": customers, "returned": returned, "rate": ratio(returned, customers)}

    def _row(self, query: str, asked: dict[str, Any] | None = None) -> tuple[Any, ...]:
        row = self.connection.execute(query, asked or {}).fetchone()
        assert row is not None, "an aggregate always has a row"
        return tuple(row)


def ratio(part: int, whole: int) -> float | None:
    """Part of a whole; None over nobody."""
    return part / whole if whole else None


def mean(total: int, count: int, currency: str) -> dict[str, Any] | None:
    """Minor units for each of `count`, with what was divided; None where there is nothing to divide by."""
    if count <= 0:
        return None
    amount = round(Fraction(total, count))  # a Fraction is rounded half-even
    return {"amount": amount, "currency": currency, "numerator": total, "denominator": count}
