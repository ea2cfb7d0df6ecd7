"""A programme that a shop can begin with: simple to tell, with a cost that is known. Pure."""

from __future__ import annotations

from services.loyalty.programmes.domain.body import Cap, Fixed, OnInteraction, Programme, Rate, Rule
from services.loyalty.programmes.domain.terms import AfterDays, Level, Rolling, RollingWindow, Tiers
from shared.kernel import minor_digits

_PER = {"IRR": 100_000, "VND": 10_000, "KRW": 1_000, "JPY": 100, "IDR": 10_000_00, "IQD": 1_000_000}
"""Minor units for a point, of currencies whose unit buys little; of others one unit."""


def ready_programme(currency: str) -> Programme:
    """A point for each unit spent, tiers by points of a year, a year to spend them. Raises MoneyError."""
    digits = minor_digits(currency)
    return Programme(
        name="Points",
        currency=currency,
        rules=(
            Rule(
                id="purchase", name="Points for every purchase", earn=Rate(points=1, per=_PER.get(currency, 10**digits))
            ),
            Rule(
                id="welcome",
                name="Welcome",
                earn=Fixed(points=50),
                on=OnInteraction(names=("member joined",)),
                caps=(Cap(points=50, per="total"),),
                by_tier=False,
            ),
            Rule(
                id="review",
                name="Thank you for your review",
                earn=Fixed(points=20),
                on=OnInteraction(names=("product reviewed",)),
                caps=(Cap(points=20, per="day"), Cap(points=100, per="month")),
                by_tier=False,
            ),
        ),
        pending=AfterDays(days=14),
        expiry=Rolling(months=12),
        tiers=Tiers(
            by="points",
            window=RollingWindow(days=365),
            levels=(
                Level(id="regular", name="Regular", threshold=0),
                Level(id="silver", name="Silver", threshold=1_000, percent=125),
                Level(id="gold", name="Gold", threshold=5_000, percent=150),
            ),
            grace_days=30,
        ),
    )
