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
    NOTHING_TOLD,
    Redemption,
    State,
    Trouble,
    next_notice,
    passed,
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
    assert [period_of(changed(per=per), TEHRAN, late) for per in ("ever", "day", "month")] == [
        "",
        "2026-06-01",
        "2026-06",
    ]


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
def test_each_reminder_is_due_once_in_order_and_before_the_end(at: datetime, days: int, leads: set[int]) -> None:
    granted, reminders = at.replace(tzinfo=UTC), tuple(leads)
    ends = ends_at(changed(valid_days=days), TEHRAN, granted)
    assert ends is not None
    assert ends > granted
    assert TEHRAN.day_of(ends) - TEHRAN.day_of(granted) == days + 1
    noticed, dues = passed(ends, reminders, granted, TEHRAN), []
    for _ in range(len(reminders) + 1):
        due = next_notice(ends, reminders, noticed, TEHRAN)
        dues.append(due)
        if due == ends:
            break
        noticed = passed(ends, reminders, due, TEHRAN)
    assert dues[-1] == ends
    assert all(earlier < later for earlier, later in pairwise([granted, *dues]))
    assert len(dues) - 1 == len([lead for lead in leads if lead < days + 1])
    assert next_notice(ends, (), NOTHING_TOLD, TEHRAN) == ends
