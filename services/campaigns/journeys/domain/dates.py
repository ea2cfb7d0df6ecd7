"""On which days a journey is entered by a date. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from services.campaigns.journeys.domain.journey import OnDate

_LEAP = (2, 29)


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
