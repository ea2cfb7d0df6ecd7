"""Published averages of customer retention by industry. They stand beside a shop's own CRR and are never an input."""

from __future__ import annotations

from dataclasses import dataclass

_SOURCE = "Average customer retention rate by industry, as quoted at paddle.com/resources/industry-retention-rates"
_YEAR = 2020


@dataclass(frozen=True, slots=True)
class PublishedAverage:
    """Mean retention over a year (CRR) of an industry, as a fraction."""

    industry: str
    crr: float
    source: str = _SOURCE
    year: int = _YEAR


BENCHMARKS = {
    average.industry: average
    for average in (
        PublishedAverage("retail", 0.63),
        PublishedAverage("banking", 0.75),
        PublishedAverage("telecom", 0.78),
        PublishedAverage("it", 0.81),
        PublishedAverage("insurance", 0.83),
        PublishedAverage("professional services", 0.84),
        PublishedAverage("media", 0.84),
    )
}
"""By the name that a shop's setting `benchmark` holds; a shop may also have none of them."""
