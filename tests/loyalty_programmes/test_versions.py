"""Which version is in force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.loyalty.programmes import Version, in_force
from services.loyalty.programmes.domain.versions import PAST_MAX, spans, state_of, why_not_from
from tests.loyalty_earning.ground import programme

START = datetime(2026, 1, 1, tzinfo=UTC)
RULES = programme()


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def version(number: int, since: int) -> Version:
    return Version(number, day(since), RULES, "staff:ava", "spring", START)


def test_what_is_published_later_takes_back_what_was_planned_for_later_still() -> None:
    versions = [version(1, 0), version(2, 30), version(3, 10)]
    found = [in_force(versions, day(at)) for at in (-1, 0, 9, 10, 40)]
    assert [None if one is None else one.number for one in found] == [None, 1, 1, 3, 3]
    span = spans([(one.number, one.in_force_from) for one in versions])
    assert [state_of(span[number], day(5)) for number in (1, 2, 3)] == ["in_force", "superseded", "scheduled"]
    assert [state_of(span[number], day(40)) for number in (1, 2, 3)] == ["past", "superseded", "in_force"]


@given(st.lists(st.integers(0, 20), min_size=1, max_size=8), st.integers(-1, 21))
def test_spans_tell_what_in_force_tells(beginnings: list[int], at: int) -> None:
    versions = [version(number, since) for number, since in enumerate(beginnings, 1)]
    span = spans([(one.number, one.in_force_from) for one in versions])
    ruling = [number for number, one in span.items() if state_of(one, day(at)) == "in_force"]
    found = in_force(versions, day(at))
    assert ruling == ([] if found is None else [found.number])


@pytest.mark.parametrize(
    ("wanted", "latest", "stream", "allowed"),
    [
        (day(-999), None, False, True),
        (day(0), (1, day(-5)), False, True),
        (day(0) - PAST_MAX, (1, day(-5)), False, True),
        (day(0) - PAST_MAX * 2, (1, day(-5)), False, False),
        (day(-300), (1, day(-5)), True, True),
        (day(3), (1, day(5)), False, True),
        (day(3), (32_000, day(5)), False, False),
    ],
)
def test_a_version_after_the_first_may_not_begin_in_the_past(
    wanted: datetime, latest: tuple[int, datetime] | None, stream: bool, allowed: bool
) -> None:
    assert (why_not_from(wanted, now=day(0), latest=latest, stream=stream) is None) is allowed
