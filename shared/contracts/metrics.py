"""`metrics.retention.v1`: what metrics publishes about a whole shop, keyed by shop."""

from __future__ import annotations

from datetime import date

import msgspec

from shared.contracts.envelope import Envelope


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    """Money: minor units of an ISO 4217 currency."""

    amount: int
    currency: str


class Mean(msgspec.Struct, frozen=True, kw_only=True):
    """A mean amount, rounded half-even to a minor unit, with what it was divided from."""

    amount: int
    currency: str
    numerator: int
    denominator: int


class Benchmark(msgspec.Struct, frozen=True, kw_only=True):
    """A published average, shown beside CRR and never an input."""

    industry: str
    crr: float
    source: str
    year: int


class NetPromoters(msgspec.Struct, frozen=True, kw_only=True):
    """NPS of the window: of each customer the last answer from 0 to 10 in it. Dismissed surveys are no answers."""

    score: float | None
    """100 · (promoters − detractors) ÷ answers, from −100 to 100; null: nobody answered."""
    low: float | None
    """From here …"""
    high: float | None
    """… to here, with the confidence named."""
    answers: int
    """Customers who answered: promoters + passives + detractors."""
    promoters: int
    """Scored 9 or 10."""
    passives: int
    detractors: int
    """Scored 0 to 6."""
    confidence_percent: int


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """Retention of a shop at a day. Ratios are fractions from 0 to 1, null where they would be over nobody."""

    as_of: date
    window_days: int
    period_days: int
    basis: str
    currency: str
    held: int
    repeat: int
    loyal: int
    rpr: float | None
    rpr_all: float | None
    lcr: float | None
    orders: int
    revenue: Amount
    aov: Mean | None
    frequency: float | None
    lifetime_customers: int
    lifetime_rpr: float | None
    start: int
    end: int
    new: int
    won_back: int
    lost: int
    crr: float | None
    churn: float | None
    benchmark: Benchmark | None
    mature: bool
    """Whether the shop's history covers the window and the period whole."""
    nps: NetPromoters | None = None
    """Null only in snapshots from before it was counted."""


class RetentionSnapshot(Envelope, frozen=True, kw_only=True, tag="retention.snapshot"):
    """The shop's retention today: daily, and after changes, at most once in five seconds."""

    data: Retention


MetricsRetentionEvent = RetentionSnapshot
