"""When to pull, from where on, and what is known: figures alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.pulling.domain import Known, Place, next_place, pause_seconds, retry_after, start

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("newest", "next_url", "is_last", "expected"),
    [
        (AT + MINUTE, "", False, Place(AT + MINUTE - SECOND)),
        (AT + SECOND, "", False, Place(AT, 4)),
        (AT, "", False, Place(AT, 4)),
        (AT + MINUTE, "", True, None),
        (None, "", False, None),
        (AT + MINUTE, "https://shop.example/next", False, Place(AT, 4, "https://shop.example/next")),
    ],
)
def test_the_next_page_is_the_first_since_the_newest_change(
    newest: datetime | None, next_url: str, is_last: bool, expected: Place | None
) -> None:
    assert next_place(Place(AT, 3), newest, next_url, is_last=is_last) == expected


@given(st.lists(st.integers(0, 40), min_size=1, max_size=120), st.integers(1, 9))
def test_pages_of_any_size_show_every_order_and_come_to_an_end(seconds: list[int], size: int) -> None:
    changes = sorted((AT + SECOND * second, number) for number, second in enumerate(seconds))
    place: Place | None = Place(AT - MINUTE)
    seen: set[int] = set()
    for _ in range(10 * len(seconds) + 10):
        if place is None:
            break
        since = place.since
        listed = [one for one in changes if one[0] >= since]
        page = listed[(place.page - 1) * size : place.page * size]
        seen |= {number for _, number in page}
        newest = page[-1][0] if page else None
        place = next_place(place, newest, "", is_last=place.page * size >= len(listed))
    assert place is None
    assert seen == set(range(len(seconds)))


def test_a_change_before_all_times_is_no_reason_to_break_off() -> None:
    first = datetime(1, 1, 1, tzinfo=UTC)
    assert next_place(Place(AT, 3), first, "", is_last=False) == Place(AT, 4)


def test_a_pull_begins_a_little_before_the_last_ended_or_where_it_is_told_to() -> None:
    born = AT - timedelta(days=9)
    assert start(None, None, born) == born - 10 * MINUTE
    assert start(AT, None, born) == AT - 10 * MINUTE
    assert start(AT, AT - timedelta(days=900), born) == AT - timedelta(days=900)
    assert start(AT, datetime(1, 1, 1, tzinfo=UTC), born).year == 1990


def test_failures_wait_longer_each_time_and_no_longer_than_six_hours() -> None:
    assert [retry_after(failures) for failures in (1, 2, 3)] == [MINUTE, 2 * MINUTE, 4 * MINUTE]
    assert retry_after(10_000) == timedelta(hours=6)


_WAITS = [("2", 2), ("0", 0), ("-5", 0), ("1e9", 60), ("inf", 60), ("nan", 1), ("", 1), ("Wed, 21 Oct 2026", 1)]


@pytest.mark.parametrize(("text", "expected"), _WAITS)
def test_what_a_header_says_to_wait_is_bounded(text: str, expected: float) -> None:
    assert pause_seconds(text) == expected


def test_an_order_is_known_only_where_no_other_change_can_bear_the_same_time() -> None:
    known = Known()
    known.keep("1-a", 7, AT, AT + 2 * MINUTE)
    assert known.has("1-a", 7, AT)
    assert not known.has("1-b", 7, AT)
    assert not known.has("1-a", 7, AT + SECOND)
    known.keep("1-a", 8, AT, AT + MINUTE)
    assert not known.has("1-a", 8, AT)
