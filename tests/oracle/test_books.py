"""The books by brute force, against entries worked out by hand."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from persiantools.jdatetime import JalaliDate

from mandegar.recount import Books, Purchase, Recount, ShopRules, account_of_events
from mandegar.recount.books import Posting, Spell
from mandegar.recount.calendars import booked_day, month_start, months_between, next_month

NOW = datetime(2024, 12, 31, tzinfo=UTC)
SHOPS = {
    "s": ShopRules("UTC", "USD"),
    "strict": ShopRules("UTC", "USD", closing_days=0),
    "jalali": ShopRules("UTC", "USD", calendar="jalali"),
    "tehran": ShopRules("Asia/Tehran", "USD"),
}
Told = tuple[str, str, str | None, dict[str, Any]]


def moment(text: str) -> str:
    """`1-10` is that day of 2024 at noon; an hour may follow."""
    day, _, hour = text.partition(" ")
    month, number = day.split("-")
    return f"2024-{int(month):02}-{int(number):02}T{hour or '12:00'}:00Z"


def told(kind: str, occurred: str, received: str | None = None, **data: Any) -> Told:
    return kind, occurred, received, data


def done(occurred: str, received: str | None = None, **data: Any) -> Told:
    return told("Order Completed", occurred, received, **{"revenue": "10", "customer_id": "c", **data})


def gone(occurred: str, received: str | None = None) -> Told:
    return told("Order Cancelled", occurred, received, customer_id="c")


def lines(*events: Told, shop: str = "s", order: str = "1") -> list[str]:
    return [
        json.dumps({
            "id": f"{order}-{at}", "type": kind, "shop": shop, "time": moment(occurred),
            **({"receivedat": moment(received)} if received else {}),
            "data": {"order_id": order, "currency": "USD", **data},
        })
        for at, (kind, occurred, received, data) in enumerate(events)
    ]  # fmt: skip


def shown(books: Books) -> tuple[str, str]:
    """Spells and postings as text; postings are added up by day."""
    by_day: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    for one in books.postings:
        by_day[one.day][0] += one.orders
        by_day[one.day][1] += one.revenue
    spells = ", ".join(
        f"{one.start.month}-{one.start.day}..{f'{one.end.month}-{one.end.day}' if one.end else ''}"
        for one in sorted(books.spells, key=lambda one: one.start)
    )
    posted = ", ".join(
        f"{day.month}-{day.day} {orders:+} {revenue:+}"
        for day, (orders, revenue) in sorted(by_day.items())
        if orders or revenue
    )
    return spells, posted


REFUND = "Order Refunded"
# name, shop, events, spells, postings
# fmt: off
CASES: list[tuple[str, str, list[Told], str, str]] = [
    ("completed",                   "s", [done("1-10")], "1-10..", "1-10 +1 +1000"),
    ("received at once",            "s", [done("1-10", "1-10")], "1-10..", "1-10 +1 +1000"),
    ("late, the month is open",     "s", [done("1-10", "2-3 23:59")], "1-10..", "1-10 +1 +1000"),
    ("late, the month has closed",  "s", [done("1-10", "2-4 00:00")], "2-4..", "2-4 +1 +1000"),
    ("a month of 29 days",          "s", [done("2-10", "3-3")], "2-10..", "2-10 +1 +1000"),
    ("closed a day later",          "s", [done("2-10", "3-4")], "3-4..", "3-4 +1 +1000"),
    ("no closing days",             "strict", [done("1-10", "2-1")], "2-1..", "2-1 +1 +1000"),
    ("no closing days, in time",    "strict", [done("1-10", "1-31")], "1-10..", "1-10 +1 +1000"),
    ("a month of the shop",         "jalali", [done("3-19", "3-23")], "3-23..", "3-23 +1 +1000"),
    ("a month of the shop, open",   "jalali", [done("3-19", "3-22")], "3-19..", "3-19 +1 +1000"),
    ("a day of the shop's zone",    "tehran", [done("1-10", "2-3 20:31")], "2-4..", "2-4 +1 +1000"),
    ("a day of its zone, in time",  "tehran", [done("1-10", "2-3 20:29")], "1-10..", "1-10 +1 +1000"),
    ("cancelled",                   "s", [done("1-10"), gone("1-20")], "1-10..1-20", "1-10 +1 +1000, 1-20 -1 -1000"),
    ("cancelled a month later",     "s", [done("1-10"), gone("2-20")], "1-10..2-20", "1-10 +1 +1000, 2-20 -1 -1000"),
    ("cancelled on the same day",   "s", [done("1-10 10:00"), gone("1-10")], "", ""),
    ("the cancellation is late",    "s", [done("1-10"), gone("1-12", "3-10")],
     "1-10..3-10", "1-10 +1 +1000, 3-10 -1 -1000"),
    ("the completion is late",      "s", [done("1-10", "3-5"), gone("1-20", "1-20")], "", ""),
    ("cancelled before",            "s", [gone("1-5"), done("1-10")], "1-10..", "1-10 +1 +1000"),
    ("both late, open",             "s", [gone("1-11", "1-12"), done("1-10", "1-13")],
     "1-10..1-11", "1-10 +1 +1000, 1-11 -1 -1000"),
    ("completed again",             "s", [done("1-10"), gone("1-12"), done("2-15")],
     "1-10..1-12, 2-15..", "1-10 +1 +1000, 1-12 -1 -1000, 2-15 +1 +1000"),
    ("again on the same day",       "s", [done("1-10"), gone("1-12 10:00"), done("1-12")],
     "1-10..1-12, 1-12..", "1-10 +1 +1000"),
    ("again at the same instant",   "s", [done("1-10"), done("1-12"), gone("1-12")],
     "1-10..1-12, 1-12..", "1-10 +1 +1000"),
    ("a late cancellation between", "s", [done("1-10"), gone("1-12", "3-1"), done("1-15", "1-15")],
     "1-10..", "1-10 +1 +1000"),
    ("completed twice",             "s", [done("1-10"), done("1-15")], "1-10..", "1-10 +1 +1000"),
    ("the first of two is late",    "s", [done("1-10", "3-5"), done("1-15", "1-15")], "1-15..", "1-15 +1 +1000"),
    ("updated",                     "s", [done("1-10"), told("Order Updated", "2-2", revenue="15")],
     "1-10..", "1-10 +1 +1000, 2-2 +0 +500"),
    ("updated late",                "s", [done("1-10"), told("Order Updated", "1-12", "2-9", revenue="15")],
     "1-10..", "1-10 +1 +1000, 2-9 +0 +500"),
    ("only updated",                "s", [told("Order Updated", "1-10", revenue="15")], "", ""),
    ("refunded wholly",             "s", [done("1-10"), told(REFUND, "2-1")],
     "1-10..2-1", "1-10 +1 +1000, 2-1 -1 -1000"),
    ("refunded in part",            "s", [done("1-10"), told(REFUND, "2-1", refund_amount="4")],
     "1-10..", "1-10 +1 +1000, 2-1 +0 -400"),
    ("refunded in two parts",       "s", [done("1-10"), told(REFUND, "2-1", refund_amount="4", refund_id="a"),
                                          told(REFUND, "2-5", refund_amount="6", refund_id="b")],
     "1-10..2-5", "1-10 +1 +1000, 2-1 +0 -400, 2-5 -1 -600"),
    ("the refund came first",       "s", [done("1-10"), told(REFUND, "1-9", refund_amount="4")],
     "1-10..", "1-10 +1 +600"),
    ("refunded, then raised",       "s", [done("1-10"), told(REFUND, "1-20", refund_amount="10"),
                                          told("Order Updated", "2-2", revenue="25")],
     "1-10..1-20, 2-2..", "1-10 +1 +1000, 1-20 -1 -1000, 2-2 +1 +1500"),
    ("a refund persists",           "s", [done("1-10"), told(REFUND, "1-11", refund_amount="4"), gone("1-12"),
                                          done("1-15")],
     "1-10..1-12, 1-15..", "1-10 +1 +1000, 1-11 +0 -400, 1-12 -1 -600, 1-15 +1 +600"),
    ("from the future",             "s", [done("12-31 12:06")], "", ""),
]
# fmt: on


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_events_are_taken_down_as_worked_out_by_hand(case: tuple[str, str, list[Told], str, str]) -> None:
    _, shop, events, spells, postings = case
    for order in (lines(*events, shop=shop), lines(*events, shop=shop)[::-1]):
        account = account_of_events([*order, order[0]], SHOPS, NOW)
        assert shown(account.books) == (spells, postings)
        assert len(account.purchases) == sum(one.end is None for one in account.books.spells)


# Three customers at 2024-03-10, window 60 (from 1-11 on), period 15 (opening at 2-24, whose window is from 12-27 on):
# early: 1-10 cancelled on 3-1; 3-5.   stays: 1-20; 3-2 cancelled on 3-8.   back: 12-20 of 2023 and 3-3.
STORY = [
    *lines(done("1-10", customer_id="early"), gone("3-1"), order="1"),
    *lines(done("3-5", customer_id="early"), order="2"),
    *lines(done("1-20", customer_id="stays"), order="3"),
    *lines(done("3-2", customer_id="stays", revenue="7"), gone("3-8"), order="4"),
    *[line.replace("2024-12", "2023-12") for line in lines(done("12-20", customer_id="back"), order="5")],
    *lines(done("3-3", customer_id="back"), order="6"),
]


def test_measures_are_those_of_the_books_at_the_day() -> None:
    account = account_of_events(STORY, SHOPS, NOW)
    day = date(2024, 3, 10)
    people = account.books.customers("s", day, window=60, period=15, loyal_over=1)
    who = {name: {one.removeprefix("customer_id:") for one in found} for name, found in people.items()}
    assert who["held"] == {"early", "stays", "back"}
    assert who["start"] == {"early", "stays"}  # restated, the cancelled order of 1-10 had never been
    assert (who["new"], who["won_back"], who["lost"]) == (set(), {"back"}, set())
    assert (who["repeat"], who["loyal"], who["lifetime_repeat"]) == (set(), set(), {"back"})
    restated = Recount(account.purchases).retention("s", day, window=60, period=15, currency="USD")
    assert (restated["start"], restated["new"], restated["won_back"]) == (1, 1, 1)
    booked = account.books.retention("s", day, window=60, period=15, currency="USD")
    # In (1-10, 3-10]: + 3-5, 1-20, 3-2, 3-3; - 3-1, 3-8. The order of 1-10 was taken down before the window.
    assert (booked["orders"], booked["revenue"]["amount"]) == (2, 2000)
    assert account.books.retention("s", date(2024, 2, 29), window=60, period=15, currency="USD")["held"] == 2
    assert account.books.return_rate("s", day, days=60) == {"days": 60, "customers": 1, "returned": 0, "rate": 0.0}
    assert account.books.return_rate("s", day, days=75) == {"days": 75, "customers": 1, "returned": 1, "rate": 1.0}


def test_whoever_has_only_orders_that_began_in_the_period_is_new() -> None:
    events = [*lines(done("1-10"), gone("1-30"), order="1"), *lines(done("3-5"), order="2")]
    booked = account_of_events(events, SHOPS, NOW).books.retention(
        "s", date(2024, 3, 10), window=90, period=15, currency="USD"
    )
    assert (booked["start"], booked["new"], booked["won_back"], booked["lifetime_customers"]) == (0, 1, 0, 1)


def test_cohorts_are_of_the_first_start_ever_and_money_of_the_month_in_which_it_was_posted() -> None:
    books = account_of_events(STORY, SHOPS, NOW).books
    cells = [tuple(cell) for cell in books.cohorts("s", date(2024, 3, 10), currency="USD")]
    assert cells == [
        (date(2023, 12, 1), 0, 1, 1, 1000),
        (date(2023, 12, 1), 3, 1, 1, 1000),
        (date(2024, 1, 1), 0, 2, 2, 2000),  # early stays in it: the order of 1-10 stood at the end of January
        (date(2024, 1, 1), 2, 1, 0, 0),  # early: 3-5 and the cancellation of 3-1; stays: 3-2 and its cancellation
    ]
    assert [tuple(cell)[:4] for cell in books.cohorts("s", date(2024, 2, 29), currency="USD")] == [
        (date(2023, 12, 1), 0, 1, 1),
        (date(2024, 1, 1), 0, 2, 2),
    ]


def test_postings_of_a_day_are_never_more_than_what_stands_then() -> None:
    books = account_of_events(STORY, SHOPS, NOW).books
    for step in range(120):
        day = date(2023, 12, 1) + timedelta(days=step)
        standing = sum(spell.start <= day and (spell.end is None or day < spell.end) for spell in books.spells)
        assert sum(one.orders for one in books.postings if one.day <= day) == standing


def test_both_oracles_count_the_same_where_nothing_was_ever_taken_back() -> None:
    rng = Random(3)
    first = date(2024, 1, 1)
    rows = [
        Purchase("s", rng.choice((None, "a", "b", "c", "d")), first + timedelta(days=rng.randrange(200)),
                 rng.choice(("USD", "EUR")), rng.randrange(1000))
        for _ in range(60)
    ]  # fmt: skip
    recount, books = Recount(rows), Books.restated(rows)
    for _ in range(60):
        day = first + timedelta(days=rng.randrange(-3, 260))
        asked = {"window": rng.randint(1, 120), "period": rng.randint(1, 120), "loyal_over": rng.randint(1, 4)}
        assert books.retention("s", day, **asked, currency="USD") == recount.retention(
            "s", day, **asked, currency="USD"
        )
        assert books.return_rate("s", day, days=30) == recount.return_rate("s", day, days=30)
    assert recount.cohorts("s", date(2025, 1, 1), currency="USD") == books.cohorts(
        "s", date(2025, 1, 1), currency="USD"
    )


def test_events_between_services_come_to_the_same_as_those_of_the_shop() -> None:
    data = {"order_id": "1", "currency": "USD", "customer": "1k9d0v3mq7c2e"}
    inside = [
        (
            "order.completed",
            "1-10",
            {**data, "revenue": 1000, "lines": [{"line_id": "a", "quantity": 2, "price": 500}]},
        ),
        ("order.refunded", "2-1", {**data, "refund_id": "r", "amount": 400, "items": []}),
        ("order.refunded", "2-3", {**data, "refund_id": "q", "items": [{"line_id": "a", "quantity": 2, "amount": 0}]}),
    ]
    events = [
        json.dumps({"id": str(at), "type": kind, "shop": "s", "time": moment(day), "data": content})
        for at, (kind, day, content) in enumerate(inside)
    ]
    assert shown(account_of_events(events, SHOPS, NOW).books) == (
        "1-10..2-3",
        "1-10 +1 +1000, 2-1 +0 -400, 2-3 -1 -600",
    )
    assert account_of_events(events[:2], SHOPS, NOW).purchases == [
        Purchase("s", "1k9d0v3mq7c2e", date(2024, 1, 10), "USD", 600)
    ]
    full = {**inside[1][2], "amount": None, "full": True}
    whole = json.dumps({"id": "9", "type": "order.refunded", "shop": "s", "time": moment("2-2"), "data": full})
    assert account_of_events([events[0], whole], SHOPS, NOW).purchases == []


def test_months_of_both_calendars_begin_where_they_do() -> None:
    for step in range(0, 8000, 3):
        day = date(2010, 1, 1) + timedelta(days=step)
        jalali = JalaliDate(day)
        assert month_start(day, "jalali") == jalali.replace(day=1).to_gregorian()
        following = jalali.replace(day=1) + timedelta(days=jalali.days_in_month(jalali.month, jalali.year))
        assert next_month(day, "jalali") == following.to_gregorian()
    assert next_month(date(2024, 1, 31), "gregorian") == date(2024, 2, 1)
    assert next_month(date(2023, 2, 28), "gregorian") == date(2023, 3, 1)
    assert months_between(date(2023, 12, 31), date(2024, 3, 1), "gregorian") == 3
    with pytest.raises(ValueError, match="unknown calendar"):
        month_start(date(2024, 1, 1), "lunar")


def test_received_before_it_occurred_is_booked_on_its_day() -> None:
    assert booked_day(date(2024, 2, 10), date(2024, 1, 10), "gregorian", 3) == date(2024, 2, 10)


def test_an_empty_spell_is_not_noted() -> None:
    books = Books()
    books.stand(Spell("s", "1", "c", date(2024, 1, 1), date(2024, 1, 1)))
    books.post(Posting("s", "1", "c", date(2024, 1, 1), "USD", 0, 0))
    assert not books.spells
