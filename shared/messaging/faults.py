"""What an error means for the batch: try again, look for the event that causes it, or stop. Pure."""

from __future__ import annotations

import asyncio
import sys
import traceback
from enum import Enum
from types import ModuleType
from typing import Any

import asyncpg

from shared.messaging.fence import Fenced, ForeignCluster
from shared.messaging.handling import NotYet


class Fault(Enum):
    """Kinds of errors."""

    TRANSIENT = "transient"
    """Nobody's fault: a conflict, a lock, a lost connection. The same batch may pass next time."""
    FENCED = "fenced"
    """The positions moved; read them again."""
    NOT_YET = "not_yet"
    """Something that an event refers to has not come yet."""
    DATA = "data"
    """An event cannot be handled; bisect."""
    FATAL = "fatal"
    """No event's fault, and trying again does not help: missing tables or rights, a foreign Kafka. Stop loudly."""


class BatchTooSlow(Exception):
    """The batch passed its hard time limit: try again with half of it."""


class DatabaseAway(ConnectionError):
    """No connection can be made: nobody's fault, and to end and be restarted would not bring it back."""


class Suspected(Exception):
    """Events fail for a reason that is not known to pass: they are tried once more before they are judged."""


_FATAL = (
    asyncpg.SyntaxOrAccessError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidRoleSpecificationError,
    asyncpg.DataCorruptedError,
    asyncpg.IndexCorruptedError,
    ForeignCluster,
    ImportError,  # the code is changed under a running worker
    SyntaxError,
)
_TRANSIENT = (
    asyncpg.TransactionRollbackError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresConnectionError,
    asyncpg.InvalidTransactionStateError,
    asyncpg.InvalidTransactionInitiationError,
    asyncpg.InvalidTransactionTerminationError,
    asyncpg.SavepointError,
    asyncpg.InvalidCursorStateError,
    asyncpg.InvalidCursorNameError,
    asyncpg.InvalidSQLStatementNameError,  # a pooler gave us another session
    asyncpg.InvalidCachedStatementError,  # a migration under our hands
    asyncpg.SnapshotTooOldError,
    asyncpg.PostgresSystemError,
    asyncpg.InternalServerError,  # such as two sessions that change the catalogue at once
    asyncpg.ConfigFileError,
    asyncpg.InternalClientError,
    ConnectionError,
    TimeoutError,
    OSError,
    asyncio.IncompleteReadError,
    asyncio.InvalidStateError,
    asyncio.CancelledError,  # of something that the handler waited for; our own passes through everything
    MemoryError,
    BatchTooSlow,
    Suspected,
)
_KNOWN = (
    ((Fenced,), Fault.FENCED),
    ((NotYet,), Fault.NOT_YET),
    (_FATAL, Fault.FATAL),
    (_TRANSIENT, Fault.TRANSIENT),
)
_GRAVEST = (Fault.FATAL, Fault.FENCED, Fault.TRANSIENT, Fault.NOT_YET, Fault.DATA)


def judge(error: BaseException) -> Fault:
    """Which kind an error is. Unknown ones are taken for the fault of an event."""
    if isinstance(error, BaseExceptionGroup):
        kinds = {judge(one) for one in error.exceptions}
        return next(kind for kind in _GRAVEST if kind in kinds)
    sqlalchemy = sys.modules.get("sqlalchemy.exc")  # a handler that uses it has imported it; nobody else pays for it
    if sqlalchemy is not None and isinstance(error, sqlalchemy.SQLAlchemyError):
        return _judge_wrapped(sqlalchemy, error)
    if isinstance(error, asyncpg.InterfaceError):
        # asyncpg reports an argument that does not fit its column in the same family as a closed connection.
        return Fault.DATA if isinstance(error, ValueError) else Fault.TRANSIENT
    known = next((kind for kinds, kind in _KNOWN if isinstance(error, kinds)), None)
    return known or (Fault.TRANSIENT if _is_closed_transport(error) else Fault.DATA)


def _judge_wrapped(sqlalchemy: ModuleType, error: Any) -> Fault:
    """An error of SQLAlchemy. Behind that of its dialect stands the driver's own."""
    if isinstance(error, sqlalchemy.DBAPIError):
        if error.connection_invalidated:
            return Fault.TRANSIENT
        return judge(getattr(error.orig, "__cause__", None) or error.orig or ValueError())
    passing = isinstance(error, sqlalchemy.PendingRollbackError | sqlalchemy.TimeoutError)
    return Fault.TRANSIENT if passing else Fault.DATA


def _is_closed_transport(error: BaseException) -> bool:
    """uvloop's word for writing to a connection that has just been closed: a plain RuntimeError."""
    return type(error) is RuntimeError and "the handler is closed" in str(error)


def described(error: BaseException | None) -> dict[str, str]:
    """What may be logged of any error: its kind, where it rose, and its text only where we have written it ourselves.

    Texts of others quote what they were given: rows, arguments, keys of a mapping.
    """
    if error is None:
        return {"kind": "none", "error": "it ended without being asked to"}
    said = {"kind": type(error).__name__}
    frames = traceback.extract_tb(error.__traceback__)
    if frames:
        said["where"] = f"{frames[-1].filename}:{frames[-1].lineno}"
    ours = type(error).__module__.startswith("shared.")
    text = str(error) if ours else ""
    if isinstance(error, asyncpg.PostgresError):
        names = (error.sqlstate, *(getattr(error, n, None) for n in ("table_name", "column_name", "constraint_name")))
        text = " ".join(str(name) for name in names if name)
        if isinstance(error, asyncpg.SyntaxOrAccessError):
            text = f"{text} {error.args[0]}"  # names of tables, columns and rights, never a value
    return said | ({"error": text} if text else {})
