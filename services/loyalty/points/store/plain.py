"""Lots of awards that only earn."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Any

import asyncpg

from services.loyalty.points.domain.plain import PlainLot
from shared.db.binary import UNIX_TO_POSTGRES_US
from shared.db.copying import copy_in
from shared.db.together import Together, columns_of, inserting, is_few
from shared.kernel import moment_of

_COLUMNS = {
    "shop": "smallint",
    "customer": "bigint",
    "lot": "bigint",
    "at": "timestamptz",
    "earned": "int",
    "pending": "int",
    "remaining": "int",
    "starts_day": "int",
    "expires_day": "int",
    "version": "int",
    "noticed": "smallint",
    "source_kind": "smallint",
    "source": "text",
    "line": "text",
    "rule": "text",
}
_ADD = inserting("lot", _COLUMNS)
_FIXED = Struct(">h" + "ih" + "iq" * 3 + "ii" * 6 + "ih" * 2 + "i").pack
_SIZE = Struct(">i").pack
_EMPTY = bytes(4)


def _packed(lot: PlainLot) -> bytes:
    """The row as binary COPY has it, in the order of _COLUMNS."""
    award, part, number, waits, noticed = lot
    rule, version, points, line, starts_day, expires_day = part
    who, kind, name, _, (at, *_), _, _, _ = award
    source, of = name.encode(), rule.encode()
    active = 0 if waits else points
    fixed = _FIXED(
        15, 2, who[0], 8, who[1], 8, number, 8, at - UNIX_TO_POSTGRES_US, 4, points, 4, points - active, 4, active,
        4, starts_day, 4, expires_day, 4, version, 2, noticed, 2, kind, len(source),
    )  # fmt: skip
    whole = _field(line.encode()) if line else _EMPTY
    return b"".join((fixed, source, whole, _SIZE(len(of)), of))


def _field(value: bytes) -> bytes:
    return _SIZE(len(value)) + value


def _row(lot: PlainLot) -> tuple[Any, ...]:
    """The values of _COLUMNS."""
    award, part, number, waits, noticed = lot
    active = 0 if waits else part.points
    return (
        *award.who, number, moment_of(award.cause.at), part.points, part.points - active, active, part.starts_day,
        part.expires_day, part.version, noticed, award.source_kind, award.source, part.line, part.rule,
    )  # fmt: skip


async def add(conn: asyncpg.Connection[Any], writes: Together, lots: Sequence[PlainLot]) -> None:
    """Write lots: many at once, and few together with the rest. UniqueViolationError when one was earned before."""
    if is_few(len(lots)):
        writes.add(_ADD, *columns_of(map(_row, lots)))
    else:
        await copy_in(conn, "lot", list(_COLUMNS), b"".join(map(_packed, lots)))
