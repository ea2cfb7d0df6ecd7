"""Rows of binary COPY in numpy: whole columns at once, no Python object for each value. `copying` sends them.

PostgreSQL's format: a header, then for each row the number of fields, and for each field its length and its bytes,
big-endian. Rows whose fields all have a fixed width are therefore one structured array, laid down as it is.
Source: PostgreSQL manual, COPY, "Binary Format".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import asyncpg
import numpy as np
import numpy.typing as npt

from shared.db.copying import HEAD, TAIL

Rows = npt.NDArray[np.void]

_INT4_OID = 23
_ARRAY_HEAD = 20  # dimensions, null flag, element type, length, lower bound: four bytes each
UNIX_TO_POSTGRES_US = 946_684_800_000_000
"""Timestamps count microseconds from 2000-01-01; take this from microseconds of the Unix epoch."""

BIGINT, INT, SMALLINT, BOOL, TIMESTAMPTZ = ">i8", ">i4", ">i2", "u1", ">i8"


class Field(NamedTuple):
    """A column of fixed width. `format` is a numpy format, big-endian; `length` > 0: an int[] of so many elements."""

    name: str
    format: str
    length: int = 0


class Layout:
    """Rows with the same fields, all of fixed width and none null, then perhaps fields added by the caller."""

    def __init__(self, fields: Sequence[Field], *, extra: int = 0) -> None:
        """`extra` counts fields that the caller lays down behind each row."""
        self.columns = [field.name for field in fields]
        parts: list[tuple[Any, ...]] = [("_count", ">i2")]
        for field in fields:
            parts.append((f"_{field.name}", ">i4"))
            if field.length:
                parts.append((f"_{field.name}_head", ">i4", (5,)))
                parts.append((field.name, [("size", ">i4"), ("value", ">i4")], (field.length,)))
            else:
                parts.append((field.name, field.format))
        self.dtype = np.dtype(parts)
        template = np.zeros(1, self.dtype)
        template["_count"] = len(fields) + extra
        for field in fields:
            template[f"_{field.name}"] = self.dtype[field.name].itemsize
            if field.length:
                template[f"_{field.name}"] = _ARRAY_HEAD + 8 * field.length
                template[f"_{field.name}_head"] = (1, 0, _INT4_OID, field.length, 1)
                template[field.name]["size"] = 4
        self._template = template
        marked = np.zeros(1, self.dtype)  # where the template says what each row must have
        for name in self.dtype.names or ():
            if name.startswith("_"):
                marked[name] = -1
        for field in fields:
            if field.length:
                marked[field.name]["size"] = -1
        self._fixed = np.flatnonzero(_octets(marked)[0])

    def rows(self, count: int) -> Rows:
        """So many rows, their values zero, to be filled by column."""
        return np.repeat(self._template, count)

    def read(self, data: bytes) -> Rows:
        """Rows of a COPY TO. Raises ValueError when one has a null or another width."""
        body = len(data) - len(HEAD) - len(TAIL)
        if body % self.dtype.itemsize:
            raise ValueError("rows have another width than the layout says")
        rows = np.frombuffer(data, self.dtype, count=body // self.dtype.itemsize, offset=len(HEAD))
        octets = np.frombuffer(data, np.uint8, count=body, offset=len(HEAD)).reshape(-1, self.dtype.itemsize)
        if (octets[:, self._fixed] != _octets(self._template)[:, self._fixed]).any():
            raise ValueError("rows have other fields than the layout says")
        return rows


def _octets(rows: Rows) -> npt.NDArray[np.uint8]:
    return np.frombuffer(rows.tobytes(), np.uint8).reshape(len(rows), rows.dtype.itemsize)


async def copy_out(conn: asyncpg.Connection[Any], query: str, layout: Layout) -> Rows:
    """The result of a query without arguments, in the layout."""
    parts: list[bytes] = []

    async def keep(data: bytes) -> None:  # a file would be written to in another thread, piece by piece
        parts.append(data)

    await conn.copy_from_query(query, output=keep, format="binary")
    return layout.read(b"".join(parts))
