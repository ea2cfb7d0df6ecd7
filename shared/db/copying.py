"""Binary COPY into a table, of rows that somebody has laid down: `binary` does so by column, in numpy.

Apart from that, because whoever writes a transaction needs this, and numpy takes a tenth of a second to import.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import asyncpg

HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TAIL = b"\xff\xff"


class Laid(Protocol):
    """An array of rows."""

    def tobytes(self) -> bytes:
        """Its bytes as they lie."""
        ...


async def copy_in(conn: asyncpg.Connection[Any], table: str, columns: Sequence[str], rows: Laid | bytes) -> None:
    """COPY rows into a table. Raises asyncpg's errors, UniqueViolationError among them."""
    whole = b"".join((HEAD, rows if isinstance(rows, bytes) else rows.tobytes(), TAIL))
    await conn.copy_to_table(table, source=at_once(whole), columns=list(columns), format="binary")


def at_once(data: bytes) -> Any:
    """What asyncpg sends as it is; its stubs know of no buffers. Bytes it takes for a path, and a file it reads in
    another thread, piece by piece."""
    return memoryview(data)
