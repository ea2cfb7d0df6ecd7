"""On which days a journey is entered by a date. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from services.campaigns.journeys.domain.journey import OnDate
from shared.kernel import Birthday
from shared.kernel.birthdays import Calendar
from shared.kernel.months import JALALI

_LEAP = (2, 29)
_DAY = timedelta(days=1)
_FARTHEST = (timezone(timedelta(hours=-12)), timezone(timedelta(hours=14)))
"""Where days begin last, and first."""


def instant_of(day: date, at: str, zone: str) -> datetime:
    """When the clocks of the zone show this time on that day; of a time that they skip, as much later as they skip."""
    return datetime.combine(day, time_of_day.fromisoformat(at), ZoneInfo(zone)).astimezone(UTC)


def next_day_from(trigger: OnDate, now: datetime, zone: str) -> date | None:
    """The first day whose time has not passed; None for a fixed day that is over."""
    if trigger.on is not None:
        return trigger.on if instant_of(trigger.on, trigger.at, zone) >= now else None
    today = now.astimezone(ZoneInfo(zone)).date()
    return today if instant_of(today, trigger.at, zone) >= now else today + timedelta(days=1)


def falls_on(trigger: OnDate, moment: date, day: date) -> bool:
    """Whether a customer's date brings them in on that day. One of 29 February counts on the 28th of other years."""
    if trigger.every == "once":
        return day - moment == timedelta(days=trigger.days)
    return moment < day and (moment.month, moment.day) in days_of_year(day)


def days_of_year(day: date) -> set[tuple[int, int]]:
    """Months and days whose anniversary is on that day."""
    found = {(day.month, day.day)}
    if (day.month, day.day) == (2, 28) and (day + timedelta(days=1)).month != _LEAP[0]:
        found.add(_LEAP)
    return found


def days_anywhere(trigger: OnDate, day: date, zone: str) -> list[date]:
    """All days that some customer's turn of this day may be about: see `days_there`."""
    before, now = (instant_of(one, trigger.at, zone) for one in (day - _DAY, day))
    return _after(before.astimezone(_FARTHEST[0]).date(), now.astimezone(_FARTHEST[1]).date())


def days_there(trigger: OnDate, day: date, zone: str, there: ZoneInfo) -> list[date]:
    """The days that began for a customer since the turn of the day before. One, but where clocks were changed.

    So each of a customer's days is looked at once, whatever the zones of shop and customer do to their clocks.
    """
    before, now = (instant_of(one, trigger.at, zone).astimezone(there).date() for one in (day - _DAY, day))
    return _after(before, now)


def calendar_of(language: str | None, shop: str) -> Calendar:
    """By which a customer counts days: Persian readers the Jalali one, as templates do. `shop`: of who did not say."""
    if language is None:
        return "jalali" if shop == JALALI else "gregorian"
    return "jalali" if language == "fa" else "gregorian"


def birthday_among(birthday: Birthday, calendar: Calendar, days: list[date]) -> tuple[date, int] | None:
    """(their birthday among these days, in which year of their calendar it is); None where it is none of them."""
    found = next((day for day in days if birthday.is_on(day, calendar)), None)
    return None if found is None else (found, birthday.year_of(found, calendar))


def _after(before: date, now: date) -> list[date]:
    return [before + timedelta(days=more) for more in range(1, (now - before).days + 1)]
