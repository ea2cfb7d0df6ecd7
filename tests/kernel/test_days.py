"""Days of every IANA zone, against zoneinfo."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, _zoneinfo, available_timezones  # type: ignore[attr-defined]  # its pure form tells changes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel import DayOrdinal, Zone
from shared.kernel.days import _STRETCH_BITS

ZONES = sorted(available_timezones())
FIRST, LAST = -2_208_988_800, 4_102_444_800  # 1900 to 2100


def expected(zone: ZoneInfo, second: int) -> int:
    return datetime.fromtimestamp(second, zone).toordinal()


def changes(name: str) -> list[int]:
    """Seconds at which the clocks of a zone change, as listed in its file, and as its rule has them in our years."""
    listed = list(_zoneinfo.ZoneInfo.no_cache(name)._trans_utc)
    zone, step = ZoneInfo(name), 7 * 86_400
    for start in range(int(datetime(2037, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2041, 1, 1).timestamp()), step):
        low, high = start, start + step
        before, after = (datetime.fromtimestamp(s, zone).utcoffset() for s in (low, high))
        while before != after and high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if datetime.fromtimestamp(middle, zone).utcoffset() == before else (low, middle)
        if before != after:
            listed.append(high)
    return sorted(set(listed))


@pytest.mark.parametrize("name", ZONES)
def test_days_of_every_zone_are_those_of_zoneinfo(name: str) -> None:
    zone, oracle = Zone(name), ZoneInfo(name)
    rng = random.Random(name)
    near = [c + s for c in changes(name) if FIRST < c < LAST for s in (-3600, -1, 0, 1, 1800, 3600)]
    seconds = near + [rng.randrange(FIRST, LAST) for _ in range(200)]
    rng.shuffle(seconds)
    assert zone.days_of(seconds) == [expected(oracle, second) for second in seconds]


def test_no_zone_changes_its_clocks_twice_within_a_stretch() -> None:
    for name in ZONES:
        assert all(b - a > 1 << _STRETCH_BITS for a, b in pairwise(changes(name))), name


@pytest.mark.parametrize("name", ZONES)
def test_a_day_starts_at_the_first_instant_that_carries_its_date(name: str) -> None:
    zone, oracle = Zone(name), ZoneInfo(name)
    rng = random.Random(name)
    changed = [c for c in changes(name) if FIRST < c < LAST]
    for day in {expected(oracle, c) for c in rng.sample(changed, min(12, len(changed)))} | {
        rng.randrange(700_000, 760_000)
    }:
        start = int(zone.start_of(DayOrdinal(day)).timestamp())
        assert expected(oracle, start) == day or day not in {
            expected(oracle, start + s) for s in range(0, 172_800, 900)
        }
        earlier = range(start - 30 * 3600, start, 60)
        assert all(expected(oracle, second) < day for second in [*earlier, start - 1])


@pytest.mark.parametrize(("name", "missing"), [("Asia/Tehran", 21), ("Africa/Cairo", 18), ("Asia/Beirut", 27)])
def test_days_whose_midnight_does_not_exist_start_later(name: str, missing: int) -> None:
    zone, oracle = Zone(name), ZoneInfo(name)
    late = 0
    for day in range(date(2000, 1, 1).toordinal(), date(2026, 12, 31).toordinal()):
        midnight = datetime.fromordinal(day).replace(tzinfo=oracle)
        exists = midnight.astimezone(UTC).astimezone(oracle).replace(tzinfo=None) == datetime.fromordinal(day)
        instant = zone.start_of(DayOrdinal(day))
        local = instant.astimezone(oracle)
        assert local.toordinal() == day
        assert (instant - timedelta(seconds=1)).astimezone(oracle).toordinal() == day - 1
        assert exists == ((local.hour, local.minute) == (0, 0))
        late += not exists
    assert late == missing


def test_a_date_that_a_zone_skipped_starts_with_the_next() -> None:
    samoa = Zone("Pacific/Apia")
    skipped, following = (DayOrdinal(date(2011, 12, d).toordinal()) for d in (30, 31))
    assert samoa.start_of(skipped) == samoa.start_of(following) == datetime(2011, 12, 30, 10, tzinfo=UTC)


def test_clocks_set_back_over_midnight_do_not_move_the_start_of_a_day() -> None:
    zone, oracle = Zone("America/St_Johns"), ZoneInfo("America/St_Johns")
    day = DayOrdinal(date(2006, 10, 29).toordinal())  # 00:01 became 23:01 of the day before
    start = zone.start_of(day)
    assert start.astimezone(oracle).replace(tzinfo=None) == datetime(2006, 10, 29)
    assert zone.day_of(start) == day
    assert zone.day_of(start + timedelta(minutes=2)) == day - 1


@given(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.timezones()),
    st.sampled_from(["Asia/Tehran", "UTC", "America/New_York", "Pacific/Kiritimati", "Europe/Amsterdam"]),
)
def test_the_day_of_any_instant_is_that_of_zoneinfo(instant: datetime, name: str) -> None:
    plain = instant.astimezone(UTC)  # zoneinfo's arithmetic in the zone itself would be on wall clocks
    assert Zone(name).day_of(plain) == plain.astimezone(ZoneInfo(name)).toordinal()
    assert Zone(name).day_of(instant) == Zone(name).day_of(plain)


def test_what_has_no_day_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        Zone("UTC").day_of(datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="years"):
        Zone("UTC").days_of([10**15])
    for name in ("Asia/Nowhere", "", "../etc/passwd", "\x00", "Asia"):
        with pytest.raises(ValueError, match="IANA"):
            Zone(name)


def test_two_zones_of_one_name_are_equal() -> None:
    assert Zone("Asia/Tehran") == Zone("Asia/Tehran") != Zone("UTC")
    assert len({Zone("UTC"), Zone("UTC")}) == 1
