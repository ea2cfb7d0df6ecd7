"""When shops sell more than usual: days of the Jalali, the Islamic and the Gregorian calendar, by year.

A factor says how many times as many people come as on a plain day; where seasons meet, factors multiply.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from shared.kernel import DayOrdinal, month_of, start_of_month
from shared.kernel.months import JALALI

SEASONS = ("nowruz", "yalda", "ramadan", "black-friday")
_FARVARDIN, _DEY = 0, 9
_RAMADAN = 9
_ISLAMIC_EPOCH = 227_014
"""The day before 1 Muharram 1 of the tabular calendar, as an ordinal."""
_THURSDAY = 3


@lru_cache(maxsize=8_192)
def factor(day: date, seasons: tuple[str, ...]) -> float:
    """How many times as many people come as on a plain day. ValueError for a season that there is not."""
    if unknown := set(seasons) - set(SEASONS):
        raise ValueError(f"no season {', '.join(sorted(unknown))}; there are {', '.join(SEASONS)}")
    found = 1.0
    for name in seasons:
        found *= _FACTORS[name](day)
    return found


def nowruz(year: int) -> date:
    """1 Farvardin that lies in a Gregorian year."""
    return _jalali_month(date(year, 6, 1), _FARVARDIN)


def yalda(year: int) -> date:
    """The day before the longest night: the last of autumn, 30 Azar, that lies in a Gregorian year."""
    return _jalali_month(date(year, 12, 31), _DEY) - timedelta(days=1)


def ramadan(islamic_year: int) -> date:
    """1 Ramadan by the tabular calendar, which sightings may miss by a day (Reingold, Dershowitz, section 7.1)."""
    return date.fromordinal(_islamic(islamic_year, _RAMADAN))


def black_friday(year: int) -> date:
    """The day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(_THURSDAY - first.weekday()) % 7 + 22)


@lru_cache(maxsize=512)
def _jalali_month(within: date, month: int) -> date:
    """The first day of a month of the Jalali year in which a day lies."""
    year = month_of(DayOrdinal(within.toordinal()), JALALI) // 12
    return date.fromordinal(start_of_month(year * 12 + month, JALALI))


def _islamic(year: int, month: int) -> int:
    return (year - 1) * 354 + (3 + 11 * year) // 30 + 29 * (month - 1) + month // 2 + 1 + _ISLAMIC_EPOCH


def _before_nowruz(day: date) -> float:
    """Three weeks of buying, the last days of it at home; then nearly everything is closed."""
    ahead = (nowruz(day.year if day <= nowruz(day.year) else day.year + 1) - day).days
    since = (day - nowruz(day.year if day >= nowruz(day.year) else day.year - 1)).days
    if 3 <= ahead <= 14:
        return 2.6
    if 1 <= ahead <= 20:
        return 1.7
    return 0.3 if since <= 3 else 0.7 if since <= 12 else 1.0


def _before_yalda(day: date) -> float:
    ahead = (yalda(day.year) - day).days
    return 2.6 if ahead == 0 else 2.0 if 0 < ahead <= 6 else 1.0


def _in_ramadan(day: date) -> float:
    """Somewhat more all month, most in the ten days before the feast, and little on the feast."""
    guess = (day.toordinal() - _ISLAMIC_EPOCH) * 30 // 10_631
    for year in (guess, guess + 1):
        since, feast = (day - ramadan(year)).days, _islamic(year, _RAMADAN + 1)
        if since >= 0 and day.toordinal() < feast:
            return 2.0 if feast - day.toordinal() <= 10 else 1.2
        if 0 <= day.toordinal() - feast <= 2:
            return 0.5
    return 1.0


def _around_black_friday(day: date) -> float:
    ahead = (black_friday(day.year) - day).days
    return 3.0 if ahead == 0 else 1.8 if -3 <= ahead <= 4 else 1.0


_FACTORS = {
    "nowruz": _before_nowruz,
    "yalda": _before_yalda,
    "ramadan": _in_ramadan,
    "black-friday": _around_black_friday,
}
