"""Journeys that are entered on a date: everybody's, or a customer's own, at the shop's time of the day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.campaigns.journeys import days
from services.campaigns.journeys.domain.dates import days_anywhere, days_there, falls_on, next_day_from
from services.campaigns.journeys.domain.journey import OnDate
from services.campaigns.journeys.store.definitions import Stand
from shared.contracts.customers import Birthday
from shared.contracts.topics import CAMPAIGNS_JOURNEYS, CUSTOMERS, ERASURES
from shared.testing import Databases
from tests.campaigns.ground import erased, name, told
from tests.campaigns_journeys.ground import ORDERS, SEND, START, a_ground, ordered

YEAR = timedelta(days=365)
DAY = 24 * 60
ANNIVERSARY: dict[str, Any] = {
    "name": "Anniversary",
    "trigger": {"kind": "date", "since": "first_order", "at": "10:00"},
    "key": "year",
    "reentry": {"kind": "per_key"},
    "steps": [SEND],
}


@pytest.mark.stack
async def test_a_customers_anniversary_comes_each_year_at_the_shops_time(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        first = START - YEAR + timedelta(days=2)
        orders = [
            ordered(1, "A-1", at=first),
            ordered(1, "A-2", at=first + timedelta(days=9)),
            ordered(2, "A-3", at=START),
        ]
        await ground.harness.feed(ORDERS, orders)
        await ground.publish("anniversary", ANNIVERSARY)
        await ground.later(40 * DAY)
        (one,) = [event.event for event in await ground.harness.published(CAMPAIGNS_JOURNEYS)][:1]
        assert one["time"] == "2026-03-03T06:30:00Z", "ten o'clock in Tehran"
        assert await ground.told() == ["entered 2026", "first: planned", "completed 2026"]
        await ground.later(365 * DAY)
        assert (await ground.told(1))[3:] == ["entered 2027", "first: planned", "completed 2027"]
        assert (await ground.told(2)) == ["entered 2027", "first: planned", "completed 2027"]


@pytest.mark.stack
async def test_on_a_fixed_day_everybody_who_fits_enters_once_however_many_they_are(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(days, "_CHUNK", 3)
    sale = {
        "name": "Sale",
        "trigger": {"kind": "date", "on": "2026-03-05", "who": {"kind": "number", "field": "orders", "least": 1}},
        "steps": [SEND],
    }
    async with a_ground(databases) as ground:
        await ground.harness.feed(ORDERS, [ordered(n, f"A-{n}", at=START - YEAR) for n in range(1, 9)])
        await ground.harness.feed(CUSTOMERS, [told(n, 1) for n in range(1, 15)])
        await ground.harness.feed(CUSTOMERS, [told(2, 2, "merged", canonical=11)])
        await ground.publish("sale", sale)
        await ground.publish("sale", {**sale, "name": "Sale again"})
        await ground.later(10 * DAY)
        assert await ground.states() == {"completed": 8}
        assert await ground.told(2) == [] and len(await ground.told(11)) == 3, "who is merged is one person"
        assert await ground.harness.pool.fetchval("SELECT count(*) FROM timer WHERE kind = 'journeys_date'") == 0


@pytest.mark.stack
async def test_a_day_that_passes_while_the_journey_rests_is_over(databases: Databases) -> None:
    soon = {
        **ANNIVERSARY,
        "trigger": {"kind": "date", "since": "last_order", "every": "once", "days": 30},
        "key": "day",
    }
    async with a_ground(databases) as ground:
        await ground.publish("month", soon)
        await ground.harness.feed(ORDERS, [ordered(1, "A-1", at=START)])
        await ground.later(5 * DAY)
        await ground.harness.feed(ORDERS, [ordered(2, "A-2", at=ground.clock.now())])
        await ground.stand("month", Stand.PAUSED)
        await ground.later(27 * DAY)
        await ground.stand("month", Stand.ACTIVE)
        await ground.later(10 * DAY)
        assert await ground.told(1) == []
        assert await ground.told(2) == ["entered 2026-04-05", "first: planned", "completed 2026-04-05"]


BIRTHDAY: dict[str, Any] = {**ANNIVERSARY, "trigger": {"kind": "date", "since": "birthday", "at": "00:30"}}


@pytest.mark.stack
async def test_a_birthday_comes_in_the_customers_own_calendar_and_where_they_are(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The turn of 5 March is at 21:00 UTC of the 4th: 5 March in Tehran and Tokyo, still the 4th in Guatemala."""
    monkeypatch.setattr(days, "_CHUNK", 2)
    fifth, sixth = Birthday(month=3, day=5), Birthday(month=3, day=6)
    esfand = Birthday(month=12, day=14, calendar="jalali")  # 5 March 2026
    born = Birthday(year=1997, month=3, day=4)  # 14 Esfand 1375
    people = [
        told(1, 1, birthday=fifth),
        told(2, 1, birthday=esfand, locale="en"),
        told(3, 1, birthday=born, locale="fa-IR"),
        told(4, 1, birthday=born, locale="en"),
        told(5, 1, birthday=fifth, phone="+50222123456"),
        told(6, 1, birthday=sixth, phone="+81312345678"),
        told(7, 1, birthday=Birthday(month=2, day=31)),
        told(8, 1, name="Sara"),
        told(9, 1, birthday=fifth),
        told(9, 2, "merged", canonical=8, birthday=fifth),
    ]
    async with a_ground(databases) as ground:
        await ground.harness.feed(CUSTOMERS, people, doubled=1.0)
        await ground.harness.feed(ERASURES, [erased(1)])
        await ground.harness.feed(CUSTOMERS, [told(10, 1, birthday=fifth)])
        await ground.publish("birthday", BIRTHDAY)
        await ground.later(8 * DAY)
        entered = {
            one.event["data"]["customer"]: (one.event["data"]["key"], one.event["time"])
            for one in await ground.harness.published(CAMPAIGNS_JOURNEYS)
            if one.event["type"] == "journey.entered"
        }
        turns = {day: f"2026-03-{day:02}T21:00:00Z" for day in (3, 4, 5)}
        assert entered == {
            name(2): ("1404", turns[4]),
            name(3): ("1404", turns[4]),
            name(4): ("2026", turns[3]),
            name(5): ("2026", turns[5]),
            name(6): ("2026", turns[5]),
            name(8): ("2026", turns[4]),
            name(10): ("2026", turns[4]),
        }
        assert await ground.states() == {"completed": len(entered)}, "each once"


