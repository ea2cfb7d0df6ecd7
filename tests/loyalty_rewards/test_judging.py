"""Who can have a reward and why not, what it is worth, what may follow what: tables and properties."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.loyalty.rewards.domain.judging import Asker, Shelf, WhyNot, why_not
from services.loyalty.rewards.domain.redemption import (
    FOLLOWS,
    Redemption,
    State,
    Trouble,
    step,
)
from services.loyalty.rewards.domain.reward import (
    Amount,
    Cart,
    Entitlement,
    Percent,
    Reward,
    Shipping,
    Voucher,
    Wallet,
    ends_at,
    period_of,
    used_at_once,
    worth_of,
)
from services.loyalty.rewards.domain.turning import granted, turn
from shared.kernel import Zone

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TEHRAN = Zone("Asia/Tehran")
REWARD = Reward(name="10 off", what=Amount(amount=1000), currency="USD", points=100)
RICH = Asker(member=True, points=1000)
CART = Cart(5000, "USD")


def changed(**changes: Any) -> Reward:
    return msgspec.structs.replace(REWARD, **changes)


@pytest.mark.parametrize(
    ("reward", "shelf", "asker", "cart", "reasons"),
    [
        (REWARD, Shelf(), RICH, None, []),
        (changed(active=False), Shelf(), RICH, None, [("not_offered", None)]),
        (changed(since=NOW + timedelta(1)), Shelf(), RICH, None, [("not_yet", None)]),
        (changed(since=NOW), Shelf(), RICH, None, []),
        (changed(until=NOW), Shelf(), RICH, None, [("over", None)]),
        (REWARD, Shelf(), Asker(False, 1000), None, [("not_a_member", None)]),
        (REWARD, Shelf(), Asker(True, 99), None, [("points_missing", 1)]),
        (REWARD, Shelf(), Asker(True, 100), None, []),
        (changed(points=0), Shelf(), Asker(True, 0), None, []),
        (changed(minimum_spend=5000), Shelf(), RICH, CART, []),
        (changed(minimum_spend=5001), Shelf(), RICH, CART, [("spend_more", 1)]),
        (changed(minimum_spend=5000), Shelf(), RICH, None, [("cart_needed", None)]),
        (changed(what=Percent(percent=10)), Shelf(), RICH, None, [("cart_needed", None)]),
        (REWARD, Shelf(), RICH, Cart(5000, "EUR"), [("other_currency", None)]),
        (changed(stock=3), Shelf(taken=2), RICH, None, []),
        (changed(stock=3), Shelf(taken=3), RICH, None, [("sold_out", None)]),
        (changed(budget=3000), Shelf(committed=2000), RICH, None, []),
        (changed(budget=3000), Shelf(committed=2001), RICH, None, [("budget_spent", None)]),
        (changed(each=1), Shelf(), RICH._replace(had=1), None, [("limit_reached", None)]),
        (changed(what=Voucher(codes="uploaded")), Shelf(codes=1), RICH, None, []),
        (changed(what=Voucher(codes="uploaded")), Shelf(), RICH, None, [("no_codes_left", None)]),
        (changed(what=Voucher(codes="own")), Shelf(), RICH, None, []),
        (
            changed(active=False, stock=0),
            Shelf(),
            Asker(False, 0),
            None,
            [("not_offered", None), ("not_a_member", None), ("points_missing", 100), ("sold_out", None)],
        ),
    ],
)
def test_all_that_stands_in_the_way_is_named(
    reward: Reward, shelf: Shelf, asker: Asker, cart: Cart | None, reasons: list[tuple[Any, int | None]]
) -> None:
    assert why_not(reward, shelf, asker, cart, NOW) == tuple(WhyNot(*reason) for reason in reasons)


@pytest.mark.parametrize(
    ("what", "cart", "worth"),
    [
        (Percent(percent=15), Cart(999, "USD"), 149),
        (Percent(percent=50, at_most=100), CART, 100),
        (Percent(percent=50), None, None),
        (Amount(amount=1000), Cart(400, "USD"), 400),
        (Amount(amount=1000), None, 1000),
        (Shipping(how="free", worth=300), CART, 300),
        (Voucher(codes="own", worth=700), None, 700),
        (Entitlement(entitlement="days", quantity=30, worth=50), None, 50),
        (Wallet(amount=250), Cart(1, "USD"), 250),
    ],
)
def test_a_reward_is_worth(what: Any, cart: Cart | None, worth: int | None) -> None:
    assert worth_of(changed(what=what), cart) == worth


@given(st.integers(1, 100), st.integers(0, 10**15), st.none() | st.integers(0, 10**15))
def test_a_percentage_is_never_more_than_the_cart_or_its_limit(percent: int, total: int, at_most: int | None) -> None:
    worth = worth_of(changed(what=Percent(percent=percent, at_most=at_most)), Cart(total, "USD"))
    assert worth is not None
    assert 0 <= worth <= total
    assert at_most is None or worth <= at_most


def test_what_is_used_at_once() -> None:
    assert used_at_once(REWARD, "A-1")
    assert not used_at_once(REWARD, None)
    assert used_at_once(changed(what=Wallet(amount=1)), None)
    assert not used_at_once(changed(what=Voucher(codes="own")), "A-1"), "a code is shown first"


def test_periods_are_days_and_months_of_the_shop() -> None:
    late = datetime(2026, 5, 31, 21, tzinfo=UTC)  # past midnight in Tehran
    assert [period_of(changed(per=per), TEHRAN, "gregorian", late) for per in ("ever", "day", "month")] == [
        "",
        "2026-06-01",
        "2026-06",
    ]
    by_month = changed(per="month")
    nowruz = datetime(2026, 3, 20, 21, tzinfo=UTC)  # 1 Farvardin 1405 has begun in Tehran
    months = [period_of(by_month, TEHRAN, "jalali", at) for at in (nowruz - timedelta(hours=1), nowruz, late)]
    assert months == ["1404-12", "1405-01", "1405-03"]


def asked(state: State, **more: Any) -> Redemption:
    times = {"asked_at": NOW, "until": NOW + timedelta(minutes=15)} | more
    return Redemption("r", 1, "ten-off", 1, state, 100, 1000, "USD", "", **times)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("wanted", State)
def test_only_what_may_follow_follows(state: State, wanted: State) -> None:
    at = NOW + timedelta(hours=1) if wanted is State.LAPSED else NOW
    found = step(asked(state), wanted, at)
    if wanted in FOLLOWS[state]:
        assert isinstance(found, Redemption)
        assert found.state is wanted
    elif state is wanted or (state is State.USED and wanted is State.GRANTED):
        assert found == asked(state), "asked for again, it stays as it is"
    else:
        assert isinstance(found, Trouble)


def test_a_hold_has_its_time_and_so_has_a_reward() -> None:
    held = asked(State.HELD)
    assert isinstance(step(held, State.USED, held.until), Trouble)
    assert isinstance(step(held, State.LAPSED, held.until - timedelta(microseconds=1)), Trouble)
    granted = asked(State.GRANTED, ends_at=NOW)
    assert isinstance(step(granted, State.USED, NOW), Trouble)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    st.integers(0, 60),
    st.sets(st.integers(1, 60), max_size=4),
)
def test_each_reminder_is_told_once_in_order_and_before_the_end(at: datetime, days: int, leads: set[int]) -> None:
    began, reminders = at.replace(tzinfo=UTC), tuple(leads)
    instant = ends_at(changed(valid_days=days), TEHRAN, began)
    assert instant is not None
    assert instant > began
    day, ends = TEHRAN.day_of(began), TEHRAN.day_of(instant)
    assert ends - day == days + 1
    one = granted(asked(State.GRANTED, ends_at=instant), reminders, day, ends)
    assert one.due_day == ends - max((lead for lead in leads if lead < ends - day), default=0)
    after, words = turn(one, reminders, ends, ends)
    assert [word.lead for word in words] == [*sorted((lead for lead in leads if lead < ends - day), reverse=True), 0]
    assert all(earlier < later for earlier, later in pairwise([day, *(word.day for word in words)]))
    assert (after.state, after.due_day) == (State.EXPIRED, None)


@given(st.sets(st.integers(1, 30), max_size=4), st.integers(1, 40), st.lists(st.integers(1, 15), max_size=8))
def test_however_late_days_are_turned_each_brings_the_same(leads: set[int], valid: int, steps: list[int]) -> None:
    reminders, ends = tuple(leads), 1_000 + valid
    one = granted(asked(State.GRANTED, ends_at=NOW), reminders, 1_000, ends)
    at_once = turn(one, reminders, 1_000 + sum(steps), ends)
    day, words = 1_000, []
    for more in steps:
        day += more
        one, told = turn(one, reminders, day, ends)
        words += told
        assert turn(one, reminders, day, ends) == (one, []), "a day is turned once"
    assert (one, words) == at_once
    assert one.due_day is None or one.due_day > day


def test_nothing_falls_due_of_what_is_used_or_taken_back() -> None:
    one = granted(asked(State.GRANTED, ends_at=NOW + timedelta(days=9)), (7, 1), 1_000, 1_010)
    for state in (State.USED, State.REVOKED):
        after = step(one, state, NOW)
        assert isinstance(after, Redemption)
        assert after.due_day is None
        assert turn(after, (7, 1), 2_000, 1_010) == (after, [])
