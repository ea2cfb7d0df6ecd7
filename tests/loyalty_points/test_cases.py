"""The cases that other systems get wrong, one by one, on the domain alone."""

from __future__ import annotations

import pytest

from services.loyalty.points.domain.book import Expiring, Telling
from services.loyalty.points.domain.buckets import NEVER
from services.loyalty.points.domain.model import HoldState, Refusal, Source, Who
from services.loyalty.points.domain.operations import (
    Adjust,
    Award,
    Capture,
    Done,
    GiveBack,
    Part,
    Reinstate,
    Release,
    Reserve,
    Schedule,
    Spend,
    Turn,
)
from services.loyalty.points.domain.terms import DebtPolicy
from tests.loyalty_points.ledger import DAY, Ledger, cause, terms

ANA, BEN = Who(1, 100), Who(1, 200)


def award(source: str, *parts: Part, day: int = DAY, who: Who = ANA) -> Award:
    return Award(who, Source.ORDER, source, parts, cause(day, f"{source}@{day}"), day)


def part(points: int, line: str = "", starts: int = 0, expires: int = NEVER) -> Part:
    return Part("flat", 1, points, line, starts, expires)


def spend(points: int, day: int = DAY, name: str = "reward-1", also: tuple[Who, ...] = ()) -> Spend:
    return Spend(ANA, name, points, cause(day), day, also)


def turn(day: int) -> Turn:
    return Turn(ANA, cause(day), day)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def sound(ledger: Ledger, *balance: int, who: Who = ANA) -> None:
    assert ledger.violations() == []
    assert ledger.balance(who) == balance


def words(ledger: Ledger) -> list[str]:
    return [one.happening if isinstance(one, Telling) else "expiring" for one in ledger.tellings]


def test_an_order_earns_once_however_often_it_is_told(ledger: Ledger) -> None:
    assert ledger.post(award("A", part(100))) == Done(1)
    assert ledger.post(award("A", part(100), day=DAY + 1)) == Done(0)
    sound(ledger, 0, 100, 0, 0)


def test_an_order_that_flaps_ends_as_if_it_had_not(ledger: Ledger) -> None:
    for points in (100, 0, 100, 0, 100):
        ledger.post(award("A", part(points)))
    sound(ledger, 0, 100, 0, 0)


@pytest.mark.parametrize(
    ("policy", "owed", "later"),
    [(DebtPolicy.DEBT, 80, 70), (DebtPolicy.LATER, 80, 70), (DebtPolicy.PARTIAL, 0, 150)],
)
def test_buy_earn_spend_refund_follows_the_policy_of_the_shop(policy: DebtPolicy, owed: int, later: int) -> None:
    ledger = Ledger(terms(policy))
    ledger.post(award("A", part(100)))
    ledger.post(spend(80))
    ledger.post(award("A", part(0)))
    sound(ledger, 0, 0, 0, owed)
    ledger.post(award("B", part(150)))
    sound(ledger, 0, later, 0, 0)
    ledger.post(award("A", part(100)))
    sound(ledger, 0, 170, 0, 0)


def test_a_debt_that_waits_for_later_earnings_leaves_what_stands_alone() -> None:
    ledger = Ledger(terms(DebtPolicy.LATER))
    ledger.post(award("A", part(100, expires=DAY + 10)))
    ledger.post(award("B", part(60)))
    ledger.post(spend(100))
    ledger.post(award("A", part(0, expires=DAY + 10)))
    sound(ledger, 0, 60, 0, 100)
    assert ledger.post(spend(60, name="reward-2")) == Done(1)
    ledger.post(award("C", part(130)))
    sound(ledger, 0, 30, 0, 0)


def test_partial_refunds_one_by_one_until_whole_take_all_back(ledger: Ledger) -> None:
    ledger.post(award("A", part(60, "1"), part(40, "2")))
    for left in ((40, 40), (40, 10), (0, 10), (0, 0)):
        ledger.post(award("A", part(left[0], "1"), part(left[1], "2")))
        sound(ledger, 0, sum(left), 0, 0)


def test_what_a_refund_takes_back_may_have_expired_and_makes_no_debt(ledger: Ledger) -> None:
    ledger.post(award("A", part(100, expires=DAY + 40)))
    ledger.post(turn(DAY + 40))
    sound(ledger, 0, 0, 0, 0)
    ledger.post(award("A", part(0), day=DAY + 50))
    sound(ledger, 0, 0, 0, 0)
    ledger.post(award("A", part(100), day=DAY + 60))
    sound(ledger, 0, 0, 0, 0)