@pytest.mark.parametrize(
    ("shop", "there"),
    [("Asia/Tehran", "America/Chicago"), ("America/Chicago", "Asia/Tehran"), ("Pacific/Auckland", "Pacific/Pago_Pago")],
)
@pytest.mark.parametrize("at", ["00:30", "09:00"])
def test_each_day_of_a_customer_is_looked_at_once_whatever_clocks_do(shop: str, there: str, at: str) -> None:
    trigger, turns = OnDate(since="birthday", at=at), [date(2026, 1, 1) + timedelta(days=n) for n in range(400)]
    found = [day for turn in turns for day in days_there(trigger, turn, shop, ZoneInfo(there))]
    assert found == [found[0] + timedelta(days=n) for n in range(len(found))] and len(found) > 397
    assert all(
        set(days_there(trigger, turn, shop, ZoneInfo(there))) <= set(days_anywhere(trigger, turn, shop))
        for turn in turns
    )


@pytest.mark.parametrize(
    ("moment", "day", "expected"),
    [
        ("2024-02-29", "2025-02-28", True),
        ("2024-02-29", "2028-02-28", False),
        ("2024-02-29", "2028-02-29", True),
        ("2024-02-28", "2025-02-28", True),
        ("2025-02-28", "2025-02-28", False),
    ],
)
def test_a_leap_day_is_on_the_28th_of_other_years(moment: str, day: str, expected: bool) -> None:
    trigger = OnDate(since="first_order")
    assert falls_on(trigger, date.fromisoformat(moment), date.fromisoformat(day)) is expected


def test_the_first_day_is_the_one_whose_time_is_still_to_come() -> None:
    trigger = OnDate(since="first_order", at="10:00")
    assert next_day_from(trigger, datetime(2026, 3, 1, 6, 30, tzinfo=UTC), "Asia/Tehran") == date(2026, 3, 1)
    assert next_day_from(trigger, datetime(2026, 3, 1, 6, 31, tzinfo=UTC), "Asia/Tehran") == date(2026, 3, 2)
    assert next_day_from(OnDate(on=date(2026, 2, 1)), datetime(2026, 3, 1, tzinfo=UTC), "Asia/Tehran") is None
