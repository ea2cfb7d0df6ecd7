"""How retention answers look over HTTP, for the API's description. What is sent is the contract, encoded."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Ratio = float | None
"""A fraction from 0 to 1; null where it would be over nobody."""


_RETENTION: dict[str, Any] = {
    "as_of": "2026-03-20",
    "window_days": 365,
    "period_days": 30,
    "basis": "restated",
    "currency": "USD",
    "held": 24,
    "repeat": 9,
    "loyal": 3,
    "rpr": 0.375,
    "rpr_all": 0.1875,
    "lcr": 0.125,
    "orders": 41,
    "revenue": {"amount": 205_000, "currency": "USD"},
    "aov": {"amount": 5_000, "currency": "USD", "numerator": 205_000, "denominator": 41},
    "frequency": 1.5,
    "lifetime_customers": 48,
    "lifetime_rpr": 0.25,
    "start": 20,
    "end": 24,
    "new": 5,
    "won_back": 0,
    "lost": 1,
    "crr": 0.95,
    "churn": 0.05,
    "benchmark": {"industry": "retail", "crr": 0.63, "source": "…", "year": 2020},
    "mature": True,
    "nps": {
        "score": 20.0,
        "low": -34.0325,
        "high": 74.0325,
        "answers": 10,
        "promoters": 5,
        "passives": 2,
        "detractors": 3,
        "confidence_percent": 95,
    },
}
_POINT: dict[str, Any] = {**_RETENTION, "span": "2026-03", "span_from": "2026-03-01", "complete": False}


class AmountAnswer(BaseModel):
    """Money in minor units of an ISO 4217 currency."""

    amount: int
    currency: str


class MeanAnswer(BaseModel):
    """A mean amount, rounded half-even to a minor unit, with what it was divided from."""

    amount: int
    currency: str
    numerator: int
    denominator: int


class BenchmarkAnswer(BaseModel):
    """A published average, shown beside CRR and never an input."""

    industry: str
    crr: float
    source: str
    year: int


class NpsAnswer(BaseModel):
    """Net promoter score: of each customer the last answer from 0 to 10 in the window."""

    score: float | None = Field(description="100 · (promoters - detractors) ÷ answers; null: nobody answered.")
    low: float | None = Field(description="From here …")
    high: float | None = Field(description="… to here, with the confidence named.")
    answers: int = Field(description="Customers who answered. Dismissed surveys and other scales are left out.")
    promoters: int = Field(description="Scored 9 or 10.")
    passives: int = Field(description="Scored 7 or 8.")
    detractors: int = Field(description="Scored 0 to 6.")
    confidence_percent: int


class RetentionAnswer(BaseModel):
    """How well a shop keeps its customers, as of one day. Window and period trail that day."""

    as_of: date = Field(description="A day of the shop's zone.")
    window_days: int = Field(description="W: whoever ordered in the last W days is held.")
    period_days: int = Field(description="P: start, new, won_back, lost, crr and churn compare D - P with D.")
    basis: str = Field(
        description="`restated`: cancelled and refunded orders never were; `booked`: they were, until that day."
    )
    currency: str
    held: int = Field(description="Customers with an order in the window.")
    repeat: int = Field(description="Of those, with two orders or more in it.")
    loyal: int = Field(description="Of those, with more than `loyal_over` orders in it.")
    rpr: Ratio = Field(description="Repeat purchase rate: repeat ÷ held.")
    rpr_all: Ratio = Field(description="repeat ÷ all customers ever.")
    lcr: Ratio = Field(description="Loyal customer rate: loyal ÷ held.")
    orders: int = Field(description="Orders of the window in this currency, guests' included.")
    revenue: AmountAnswer = Field(description="Of those orders, less refunds.")
    aov: MeanAnswer | None = Field(description="Average order value: revenue ÷ orders.")
    frequency: float | None = Field(description="Orders of the window in any currency ÷ held, without guests.")
    lifetime_customers: int = Field(description="Customers with an order on this day or before.")
    lifetime_rpr: Ratio = Field(description="Of all customers ever, those with two orders or more ever.")
    start: int = Field(description="S: held at D - P.")
    end: int = Field(description="E: held at D. E = S + new + won_back - lost.")
    new: int = Field(description="Held at D, first order ever in the period.")
    won_back: int = Field(description="Held at D, not at D - P, and ordered before.")
    lost: int = Field(description="L: held at D - P, not at D.")
    crr: Ratio = Field(description="Customer retention rate: (E - N) ÷ S, with N = new + won_back.")
    churn: Ratio = Field(description="L ÷ S, which is 1 - crr.")
    benchmark: BenchmarkAnswer | None
    mature: bool = Field(description="Whether the shop's history covers the window and the period whole.")
    nps: NpsAnswer = Field(description="Of answers in the window; the same on either basis.")

    model_config = ConfigDict(json_schema_extra={"example": _RETENTION})


class PointAnswer(RetentionAnswer):
    """Retention on the last day of a span: a whole answer, as of that day."""

    span: str = Field(description="`2026-03` (or `1404-12`), `2026-Q1`, `2026`; of days and weeks the first day.")
    span_from: date = Field(description="First day of the span.")
    complete: bool = Field(description="False when the span goes on after this day, or the day is not over yet.")

    model_config = ConfigDict(json_schema_extra={"example": _POINT})


class SeriesAnswer(BaseModel):
    """Retention at the end of each step; every point is a whole answer of its own."""

    first: date = Field(alias="from")
    to: date
    step: str
    calendar: str = Field(description="Whose months, quarters and years these are.")
    window_days: int
    period_days: int
    basis: str
    currency: str
    points: list[PointAnswer]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "from": "2026-03-01",
                "to": "2026-03-20",
                "step": "month",
                "calendar": "gregorian",
                "window_days": 365,
                "period_days": 30,
                "basis": "restated",
                "currency": "USD",
                "points": [_POINT],
            }
        }
    )


class ReturnRateAnswer(BaseModel):
    """Of customers whose first order is `days` old or older: how many ordered again within that time."""

    days: int
    customers: int
    returned: int = Field(description="With a second order day within `days` of the first.")
    rate: Ratio


class ReturnRatesAnswer(BaseModel):
    """Return after the first purchase, as of one day."""

    as_of: date
    basis: str
    rates: list[ReturnRateAnswer]
    mature: bool = Field(description="Whether there are customers old enough for every rate.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "as_of": "2026-03-20",
                "basis": "restated",
                "rates": [
                    {"days": 30, "customers": 40, "returned": 4, "rate": 0.1},
                    {"days": 60, "customers": 32, "returned": 8, "rate": 0.25},
                    {"days": 90, "customers": 25, "returned": 10, "rate": 0.4},
                ],
                "mature": True,
            }
        }
    )


class BenchmarksAnswer(BaseModel):
    """Published averages by industry."""

    benchmarks: list[BenchmarkAnswer]

    model_config = ConfigDict(json_schema_extra={"example": {"benchmarks": [_RETENTION["benchmark"]]}})
