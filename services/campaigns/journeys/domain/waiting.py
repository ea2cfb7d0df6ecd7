"""Until when a step waits. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from services.campaigns.journeys.domain.journey import Step, Wait, WaitFor, WaitUntil

_WEEK = 7


def due_of(step: Step, now: datetime, zone: str) -> datetime | None:
    """When a wait that begins now is over; None for a step that does not wait."""
    match step:
        case Wait(minutes=minutes) | WaitFor(minutes=minutes):
            return now + timedelta(minutes=minutes)
        case WaitUntil(at=at, weekdays=weekdays):
            return next_time(at, weekdays, now, zone)
        case _:
            return None


def next_time(at: str, weekdays: tuple[int, ...], now: datetime, zone: str) -> datetime:
    """The next instant at which clocks of the zone show this time, on one of these days; now, if they do.

    A time that the clocks skip comes as much later as they skip; of one that they show twice it is the first.
    """
    info = ZoneInfo(zone)
    local, clock = now.astimezone(info), time_of_day.fromisoformat(at)
    for days in range(_WEEK + 2):
        day = local.date() + timedelta(days=days)
        found = datetime.combine(day, clock, info).astimezone(UTC)
        if found >= now and (not weekdays or day.weekday() in weekdays):
            return found
    raise AssertionError("a week has every day")
