"""When to pull, from where on, and how to go from page to page. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

OVERLAP = timedelta(minutes=10)
"""So far each pull goes back behind the last: systems write an order a little after the time that they note."""
SINCE_MIN = datetime(1990, 1, 1, tzinfo=UTC)
PAUSE_SECONDS_MAX = 60.0
_SETTLED = timedelta(minutes=2)
_KNOWN_MAX = 50_000
_STEP = timedelta(seconds=1)
_RETRY_FIRST = timedelta(minutes=1)
_RETRY_MAX = timedelta(hours=6)


class Known:
    """Orders that were sent as they are now, so that what a pull goes back for is not read and sent again.

    A change within the second of the one that was seen would bear the same time. So an order is taken for known only
    if it was read long enough after its change for that to be over, clocks apart.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int], datetime] = {}

    def has(self, address: str, order: int, updated: datetime) -> bool:
        """Whether the connection's order was sent with this very change as its last."""
        return self._seen.get((address, order)) == updated

    def keep(self, address: str, order: int, updated: datetime, asked_at: datetime) -> None:
        """It was sent as it was found by a question of then, or later."""
        if len(self._seen) >= _KNOWN_MAX:
            self._seen.clear()
        if asked_at - updated >= _SETTLED:
            self._seen[address, order] = updated


class PullTrouble(Exception):
    """A pull cannot be done. The message is for the operator and repeats no secret."""


class Place(NamedTuple):
    """The next page: of orders changed at `since` or later, the first in the order of change, or a `url` of theirs."""

    since: datetime
    page: int = 1
    url: str = ""


def start(reached: datetime | None, since: datetime | None, connected: datetime) -> datetime:
    """From when on: what was asked for, else a little before where the last pull ended, else the connection's birth."""
    found = since if since is not None else (reached or connected) - OVERLAP
    return max(found, SINCE_MIN).replace(microsecond=0)


def next_place(place: Place, newest: datetime | None, next_url: str, *, is_last: bool) -> Place | None:
    """Where to go on after a page.

    Pages of numbers shift when an order changes meanwhile, and one would be skipped. So the next page is the first
    one since the newest change seen; only where a whole page changed within a second its number goes up.
    """
    if next_url:
        return Place(place.since, place.page + 1, next_url)
    if is_last or newest is None:
        return None
    on = newest.replace(microsecond=0)
    return Place(on - _STEP) if on > place.since + _STEP else Place(place.since, place.page + 1)


def retry_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row (1 or more)."""
    doubled: int = 2 ** min(failures - 1, 10)
    return min(_RETRY_FIRST * doubled, _RETRY_MAX)


def pause_seconds(text: str, scale: float = 1.0) -> float:
    """What a header says to wait, at most a minute; 1 second where it says nothing that is a number."""
    try:
        seconds = float(text) * scale
    except ValueError:
        return 1.0
    return 1.0 if math.isnan(seconds) else min(max(seconds, 0.0), PAUSE_SECONDS_MAX)
