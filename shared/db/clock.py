"""The database's clock: what is due is the same in all processes, however wrong the clock of one machine is."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import asyncpg

from shared.kernel import Clock, SystemClock

_MEASURED_EVERY_SECONDS = 10.0
_ANSWER_SECONDS_MAX = 2.0


class DatabaseClock:
    """Counts on from what the database said last. Until it has been asked, the machine's own clock.

    May be read from any thread; asked from one.
    """

    def __init__(self, before: Clock | None = None) -> None:
        self._before = before or SystemClock()
        self._known: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        known = self._known
        if known is None:
            return self._before.now()
        return known[0] + timedelta(seconds=monotonic() - known[1])

    async def keep_right(self, conn: asyncpg.Connection[Any]) -> None:
        """Ask the database, if that is long ago. TimeoutError when it does not answer."""
        before = monotonic()
        if self._known is None or before - self._known[1] > _MEASURED_EVERY_SECONDS:
            instant = await conn.fetchval("SELECT clock_timestamp()", timeout=_ANSWER_SECONDS_MAX)
            self._known = (instant, (before + monotonic()) / 2)
