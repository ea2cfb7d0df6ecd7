"""Random histories of customers, and the changes between two of them, for property tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import strategies as st

from services.metrics.cohorts.domain import counting as cohorts
from services.metrics.counters import Deltas, merge
from services.metrics.orders import Fact, Frame
from services.metrics.retention.domain import counting as retention

DAY0 = 738_000

frames = st.builds(
    Frame,
    windows=st.sampled_from([(), (3,), (2, 7), (5, 30, 90), (1, 10, 365)]),
    least=st.sampled_from([(2,), (2, 5), (2, 3)]),
    calendar=st.sampled_from(["gregorian", "jalali"]),
)


def facts_of(customer: int, *, spread: int = 60) -> st.SearchStrategy[Fact]:
    """Orders close enough together that windows, same days and month ends all matter."""
    return st.builds(
        Fact,
        customer=st.just(customer),
        day=st.integers(DAY0, DAY0 + spread),
        currency=st.sampled_from(["USD", "EUR", "IRR"]),
        net=st.integers(0, 10**15),
    )


def defined(facts: Sequence[Fact], frame: Frame) -> Counter[tuple[int, int, str, int, int]]:
    """All counters of one shop by definition, customer by customer."""
    total: Counter[tuple[int, int, str, int, int]] = Counter()
    for customer in {fact.customer for fact in facts}:
        own = [fact for fact in facts if fact.customer == customer]
        for part in (retention.contributions(own, frame), cohorts.contributions(own, frame)):
            for (measure, param, currency, day, gap), value in part.items():
                total[int(measure), param, currency, day, gap] += value
    return Counter({key: value for key, value in total.items() if value})


def as_counter(deltas: Deltas, shop: int = 1) -> Counter[tuple[int, int, str, int, int]]:
    """Changes of one shop by key."""
    rows = zip(
        deltas.shop.tolist(),
        deltas.measure.tolist(),
        deltas.param.tolist(),
        deltas.currency.tolist(),
        deltas.day.tolist(),
        deltas.gap.tolist(),
        deltas.value.tolist(),
        strict=True,
    )
    return Counter(
        {
            (measure, param, code.to_bytes(3, "big").decode() if code else "", day, gap): value
            for number, measure, param, code, day, gap, value in rows
            if number == shop
        }
    )


def difference(after: Mapping[object, int], before: Mapping[object, int]) -> dict[object, int]:
    """after - before, zeros left out."""
    keys = after.keys() | before.keys()
    return {key: change for key in keys if (change := after.get(key, 0) - before.get(key, 0))}


def array(values: Sequence[int]) -> np.ndarray:
    return np.array(values, np.int64)


__all__ = ["DAY0", "array", "as_counter", "defined", "difference", "facts_of", "frames", "merge"]
