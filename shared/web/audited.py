"""Entries of the audit log for requests: in the transaction of a write, else before the answer begins.

`allow` puts a note on each request that writes or shows personal data. `Database.write` writes it down with the
write; what is left, this middleware writes before the first byte of the answer. So no personal data goes out without
its entry: when it cannot be written, the answer is 503.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

import asyncpg
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.db import AWAY, AuditEntry, acquire, record
from shared.db.audit import Outcome
from shared.telemetry import get_logger
from shared.web.callers import Caller

log = get_logger(__name__)

_STATE = "audit"
_SCOPE = "SELECT set_config('app.shop', $1, true)"
_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_NOBODYS = frozenset({404, 422})


@dataclass(slots=True)
class Note:
    """What is to be written down of a request."""

    scope: Scope
    caller: Caller
    made: str = ""
    written: bool = False

    def entry(self, status: int) -> AuditEntry:
        """The entry of a request that was answered with this status."""
        outcome: Outcome = "done" if status < 400 else "refused" if status < 500 else "failed"
        route = self.scope.get("route")
        path = getattr(route, "path_format", "") or getattr(route, "path", "")
        return AuditEntry(
            shop=self.caller.shop_id,
            actor=self.caller.actor,
            role=self.caller.role,
            action=f"{self.scope['method']} {path}",
            subject=self._subject(status),
            request_id=self.scope["state"]["request_id"],
            outcome=outcome,
        )

    def _subject(self, status: int) -> str:
        if status in _NOBODYS:
            return ""  # what is no id, or nobody's, may be anything: an address or a phone, for example
        values = [str(value) for value in self.scope.get("path_params", {}).values()]
        return " ".join(value for value in (*values, *self.made.split()) if _ID.fullmatch(value))


def note_of(scope: Scope, caller: Caller) -> Note:
    """The request's note, made now if there is none."""
    state: MutableMapping[str, Any] = scope["state"]
    note: Note | None = state.get(_STATE)
    if note is None:
        note = state[_STATE] = Note(scope, caller)
    return note


def open_note(scope: Scope) -> Note | None:
    """The request's note if it is still to be written."""
    note: Note | None = scope.get("state", {}).get(_STATE)
    return None if note is None or note.written else note


class Audited:
    """ASGI middleware. See the module."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and (note := open_note(scope)) is not None:
                await _write(note, message["status"])
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            if scope["type"] == "http" and (note := open_note(scope)) is not None:
                await _write(note, 500)
            raise


async def _write(note: Note, status: int) -> None:
    note.written = True
    entry = note.entry(status)
    pool: asyncpg.Pool[Any] = note.scope["app"].state.database.pool
    try:
        async with acquire(pool) as conn, conn.transaction():
            await conn.fetchrow(_SCOPE, str(entry.shop))
            await record(conn, entry)
    except AWAY as error:
        if entry.outcome == "done":
            raise
        # What was refused or failed is told to the caller all the same; mostly it failed for the same reason.
        log.warning("an entry of the audit log is missing", action=entry.action, error=type(error).__name__)
