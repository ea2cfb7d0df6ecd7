"""The demo's points and tiers: the recount against the definition, and a difference that does not stay unseen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mandegar.demo.comparing import Comparison
from mandegar.demo.points import LEVELS, MONTHS, PROGRAMME, WINDOW_DAYS, Heard, compare, recounted
from mandegar.demo.story import CDNOW
from mandegar.recount import Purchase, Recount, cdnow_purchases
from mandegar.recount.points import expired_by_month, left, tier_changes
from services.loyalty.programmes import Level, RollingWindow, Tiers
from services.loyalty.programmes.domain.reading import read_programme
from services.loyalty.tiers import Day
from tests.loyalty_tiers.recount import brute

BEGIN = date(1997, 1, 1)
END = date(1999, 1, 2)
SPENT = st.dictionaries(st.integers(0, 200), st.integers(0, 500), max_size=20)


@given(SPENT, st.integers(1, 60))
def test_tiers_come_out_as_a_count_of_each_single_day_has_them(spent: dict[int, int], window: int) -> None:
    thresholds = [0, 300, 700]
    levels = tuple(Level(id=f"l{place}", name="L", threshold=value) for place, value in enumerate(thresholds))
    tiers = Tiers(by="spend", window=RollingWindow(days=window), downgrade="reassess", levels=levels)
    first = BEGIN.toordinal()
    days = [Day(first + day, spend=amount) for day, amount in spent.items()]
    places = brute(days, tiers, first, first + 300)
    moved = [
        (date.fromordinal(first + at), place)
        for at, (place, before) in enumerate(zip(places, [0, *places], strict=False))
        if place != before
    ]
    by_date = {BEGIN + timedelta(days=day): amount for day, amount in spent.items()}
    end = BEGIN + timedelta(days=301)
    changes = tier_changes(by_date, thresholds, days=window, end=end)
    last_of_day = dict(changes)  # down as the day begins and up again on it is one change at its end
    standing, kept = 0, []
    for day, place in last_of_day.items():
        if place != standing:
            kept.append((day, place))
        standing = place
    assert kept == moved


@pytest.mark.parametrize(
    ("bought", "gone"),
    [(date(1997, 1, 15), "1998-01"), (date(1997, 1, 31), "1998-02"), (date(1996, 2, 29), "1997-03")],
)
def test_points_last_twelve_months_and_are_gone_on_the_day_after(bought: date, gone: str) -> None:
    recount = Recount([Purchase("s", "c", bought, "USD", 12_99)])
    assert expired_by_month(recount, "s", months=MONTHS, end=date(2000, 1, 1)) == {gone: 12}
    assert left(recount, "s", months=MONTHS, end=bought) == {"c": 12}


def test_the_programme_of_the_demo_is_one_that_can_be_published() -> None:
    programme = read_programme(PROGRAMME)
    assert programme.tiers is not None and programme.tiers.window == RollingWindow(days=WINDOW_DAYS)
    assert [level.threshold for level in programme.tiers.levels] == [threshold for _, threshold in LEVELS]


def test_one_point_one_day_or_one_level_that_differs_is_found() -> None:
    recount = cdnow_purchases(CDNOW, "cdnow")
    surrogates = {customer: f"c{customer}" for customer in left(recount, "cdnow", months=MONTHS, end=END)}
    right = recounted(recount, "cdnow", surrogates, END)

    def differences(said: Heard) -> int:
        comparison = Comparison()
        assert len(compare(said, right, comparison)) == 25
        return len(comparison.differences)

    assert differences(right) == 0
    someone, moved = next(one for one in right.tiers.items() if one[1])
    (day, place), *rest = moved
    assert differences(replace(right, left=right.left | {someone: right.left[someone] + 1})) == 1
    assert differences(replace(right, tiers=right.tiers | {someone: [(day + timedelta(days=1), place), *rest]})) >= 1
    assert differences(replace(right, tiers=right.tiers | {someone: rest})) >= 2
