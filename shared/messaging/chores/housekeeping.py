"""What has had its time goes: bodies of dead letters, ids of events processed long ago, entries of the audit log.

Once a day in each worker; of several, whoever comes first finds something to do. It looks before it writes, and each
transaction is short.
"""

from __future__ import annotations

from datetime import timedelta
from time import monotonic
from typing import Any

import asyncpg
import structlog

from shared.db.answers import purge_answers
from shared.db.audit import any_old_entries, purge_entries
from shared.db.partitions import drop_before, partitions_before
from shared.kernel import Clock
from shared.messaging.dead_letters import any_old_letters, purge_letters

log = structlog.get_logger(__name__)

_FIRST_AFTER_SECONDS = 60.0
_AGAIN_SECONDS = 60.0
_DAY_SECONDS = 86_400.0
_LETTERS_AT_ONCE = 1_000
_ENTRIES_AT_ONCE = 10_000


class Housekeeping:
    """Says when it is time, and does it. One for each worker."""

    def __init__(
        self,
        service: str,
        clock: Clock,
        *,
        letters_days: int,
        ids_days: int,
        audit_days: int,
        first_after_seconds: float = _FIRST_AFTER_SECONDS,
    ) -> None:
        self._service = service
        self._clock = clock
        self._letters_kept = timedelta(days=letters_days)
        self._ids_kept = timedelta(days=ids_days)
        self._audit_kept = timedelta(days=audit_days)
        self._at = monotonic() + first_after_seconds

    def due(self) -> bool:
        """Whether it is time to look."""
        return monotonic() >= self._at

    async def work(self, conn: asyncpg.Connection[Any]) -> None:
        """Look, and remove what is old. `conn` is not inside a transaction. Raises the database's errors.

        After an error, and when more is left than one call removes, it is due again in a minute.
        """
        self._at = monotonic() + _AGAIN_SECONDS
        now = self._clock.now()
        letters = 0
        if await any_old_letters(conn, now, kept_for=self._letters_kept):
            letters = await purge_letters(conn, now, kept_for=self._letters_kept, limit=_LETTERS_AT_ONCE)
        day = (now - self._ids_kept).toordinal()
        months = await drop_before(conn, day) if await partitions_before(conn, day) else []
        entries = 0
        if await any_old_entries(conn, self._audit_kept):
            entries = await purge_entries(conn, self._audit_kept, limit=_ENTRIES_AT_ONCE)
        answers = await purge_answers(conn, limit=_ENTRIES_AT_ONCE)
        if letters or months or entries or answers:
            log.info(
                "removed what is old",
                service=self._service,
                dead_letters=letters,
                months_of_ids=len(months),
                audit_entries=entries,
                kept_answers=answers,
            )
        if letters < _LETTERS_AT_ONCE and max(entries, answers) < _ENTRIES_AT_ONCE:
            self._at = monotonic() + _DAY_SECONDS
