"""Patience with shops that are not known yet: their settings are probably on their way, for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic

from shared.messaging.handling import NotYet

PATIENCE_SECONDS = 120.0
"""For services that hear of shops by events: the owner of that partition may hang and be replaced meanwhile."""
_REMEMBERED_MAX = 10_000


class UnknownShops:
    """Remembers since when a slug is unknown, so that the second event of a misspelt one waits no longer."""

    def __init__(self, now: Callable[[], float] = monotonic, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._now = now
        self._patience = patience_seconds
        self._since: dict[str, float] = {}

    def must_wait(self, slugs: Iterable[str], *, patient: bool) -> None:
        """Raises NotYet while one of the slugs deserves patience; else they are to be refused."""
        now = self._now()
        if len(self._since) > _REMEMBERED_MAX:
            self._since.clear()  # somebody sends random slugs: they may wait again
        since = [self._since.setdefault(slug, now) for slug in slugs]  # all of them wait from now on, not in turn
        if patient and any(now - at < self._patience for at in since):
            raise NotYet("the event's shop is not configured in this service yet")
