"""When a message may go: to the minute, in zones whose clocks change, under caps."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.campaigns.pacing.domain import (
    WEEKDAYS,
    Cap,
    Pace,
    Past,
    Policy,
    Quiet,
    allowed_from,
    free_at,
    pace,
    parse,
)

TEHRAN, BERLIN, NEW_YORK = ZoneInfo("Asia/Tehran"), ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
NIGHT = Quiet(since="22:00", until="08:00")


def at(text: str, zone: ZoneInfo = TEHRAN, fold: int = 0) -> datetime:
    """What the clock on the wall shows, as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [
        (NIGHT, "2026-03-20 21:59:59", "2026-03-20 21:59:59"),
        (NIGHT, "2026-03-20 22:00", "2026-03-21 08:00"),
        (NIGHT, "2026-03-21 03:30", "2026-03-21 08:00"),
        (NIGHT, "2026-03-21 08:00", "2026-03-21 08:00"),
        (Quiet(since="13:00", until="15:30"), "2026-03-21 14:00", "2026-03-21 15:30"),
        (Quiet(since="13:00", until="15:30"), "2026-03-21 12:59", "2026-03-21 12:59"),
    ],
)
def test_quiet_hours_are_those_of_the_clock_on_the_wall(quiet: Quiet, now: str, until: str) -> None:
    assert allowed_from(Policy(quiet=quiet), at(now), TEHRAN)[1] == at(until)


def test_an_hour_that_is_missing_ends_quiet_hours_where_the_clock_jumps() -> None:
    # In Berlin, on 29 March 2026, 2:00 is followed by 3:00.
    policy = Policy(quiet=Quiet(since="23:00", until="02:30"))
    assert allowed_from(policy, at("2026-03-29 01:00", BERLIN), BERLIN)[1] == at("2026-03-29 03:00", BERLIN)
    begins = Policy(quiet=Quiet(since="02:30", until="05:00"))
    assert allowed_from(begins, at("2026-03-29 03:00", BERLIN), BERLIN)[1] == at("2026-03-29 05:00", BERLIN)


def test_an_hour_that_comes_twice_is_quiet_twice() -> None:
    # In New York, on 1 November 2026, 2:00 is followed by 1:00.
    policy = Policy(quiet=Quiet(since="22:00", until="01:30"))
    first, second = (at("2026-11-01 01:30", NEW_YORK, fold) for fold in (0, 1))
    assert second - first == timedelta(hours=1)
    assert allowed_from(policy, at("2026-10-31 23:00", NEW_YORK), NEW_YORK)[1] == first
    again = at("2026-11-01 01:10", NEW_YORK, fold=1)
    assert allowed_from(policy, again, NEW_YORK) == ("quiet_hours", second)


def test_a_weekend_lasts_to_the_end_of_its_day_and_then_it_may_be_quiet_still() -> None:
    policy = Policy(weekend=("fri",), quiet=NIGHT)
    friday = at("2026-03-20 12:00")
    assert allowed_from(policy, friday, TEHRAN) == ("weekend", at("2026-03-21 08:00"))
    assert allowed_from(Policy(weekend=("fri",)), friday, TEHRAN) == ("weekend", at("2026-03-21 00:00"))
    thursday = at("2026-03-19 23:00")
    assert allowed_from(policy, thursday, TEHRAN) == ("quiet_hours", at("2026-03-21 08:00"))
    week = Policy(weekend=tuple(day for day in WEEKDAYS if day != "wed"), quiet=NIGHT)
    assert allowed_from(week, friday, TEHRAN)[1] == at("2026-03-25 08:00")


