"""When somebody may be sent a message, and how often: quiet hours, the weekend, caps. Pure.

Quiet hours and weekends put a message off; a cap puts it off or drops it, as the policy says. What serves something
the customer did (an order, an account) is exempt by its purpose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, time, timedelta
from typing import Annotated, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

Reason = Literal["quiet_hours", "weekend", "capped"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PACED = frozenset({"email", "sms", "push", "messenger", "social", "phone"})
"""Channels that reach a customer, whom the hour may disturb."""
HOURS_MAX = 24 * 90
_Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
_Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
_SECOND = timedelta(seconds=1)
_TURNS_MAX = 60
_WEEKEND_MAX = 6


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all parts have in common."""


class Cap(_Part, frozen=True, kw_only=True):
    """No more than so many messages within so many hours, of this channel and purpose; null: of all together."""

    most: Annotated[int, Meta(ge=1, le=1_000)]
    hours: Annotated[int, Meta(ge=1, le=HOURS_MAX)]
    channel: _Name | None = None
    purpose: _Name | None = None


class Quiet(_Part, frozen=True, kw_only=True):
    """Local time of the customer, `HH:MM`, the first included and the last not; 22:00 to 08:00 goes past midnight."""

    since: _Clock
    until: _Clock


class Policy(_Part, frozen=True, kw_only=True):
    """What a shop allows itself."""

    caps: Annotated[tuple[Cap, ...], Meta(max_length=20)] = ()
    over: Literal["drop", "wait"] = "drop"
    """What becomes of a message over a cap: suppressed, or put off until the cap has room for it."""
    quiet: Quiet | None = None
    weekend: Annotated[tuple[Weekday, ...], Meta(max_length=_WEEKEND_MAX)] = ()
    """Days on which nothing is sent: `fri` in Iran."""
    channels: tuple[_Name, ...] = ("email", "sms", "push", "messenger", "social", "phone")
    """That quiet hours and weekends hold for. Caps hold for all that reach customers."""
    exempt: Annotated[tuple[_Name, ...], Meta(max_length=100)] = ()
    """Purposes for which none of this holds, and which count for no cap."""


FREE = Policy()
"""Of a shop that has said nothing."""


class Past(NamedTuple):
    """A message that was sent, or is being sent, or may have been."""

    at: datetime
    channel: str
    purpose: str


class Pace(NamedTuple):
    """Whether a message may go now."""

    why: Reason | None = None
    """Why not."""
    until: datetime | None = None
    """From when on it may, as far as is known now; None: it is dropped."""


NOW = Pace()


def parse(value: object) -> Policy:
    """A policy from what JSON holds. ValueError names the field, never its value."""
    try:
        policy = msgspec.convert(value, Policy, strict=True)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        raise ValueError(f"{where.rstrip('`') or 'policy'}: {_said(what)}") from None
    if policy.quiet is not None and policy.quiet.since == policy.quiet.until:
        raise ValueError("quiet: begins when it ends; leave it out for none")
    if unknown := set(policy.channels) - PACED:
        raise ValueError(f"channels: {len(unknown)} of them reach no customer")
    return policy


def pace(policy: Policy, channel: str, purpose: str, past: Collection[Past], *, now: datetime, zone: ZoneInfo) -> Pace:
    """Whether a message may go. `past`: of the person, by all identities and channels; `zone`: theirs."""
    if purpose in policy.exempt or channel not in PACED:
        return NOW
    capped = free_at(policy, channel, purpose, past, now)
    if capped is not None and policy.over == "drop":
        return Pace("capped")
    if channel in policy.channels:
        why, until = allowed_from(policy, capped or now, zone)
        if why is not None:
            return Pace("capped" if capped is not None else why, until)
    return NOW if capped is None else Pace("capped", capped)


def free_at(policy: Policy, channel: str, purpose: str, past: Iterable[Past], now: datetime) -> datetime | None:
    """When every cap has room; None: now. A message counts for a cap until as many hours have passed."""
    counted = [one for one in past if one.channel in PACED and one.purpose not in policy.exempt]
    free = now
    for cap in policy.caps:
        if cap.channel not in (None, channel) or cap.purpose not in (None, purpose):
            continue
        window = timedelta(hours=cap.hours)
        ends = sorted(
            one.at + window
            for one in counted
            if one.at + window > now and cap.channel in (None, one.channel) and cap.purpose in (None, one.purpose)
        )
        if len(ends) >= cap.most:
            free = max(free, ends[-cap.most])
    return free if free > now else None


def allowed_from(policy: Policy, now: datetime, zone: ZoneInfo) -> tuple[Reason | None, datetime]:
    """(why not now, the first instant from `now` on that is neither quiet nor of the weekend)."""
    at, why = now, None
    for _ in range(_TURNS_MAX):
        local = at.astimezone(zone)
        if WEEKDAYS[local.weekday()] in policy.weekend:
            found: Reason = "weekend"
            until = time(0)
        elif policy.quiet is not None and _is_quiet(policy.quiet, local.time()):
            found, until = "quiet_hours", time.fromisoformat(policy.quiet.until)
        else:
            return why, at
        why, at = why or found, _clock_shows(until, at, zone)
    raise AssertionError("a policy leaves one day of the week")


def window_max(policies: Iterable[Policy]) -> timedelta:
    """How far back caps look."""
    return timedelta(hours=max((cap.hours for policy in policies for cap in policy.caps), default=0))


def _is_quiet(quiet: Quiet, at: time) -> bool:
    since, until = time.fromisoformat(quiet.since), time.fromisoformat(quiet.until)
    return since <= at < until if since < until else at >= since or at < until


def _clock_shows(wanted: time, at: datetime, zone: ZoneInfo) -> datetime:
    """The next instant at which the local clock shows this time, or at which the clock is changed before that: then
    it may show anything. So an hour that is missing is passed, and one that comes twice is looked at twice."""
    local = at.astimezone(zone)
    # Not midnight of `local` as such: arithmetic of one zone goes by the clock on the wall.
    shown = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    ahead = timedelta(hours=wanted.hour, minutes=wanted.minute) - shown
    then = at + (ahead if ahead > timedelta(0) else ahead + timedelta(days=1))
    if then.astimezone(zone).utcoffset() == local.utcoffset():
        return then
    low, high = at, then
    while high - low > _SECOND:  # halves a day until it holds one second
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == local.utcoffset() else (low, middle)
    return high.replace(microsecond=0)


def _said(what: str) -> str:
    return "none of those that there are" if what.startswith("Invalid") or "contains unknown" in what else what
