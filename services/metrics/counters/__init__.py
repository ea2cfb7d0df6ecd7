"""counters: the one table of day-indexed changes. Other slices compute changes and lines; this one adds and reads."""

from services.metrics.counters.domain import Deltas, Ints, Measure, Tally, currency_code, currency_letters, merge
from services.metrics.counters.store.adding import BOOKED, RESTATED, add, ensure_generations
from services.metrics.counters.store.holding import hold, hold_alone, in_order_of_holding
from services.metrics.counters.store.reading import (
    CounterSet,
    Generation,
    Line,
    Sums,
    first_day_of,
    generation_of,
    live_generation,
    sums_until,
    totals_by_param,
)

__all__ = [
    "BOOKED",
    "RESTATED",
    "CounterSet",
    "Deltas",
    "Generation",
    "Ints",
    "Line",
    "Measure",
    "Sums",
    "Tally",
    "add",
    "currency_code",
    "currency_letters",
    "ensure_generations",
    "first_day_of",
    "generation_of",
    "hold",
    "hold_alone",
    "in_order_of_holding",
    "live_generation",
    "merge",
    "sums_until",
    "totals_by_param",
]