@settings(deadline=None)  # it looks at each minute of days
@given(
    st.sampled_from(["Asia/Tehran", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe"]),
    st.sampled_from(
        [datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 4, 4, tzinfo=UTC)]
    ),
    st.integers(0, 4 * 1440),
    st.integers(),
)
def test_the_first_minute_that_is_allowed_is_the_one_that_a_look_at_each_finds(
    name: str, start: datetime, later: int, seed: int
) -> None:
    rng, zone, now = Random(seed), ZoneInfo(name), start + timedelta(minutes=later)
    since, until = rng.sample([f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 30)], 2)
    weekend = tuple(rng.sample(WEEKDAYS, rng.randint(0, 2)))
    policy = Policy(quiet=Quiet(since=since, until=until), weekend=weekend)

    def is_free(one: datetime) -> bool:
        local = one.astimezone(zone)
        shown = local.strftime("%H:%M")
        quiet = since <= shown < until if since < until else shown >= since or shown < until
        return WEEKDAYS[local.weekday()] not in weekend and not quiet

    first = next(one for minute in range(6 * 1440) if is_free(one := now + timedelta(minutes=minute)))
    assert allowed_from(policy, now, zone)[1] == first


def some_past(rng: Random, now: datetime) -> list[Past]:
    return [
        Past(
            now - timedelta(minutes=rng.randint(0, 4 * 1440)),
            rng.choice(["email", "sms", "webhook"]),
            rng.choice(["news", "offers", "orders"]),
        )
        for _ in range(rng.randint(0, 12))
    ]


@settings(deadline=None)
@given(st.integers())
def test_a_cap_has_room_again_at_the_first_instant_at_which_too_few_count(seed: int) -> None:
    rng, now = Random(seed), at("2026-03-20 12:00")
    caps = tuple(
        Cap(
            most=rng.randint(1, 3),
            hours=rng.choice([1, 24, 72]),
            channel=rng.choice([None, "email"]),
            purpose=rng.choice([None, "news"]),
        )
        for _ in range(rng.randint(0, 3))
    )
    policy, past = Policy(caps=caps, exempt=("orders",)), some_past(rng, now)

    def has_room(when: datetime) -> bool:
        for cap in caps:
            count = sum(
                one.channel != "webhook"
                and one.purpose != "orders"
                and cap.channel in (None, one.channel)
                and cap.purpose in (None, one.purpose)
                and when - timedelta(hours=cap.hours) < one.at
                for one in past
            )
            if count >= cap.most:
                return False
        return True

    first = next(one for minute in range(5 * 1440) if has_room(one := now + timedelta(minutes=minute)))
    assert free_at(policy, "email", "news", past, now) == (None if first == now else first)


@pytest.mark.parametrize(
    ("channel", "purpose", "over", "expected"),
    [
        ("email", "news", "drop", Pace("capped")),
        ("email", "news", "wait", Pace("capped", at("2026-03-22 08:00"))),
        ("sms", "offers", "drop", Pace("quiet_hours", at("2026-03-21 08:00"))),
        ("email", "orders", "drop", Pace()),
        ("webhook", "news", "drop", Pace()),
        ("phone", "news", "drop", Pace("capped")),
    ],
)
def test_a_message_goes_waits_or_is_dropped(channel: str, purpose: str, over: Any, expected: Pace) -> None:
    now = at("2026-03-20 23:00")
    policy = Policy(caps=(Cap(most=1, hours=24, purpose="news"),), quiet=NIGHT, over=over, exempt=("orders",))
    past = [Past(now - timedelta(minutes=30), "email", "news"), Past(now, "email", "orders")]
    assert pace(policy, channel, purpose, past, now=now, zone=TEHRAN) == expected


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        (5, "policy: "),
        ({"secret": 1}, "policy: none of those"),
        ({"caps": [{"most": 0, "hours": 24}]}, "caps[0].most: Expected `int` >= 1"),
        ({"quiet": {"since": "25:00", "until": "08:00"}}, "quiet.since: Expected `str`"),
        ({"quiet": {"since": "08:00", "until": "08:00"}}, "quiet: begins when it ends"),
        ({"weekend": ["friday"]}, "weekend[0]: none of those"),
        ({"weekend": list(WEEKDAYS)}, "weekend: Expected `array` of length <= 6"),
        ({"channels": ["secret"]}, "channels: 1 of them"),
    ],
)
def test_what_is_no_policy_is_refused_by_field_and_never_repeated(wrong: Any, where: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(where)}") as refused:
        parse(wrong)
    assert "secret" not in str(refused.value)
