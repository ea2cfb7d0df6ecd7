"""Figures as the contract `Retention` has them."""

from __future__ import annotations

from datetime import date

from services.metrics.nps import Scored
from services.metrics.retention.domain.benchmarks import BENCHMARKS
from services.metrics.retention.domain.figures import Asked, Counts, Figures, Quotient
from shared.contracts.metrics import Amount, Benchmark, Mean, NetPromoters, Retention


def retention(as_of: int, asked: Asked, counts: Counts, figures: Figures, *, said: Scored, industry: str) -> Retention:
    """The contract's form of an answer.

    `as_of` is an ordinal, `said` the NPS; `industry` names the benchmark to stand beside CRR.
    """
    who, trade = counts.customers, counts.trade
    return Retention(
        as_of=date.fromordinal(as_of),
        window_days=asked.window,
        period_days=asked.period,
        basis=asked.basis,
        currency=asked.currency,
        held=who.held,
        repeat=who.repeat,
        loyal=who.loyal,
        rpr=figures.rpr,
        rpr_all=figures.rpr_all,
        lcr=figures.lcr,
        orders=trade.orders,
        revenue=Amount(amount=trade.revenue, currency=asked.currency),
        aov=_mean(figures.aov, asked.currency),
        frequency=figures.frequency,
        lifetime_customers=trade.lifetime_customers,
        lifetime_rpr=figures.lifetime_rpr,
        start=who.start,
        end=who.held,
        new=who.new,
        won_back=figures.won_back,
        lost=who.lost,
        crr=figures.crr,
        churn=figures.churn,
        benchmark=_benchmark(industry),
        mature=figures.mature,
        nps=NetPromoters(**said._asdict()),
    )


def _mean(quotient: Quotient | None, currency: str) -> Mean | None:
    if quotient is None:
        return None
    return Mean(
        amount=quotient.amount,
        currency=currency,
        numerator=quotient.numerator,
        denominator=quotient.denominator,
    )


def _benchmark(industry: str) -> Benchmark | None:
    published = BENCHMARKS.get(industry)
    if published is None:
        return None
    return Benchmark(industry=published.industry, crr=published.crr, source=published.source, year=published.year)
