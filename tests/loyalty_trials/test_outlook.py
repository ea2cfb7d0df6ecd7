"""What a draft would have given beside the version in force."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.loyalty.earning import Place, entitlement
from services.loyalty.programmes import Programme
from services.loyalty.trials.domain import Happened, outlook
from shared.kernel import Zone
from tests.loyalty_earning.ground import NOON, changed, context, fixed, micros, order, programme, programmes, rule

PLACE = Place(Zone("Asia/Tehran"), "jalali")


def happened(customer: int, day: int, revenue: int, posted: int = 0, number: int = 1) -> Happened:
    at = micros(NOON + timedelta(days=day))
    return Happened(customer, order(revenue, at=at), context(number=number), posted)


def test_two_programmes_are_told_side_by_side() -> None:
    what = [happened(1, 0, 900, 9), happened(1, 1, 100, 1), happened(2, 0, 500, 5), happened(3, 0, 50)]
    seen = outlook(
        what, programme(), programme(rule(), rule("big", fixed(7), when={"kind": "spend", "least": 500})), PLACE
    )
    assert (seen.customers, seen.occasions, seen.posted) == (3, 4, 15)
    assert (seen.before.points, seen.before.occasions, seen.before.customers) == (15, 3, 2)
    assert seen.after.by_rule == {"base": 15, "big": 14}
    assert (seen.more, seen.fewer, seen.quantiles[0], seen.quantiles[-1]) == (2, 0, 0, 7)


def test_nobody_and_no_programme_before_are_answered_as_well() -> None:
    assert outlook([], programme(), programme(), PLACE).quantiles == ()
    seen = outlook([happened(1, 0, 900)], None, programme(), PLACE)
    assert (seen.before.points, seen.after.points, seen.more) == (0, 9, 1)


def test_caps_are_counted_by_day_month_and_customer_from_the_first_of_the_days() -> None:
    capped = programme(rule(caps=[{"points": 10, "per": "day"}, {"points": 15, "per": "month"}]))
    # 20 March 2026 is the 29th of Esfand, the last of its month.
    what = [happened(1, 0, 900), happened(1, 0, 900), happened(1, 1, 900), happened(1, 2, 900), happened(2, 0, 900)]
    assert outlook(what, None, capped, PLACE).after.points == (9 + 1) + (9 + 6) + 9


def test_a_cancelled_order_uses_no_room() -> None:
    capped = programme(rule(caps=[{"points": 10, "per": "total"}]))
    cancelled = happened(1, 0, 900)._replace(purchase=order(900, at=micros(NOON), stands=False))
    assert outlook([cancelled, happened(1, 0, 900)], None, capped, PLACE).after.points == 9


@given(
    programmes(caps=[]), st.lists(st.tuples(st.integers(1, 4), st.integers(0, 40), st.integers(0, 9_000)), max_size=8)
)
def test_without_caps_it_is_the_sum_of_what_each_is_entitled_to(
    rules: Programme, told: list[tuple[int, int, int]]
) -> None:
    free = programme_without_caps(rules)
    what = [happened(*one) for one in sorted(told)]
    seen = outlook(what, free, free, PLACE)
    assert seen.after.points == sum(entitlement(one.purchase, free, one.context).points for one in what)
    assert (seen.before, seen.more, seen.fewer) == (seen.after, 0, 0)


def programme_without_caps(rules: Programme) -> Programme:
    made: Programme = changed(rules, rules=tuple(changed(one, caps=()) for one in rules.rules))
    return made
