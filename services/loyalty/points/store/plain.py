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


def packed(lot: PlainLot) -> bytes:
    """The row as binary COPY has it, in the order of COLUMNS."""
    award, part, number, waits, noticed = lot
    points, (shop, customer), source = part.points, award.who, award.source.encode()
    line, rule = part.line.encode(), part.rule.encode()
    fixed = _FIXED(
        *(15, 2, shop, 8, customer, 8, number, 8, award.cause.at - UNIX_TO_POSTGRES_US),
        *(4, points, 4, points if waits else 0, 4, 0 if waits else points),
        *(4, part.starts_day, 4, part.expires_day, 4, part.version, 2, noticed, 2, award.source_kind, len(source)),
    )
    return b"".join((fixed, source, _SIZE(len(line)), line, _SIZE(len(rule)), rule))


async def add(conn: asyncpg.Connection[Any], lots: Sequence[PlainLot]) -> None:
    """Write lots. UniqueViolationError when one was earned before: the caller goes back and takes care."""
    await copy_in(conn, "lot", COLUMNS, b"".join(map(packed, lots)))
