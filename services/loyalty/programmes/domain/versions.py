"""Versions of a programme: which is in force at an instant, and which may be published. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from services.loyalty.programmes.domain.body import Programme
from services.loyalty.programmes.domain.reading import Trouble

PAST_MAX = timedelta(minutes=5)
"""So far clocks of callers may be behind."""
VERSIONS_MAX = 32_000
VERSION_TIMER = "programme_version"
"""Of a shop: a version comes into force. Identity: its number, a colon, and how far whoever heeds it has come."""

State = Literal["in_force", "scheduled", "past", "superseded"]


class Version(NamedTuple):
    """A version that was published: it stays as it is."""

    number: int
    in_force_from: datetime
    programme: Programme
    author: str
    reason: str
    published_at: datetime


class Span(NamedTuple):
    """When a version was, is or will be in force: from `since`, before `until`; None for none and no end."""

    number: int
    since: datetime | None
    until: datetime | None


def in_force(versions: Iterable[Version], at: datetime) -> Version | None:
    """Of those whose time has come, the one published last: publishing takes back what was planned for later."""
    return max((one for one in versions if one.in_force_from <= at), key=lambda one: one.number, default=None)


def spans(beginnings: Sequence[tuple[int, datetime]]) -> dict[int, Span]:
    """By number of the version, of all versions' numbers and beginnings."""
    found: dict[int, Span] = {}
    until: datetime | None = None
    for number, since in sorted(beginnings, reverse=True):
        never = until is not None and since >= until
        found[number] = Span(number, None if never else since, None if never else until)
        until = since if until is None else min(until, since)
    return found


def state_of(span: Span, at: datetime) -> State:
    """What a version is at an instant. `superseded`: it was published and never came into force."""
    if span.since is None:
        return "superseded"
    if at < span.since:
        return "scheduled"
    return "in_force" if span.until is None or at < span.until else "past"


def why_not_from(
    wanted: datetime, *, now: datetime, latest: tuple[int, datetime] | None, stream: bool
) -> Trouble | None:
    """Why a version cannot be in force from an instant. The first one may begin in the past, so that history earns.

    A later one may not: what was earned is not to change by what is said afterwards. Shops on the stream clock live in
    their own past.
    """
    if latest is None:
        return None
    if latest[0] >= VERSIONS_MAX:
        return Trouble("in_force_from", f"a shop has at most {VERSIONS_MAX} versions")
    if not stream and wanted < now - PAST_MAX:
        return Trouble("in_force_from", "lies in the past; leave it out for now, or give a later instant")
    return None
