"""Entries into segments and departures, and what they say of an instant. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Change(NamedTuple):
    """Somebody entered a segment, or left it. Of one segment they sort as they happened."""

    segment: str
    at: int
    """Microseconds since 1970."""
    sequence: int
    """Of the customer's events: tells which of two at one instant came later."""
    entered: bool


def before(changes: Iterable[Change], instant: int | None) -> frozenset[str]:
    """The segments that somebody was in just before an instant; None: that they are in by all that is known.

    What happens at the instant itself does not count: an order that brings its customer into a segment is judged
    without it, however late it is judged.
    """
    last: dict[str, Change] = {}
    for change in changes:
        known = last.get(change.segment)
        if (instant is None or change.at < instant) and (known is None or known < change):
            last[change.segment] = change
    return frozenset(change.segment for change in last.values() if change.entered)
