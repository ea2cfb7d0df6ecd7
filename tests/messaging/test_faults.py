"""What an error means: trouble that passes must never be taken for an event's fault."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import asyncpg
import pytest
import uvloop
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import ArgumentError, DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.messaging.faults import BatchTooSlow, DatabaseAway, Fault, Suspected, judge
from shared.messaging.fence import Fenced, ForeignCluster
from shared.messaging.handling import NotYet


async def _write_to_a_closed_connection() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.transport.abort()
    await asyncio.sleep(0.05)
    server.close()
    writer.write(b"SELECT 1")


def test_writing_to_a_connection_that_was_just_closed_is_tried_again() -> None:
    """A backend that is terminated between two statements; asyncio's own loop says nothing here, uvloop does."""
    with pytest.raises(RuntimeError) as raised:
        uvloop.run(_write_to_a_closed_connection())
    assert judge(raised.value) is Fault.TRANSIENT


OF_CLASS = {
    Fault.FATAL: "0P 28 3D 3F 42",
    Fault.TRANSIENT: "08 0B 24 25 26 2D 34 3B 40 53 55 57 58 72 F0 XX",
    # The database's word on values and on what is done with them.
    Fault.DATA: "03 09 0A 0F 0L 0Z 10 20 21 22 23 27 2B 2F 38 39 44 54 HV P0",
}
EXCEPTIONS = {
    asyncpg.InvalidCachedStatementError: Fault.TRANSIENT,
    asyncpg.DataCorruptedError: Fault.FATAL,
    asyncpg.IndexCorruptedError: Fault.FATAL,
}


def errors_of_the_server() -> list[type[asyncpg.PostgresError]]:
    found = [one for one in vars(asyncpg).values() if isinstance(one, type) and issubclass(one, asyncpg.PostgresError)]
    return [one for one in found if one.sqlstate]


@pytest.mark.parametrize("kind", errors_of_the_server(), ids=lambda kind: kind.__name__)
def test_every_error_that_the_server_may_answer_has_its_place(kind: type[asyncpg.PostgresError]) -> None:
    (fault,) = [fault for fault, classes in OF_CLASS.items() if kind.sqlstate[:2] in classes.split()]
    assert judge(kind("x")) is EXCEPTIONS.get(kind, fault)


def wrapped(error: Exception, *, invalidated: bool = False) -> Exception:
    """As SQLAlchemy's dialect for asyncpg raises it."""
    adapted = AsyncAdapt_asyncpg_dbapi.Error(str(error))
    adapted.__cause__ = error
    return DBAPIError("SELECT", {}, adapted, connection_invalidated=invalidated)


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (RuntimeError("a handler's own"), Fault.DATA),
        (ValueError("a handler's own"), Fault.DATA),
        (RecursionError(), Fault.DATA),
        (asyncpg.InternalClientError("another operation is in progress"), Fault.TRANSIENT),
        (asyncpg.InterfaceError("connection is closed"), Fault.TRANSIENT),
        (asyncpg.exceptions._base.DataError("invalid input for query argument $1"), Fault.DATA),
        (asyncpg.OutdatedSchemaCacheError("changed"), Fault.TRANSIENT),
        (TimeoutError(), Fault.TRANSIENT),  # command_timeout, and asyncio's of that name
        (asyncio.IncompleteReadError(b"", 4), Fault.TRANSIENT),
        (asyncio.InvalidStateError(), Fault.TRANSIENT),
        (asyncio.CancelledError(), Fault.TRANSIENT),
        (ConnectionResetError(), Fault.TRANSIENT),
        (BrokenPipeError(), Fault.TRANSIENT),
        (OSError(28, "No space left on device"), Fault.TRANSIENT),
        (socket.gaierror(-3, "Temporary failure in name resolution"), Fault.TRANSIENT),
        (MemoryError(), Fault.TRANSIENT),
        (BatchTooSlow(), Fault.TRANSIENT),
        (DatabaseAway(), Fault.TRANSIENT),
        (Suspected(), Fault.TRANSIENT),
        (NotYet(), Fault.NOT_YET),
        (Fenced([]), Fault.FENCED),
        (ForeignCluster(), Fault.FATAL),
        (ImportError("half a file"), Fault.FATAL),
        (wrapped(asyncpg.DivisionByZeroError("x")), Fault.DATA),
        (wrapped(asyncpg.DeadlockDetectedError("x")), Fault.TRANSIENT),
        (wrapped(asyncpg.UndefinedTableError("x")), Fault.FATAL),
        (wrapped(RuntimeError("whatever it says"), invalidated=True), Fault.TRANSIENT),
        (PoolTimeout(), Fault.TRANSIENT),
        (PendingRollbackError(), Fault.TRANSIENT),
        (ArgumentError("whatever it says"), Fault.DATA),
        (ExceptionGroup("two", [ValueError(), ConnectionResetError()]), Fault.TRANSIENT),
        (ExceptionGroup("one", [ValueError()]), Fault.DATA),
    ],
    ids=repr,
)
def test_errors_are_told_apart(error: Any, fault: Fault) -> None:
    assert judge(error) is fault
