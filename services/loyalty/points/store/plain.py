"""Lots of awards that only earn, by COPY."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Any

import asyncpg

from services.loyalty.points.domain.plain import PlainLot
from shared.db.binary import UNIX_TO_POSTGRES_US
from shared.db.copying import copy_in

COLUMNS = (
    *("shop", "customer", "lot", "at", "earned", "pending", "remaining", "starts_day", "expires_day", "version"),
    *("noticed", "source_kind", "source", "line", "rule"),
)
_FIXED = Struct(">h" + "ih" + "iq" * 3 + "ii" * 6 + "ih" * 2 + "i").pack
_SIZE = Struct(">i").pack
_EMPTY = bytes(4)


def packed(lot: PlainLot) -> bytes:
    """The row as binary COPY has it, in the order of COLUMNS."""
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


async def add(conn: asyncpg.Connection[Any], lots: Sequence[PlainLot]) -> None:
    """Write lots. UniqueViolationError when one was earned before: the caller goes back and takes care."""
    await copy_in(conn, "lot", COLUMNS, b"".join(map(packed, lots)))
