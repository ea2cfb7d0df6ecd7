"""Birthdays as shops send them: taken where they are one day, let go otherwise; the last word stays and is told."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest

from services.gateway.identity import understood
from shared.contracts.customers import Birthday
from tests.gateway.ground import NOW, Gateway, raw

SAID_ON = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1990-05-21", "1990-05-21"),
        (" 1990/5/21", "1990-05-21"),
        ("1990.05.21", "1990-05-21"),
        ("1990-05-21T00:00:00.000Z", "1990-05-21"),
        ("1990-05-20T20:30:00Z", None),  # midnight of some zone, but of which
        ("۱۳۷۵/۱۲/۳۰", "1997-03-20"),
        ("1375-12-30", "1997-03-20"),
        ("1376/12/30", None),  # no leap year
        ("۳۰ اسفند ۱۳۷۵", "1997-03-20"),
        ("30 اسفند ماه 1375", "1997-03-20"),
        ("٥ مهر ١٣٦٠", "1981-09-27"),
        ("۳۰ اسفند", "--12-30/jalali"),
        ("30/12/1375", "1997-03-20"),
        ("21/05/1990", "1990-05-21"),
        ("05/21/1990", "1990-05-21"),
        ("05/05/1990", "1990-05-05"),
        ("05/06/1990", None),  # May or June
        ("--05-21", "--05-21"),
        ("--02-29", "--02-29"),
        ("--02-30", None),
        ("--۱۲-۳۰", "--12-30/jalali"),
        ("05-21", None),
        ("0000-00-00", None),
        ("1990-02-30", None),
        ("2026-03-02", None),  # not born yet
        ("1600-01-01", None),
        ("secret", None),
        ("9" * 5_000, None),
        ("", None),
    ],
)
def test_a_birthday_is_taken_where_it_is_unmistakable(text: str, expected: str | None) -> None:
    assert understood(text, SAID_ON) == expected


@pytest.mark.stack
@pytest.mark.parametrize("seed", range(2))
async def test_the_last_birthday_that_was_told_stays_in_whatever_order_it_comes(gateway: Gateway, seed: int) -> None:
    told = ["1990-05-21", None, "05/06/1990", "۱۳۷۵/۱۲/۳۰", "--۱۲-۳۰", "secret"]
    events = [
        raw(
            f"e{at}", at=NOW - timedelta(hours=9 - at), customer_id="77", **({} if text is None else {"birthday": text})
        )
        for at, text in enumerate(told)
    ]
    await gateway.take(events, batch=2, doubled=1.0, shuffled=9, rng=Random(seed))
    last = (await gateway.customers())[-1]
    assert last.data.birthday == Birthday(month=12, day=30, calendar="jalali")
    rows = await gateway.pool.fetch("SELECT birthday FROM customer")
    assert [row["birthday"] for row in rows] == ["--12-30/jalali"] and not gateway.refused