def test_points_wait_until_their_day_and_expire_on_another_each_once(ledger: Ledger) -> None:
    ledger.post(award("A", part(100, starts=DAY + 14, expires=DAY + 100)))
    sound(ledger, 100, 0, 0, 0)
    ledger.post(turn(DAY + 13))
    sound(ledger, 100, 0, 0, 0)
    ledger.post(turn(DAY + 14))
    sound(ledger, 0, 100, 0, 0)
    for day in range(DAY + 60, DAY + 110):
        ledger.post(turn(day))
        ledger.post(turn(day))
    sound(ledger, 0, 0, 0, 0)
    assert words(ledger) == ["earned", "activated", "expiring", "expiring", "expiring", "expired"]
    leads = [one.lead for one in ledger.tellings if isinstance(one, Expiring)]
    assert leads == [30, 7, 1]


def test_a_turn_that_comes_late_does_each_day_what_it_would_have_done(ledger: Ledger) -> None:
    other = Ledger()
    for one in (ledger, other):
        one.post(award("A", part(100, starts=DAY + 14, expires=DAY + 100)))
        one.post(award("B", part(30, starts=DAY + 20, expires=DAY + 100)))
    ledger.post(turn(DAY + 200))
    for day in range(DAY, DAY + 201):
        other.post(turn(day))
    strip = [entry._replace(booked_at=0) for entry, _ in ledger.entries[ANA]]
    assert strip == [entry._replace(booked_at=0) for entry, _ in other.entries[ANA]]
    assert words(ledger) == words(other)


def test_what_expires_first_is_spent_first_then_what_was_earned_first(ledger: Ledger) -> None:
    ledger.post(award("never", part(10)))
    ledger.post(award("late", part(10, expires=DAY + 50)))
    ledger.post(award("soon", part(10, expires=DAY + 20), day=DAY + 1))
    ledger.post(spend(25, day=DAY + 2))
    left = {lot.key.source: lot.remaining for lot in ledger.accounts[ANA].lots.values()}
    assert left == {"never": 5, "late": 0, "soon": 0}
    sound(ledger, 0, 5, 0, 0)


def test_points_whose_day_has_come_are_not_spent_though_no_timer_has_fired(ledger: Ledger) -> None:
    ledger.post(award("A", part(100, expires=DAY + 5)))
    answer = ledger.post(spend(50, day=DAY + 5))
    assert answer == Refusal("points", "insufficient")
    sound(ledger, 0, 0, 0, 0)


def test_a_spend_is_given_back_into_its_lots_in_part_and_whole_and_taken_again(ledger: Ledger) -> None:
    ledger.post(award("A", part(50, expires=DAY + 10)))
    ledger.post(award("B", part(50)))
    ledger.post(spend(80))
    for total, active in ((20, 40), (80, 100), (30, 50), (30, 50), (0, 20)):
        assert ledger.post(GiveBack(ANA, "reward-1", total, cause(DAY), DAY)) != Refusal("hold", "unknown_hold")
        sound(ledger, 0, active, 0, 0)
    left = {lot.key.source: lot.remaining for lot in ledger.accounts[ANA].lots.values()}
    assert left == {"A": 0, "B": 20}


def test_what_cannot_be_taken_again_is_told(ledger: Ledger) -> None:
    ledger.post(award("A", part(100)))
    ledger.post(spend(100))
    ledger.post(GiveBack(ANA, "reward-1", 100, cause(DAY), DAY))
    ledger.post(spend(70, name="reward-2"))
    assert ledger.post(GiveBack(ANA, "reward-1", 0, cause(DAY), DAY)) == Done(1, short=70)
    sound(ledger, 0, 0, 0, 0)


@pytest.mark.parametrize(("days", "active"), [(0, 0), (14, 100)])
def test_points_given_back_after_their_expiry_expire_or_get_days_of_grace(days: int, active: int) -> None:
    ledger = Ledger(terms(restored_days=days))
    ledger.post(award("A", part(100, expires=DAY + 10)))
    ledger.post(spend(100))
    ledger.post(GiveBack(ANA, "reward-1", 100, cause(DAY + 20), DAY + 20))
    sound(ledger, 0, active, 0, 0)


def test_a_hold_ends_once(ledger: Ledger) -> None:
    ledger.post(award("A", part(100)))
    until = cause(DAY + 1).at
    ledger.post(Reserve(ANA, "h", 60, until, cause(DAY), DAY))
    sound(ledger, 0, 40, 60, 0)
    assert ledger.post(Reserve(ANA, "h", 60, until, cause(DAY), DAY)) == Done(0)
    assert ledger.post(Reserve(ANA, "h", 61, until, cause(DAY), DAY)) == Refusal("hold", "other_content")
    assert ledger.post(Capture(ANA, "h", cause(DAY), DAY)) == Done(1)
    assert ledger.post(Capture(ANA, "h", cause(DAY), DAY)) == Done(0)
    assert ledger.post(Release(ANA, "h", cause(DAY), DAY)) == Refusal("hold", "hold_ended")
    sound(ledger, 0, 40, 0, 0)


