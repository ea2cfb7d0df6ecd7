"""What an error means: trouble that passes must never be taken for an event's fault."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
import uvloop

from shared.messaging.faults import Fault, judge


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


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (RuntimeError("a handler's own"), Fault.DATA),
        (ValueError("a handler's own"), Fault.DATA),
        (asyncpg.InternalClientError("another operation is in progress"), Fault.TRANSIENT),
        (asyncpg.InterfaceError("connection is closed"), Fault.TRANSIENT),
        (asyncpg.DeadlockDetectedError(), Fault.TRANSIENT),
        (asyncpg.AdminShutdownError(), Fault.TRANSIENT),
        (asyncpg.DivisionByZeroError(), Fault.DATA),
        (asyncpg.UndefinedTableError(), Fault.FATAL),
    ],
)
def test_errors_are_told_apart(error: Any, fault: Fault) -> None:
    assert judge(error) is fault