def test_a_hold_whose_time_is_over_is_not_captured_and_lapses(ledger: Ledger) -> None:
    ledger.post(award("A", part(100, expires=DAY + 1)))
    ledger.post(Reserve(ANA, "h", 60, cause(DAY).at + 1, cause(DAY), DAY))
    assert ledger.post(Release(ANA, "h", cause(DAY), DAY, lapsed=True)) == Refusal("hold", "not_due")
    ledger.now = cause(DAY + 2).at
    assert ledger.post(Capture(ANA, "h", cause(DAY + 2), DAY + 2)) == Refusal("hold", "too_late")
    assert ledger.post(Release(ANA, "h", cause(DAY + 2), DAY + 2, lapsed=True)) == Done(2)
    assert ledger.holds[1, "h"].state is HoldState.LAPSED
    sound(ledger, 0, 0, 0, 0)


def test_a_person_of_two_identities_spends_the_lots_of_both_and_owes_with_both(ledger: Ledger) -> None:
    ledger.post(award("A", part(50, expires=DAY + 20)))
    ledger.post(award("B", part(50, expires=DAY + 10), who=BEN))
    assert ledger.post(spend(101, also=(BEN,))) == Refusal("points", "insufficient")
    ledger.post(spend(80, also=(BEN,)))
    sound(ledger, 0, 20, 0, 0)
    sound(ledger, 0, 0, 0, 0, who=BEN)
    ledger.post(award("B", part(0), who=BEN))
    sound(ledger, 0, 0, 0, 50, who=BEN)
    assert ledger.post(spend(20, name="reward-2", also=(BEN,))) == Refusal("points", "insufficient")
    ledger.post(GiveBack(ANA, "reward-1", 80, cause(DAY), DAY))
    sound(ledger, 0, 50, 0, 0)
    sound(ledger, 0, 0, 0, 0, who=BEN)


def test_a_correction_needs_the_same_content_to_be_repeated(ledger: Ledger) -> None:
    up, down = (Adjust(ANA, name, points, cause(DAY, reason="sorry"), DAY) for name, points in (("1", 50), ("2", -20)))
    assert [ledger.post(one) for one in (up, up, down, down)] == [Done(1), Done(0), Done(1), Done(0)]
    assert ledger.post(up._replace(points=60)) == Refusal("adjustment", "other_content")
    assert ledger.post(down._replace(adjustment="3", points=-31)) == Refusal("points", "insufficient")
    sound(ledger, 0, 30, 0, 0)
    assert ledger.entries[ANA][0][0].reason == "sorry"


def test_what_people_write_does_not_enter_what_can_never_be_erased(ledger: Ledger) -> None:
    written = cause(DAY, reason="called Ana, 0912 345 6789")
    assert ledger.post(Adjust(ANA, "1", 50, written, DAY)) == Refusal("reason", "not_a_word")
    assert ledger.violations() == []


def test_an_expired_lot_is_reinstated_and_expires_again_on_its_new_day(ledger: Ledger) -> None:
    earned = award("A", part(100, expires=DAY + 5))
    ledger.post(earned)
    ledger.post(turn(DAY + 5))
    key = earned.key(earned.parts[0])
    assert ledger.post(Reinstate(ANA, key, DAY + 20, cause(DAY + 6), DAY + 6)) == Done(1)
    sound(ledger, 0, 100, 0, 0)
    ledger.post(turn(DAY + 20))
    sound(ledger, 0, 0, 0, 0)


def test_points_that_wait_for_a_delivery_start_when_it_is_told(ledger: Ledger) -> None:
    earned = award("A", part(100, starts=NEVER))
    ledger.post(earned)
    key = earned.key(earned.parts[0])
    ledger.post(Schedule(ANA, cause(DAY + 3), DAY + 3, (key,), starts_day=DAY + 17, expires_day=DAY + 100))
    sound(ledger, 100, 0, 0, 0)
    ledger.post(turn(DAY + 17))
    sound(ledger, 0, 100, 0, 0)


def test_an_expiry_that_slides_moves_all_lots_that_are_left(ledger: Ledger) -> None:
    ledger.post(award("A", part(100, expires=DAY + 10)))
    ledger.post(award("B", part(50, expires=DAY + 12)))
    ledger.post(Schedule(ANA, cause(DAY + 9), DAY + 9, expires_day=DAY + 19))
    ledger.post(turn(DAY + 18))
    sound(ledger, 0, 150, 0, 0)
    ledger.post(turn(DAY + 19))
    sound(ledger, 0, 0, 0, 0)


def test_amounts_out_of_range_are_refused(ledger: Ledger) -> None:
    assert ledger.post(award("A", part(10**9 + 1))) == Refusal("parts.points", "out_of_range")
    assert ledger.post(award("A", part(-1))) == Refusal("parts.points", "out_of_range")
    assert ledger.post(spend(0)) == Refusal("points", "out_of_range")
    assert ledger.violations() == []
