"""Monthly partitions of processed ids: made when the first event of a month comes, dropped when the month is old.

Events before 1990 share one partition and those from 2200 on another, so that nobody's clock can make partitions
without end. Workers own no table: functions of the owner make and drop partitions for them (partitions.sql).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import asyncpg

EARLIEST = date(1990, 1, 1)
LATEST = date(2200, 1, 1)
_LOCK = 0x6D61706D
# A query of the catalogue and not to_regclass(), which may answer from a cache older than the lock we waited for.
_EXISTS = "SELECT EXISTS (SELECT FROM pg_class WHERE relname = $1 AND relnamespace = current_schema()::regnamespace)"


def month_of(day: int) -> tuple[int, int]:
    """First and end day (ordinals, end exclusive) of the partition that a day (an ordinal) falls into."""
    if day < EARLIEST.toordinal():
        return (0, EARLIEST.toordinal())
    if day >= LATEST.toordinal():
        return (LATEST.toordinal(), date.max.toordinal() + 1)
    first = date.fromordinal(day).replace(day=1)
    after = first.replace(year=first.year + 1, month=1) if first.month == 12 else first.replace(month=first.month + 1)
    return (first.toordinal(), after.toordinal())


def partition_name(month: tuple[int, int]) -> str:
    """Name of the table of one partition."""
    first = month[0]
    return f"processed_event_{date.fromordinal(first):%Y_%m}" if first else "processed_event_early"


class ProcessedPartitions:
    """Makes the partitions that a batch needs, before its transaction. Remembers what it has seen."""

    def __init__(self) -> None:
        self._months: set[tuple[int, int]] = set()
        self._days: set[int] = set()

    def missing(self, days: Iterable[int]) -> list[tuple[int, int]]:
        """Partitions of these days that this process has not seen yet, in order."""
        new = set(days) - self._days
        return sorted({month_of(day) for day in new} - self._months)

    async def ensure(self, conn: asyncpg.Connection[Any], days: Iterable[int]) -> None:
        """Make what is missing, in transactions of its own. `conn` must not be inside one."""
        days = set(days)
        for month in self.missing(days):
            await _create(conn, month)
            self._months.add(month)
        self._days |= days

    def forget(self) -> None:
        """After a partition was dropped by somebody."""
        self._months.clear()
        self._days.clear()


async def _create(conn: asyncpg.Connection[Any], month: tuple[int, int]) -> None:
    name = partition_name(month)
    if await conn.fetchval(_EXISTS, name):
        return
    async with conn.transaction():
        await conn.execute("SELECT pg_advisory_xact_lock($1, hashtext(current_schema()))", _LOCK)
        if await conn.fetchval(_EXISTS, name):
            return
        await conn.execute("SELECT add_processed_partition($1, $2, $3)", name, *month)


async def partitions_before(conn: asyncpg.Connection[Any], day: int) -> list[str]:
    """Names of the partitions that end on or before a day (an ordinal)."""
    rows = await conn.fetch(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'processed_event'::regclass"
    )
    return sorted(row[0] for row in rows if _end_of(row[0]) <= day)


async def drop_before(conn: asyncpg.Connection[Any], day: int) -> list[str]:
    """Drop the partitions that end on or before a day (an ordinal); their names. Business keys protect what is older.

    Each in a transaction of its own; `conn` must not be inside one. Detaching it first would stop nobody, but a crash
    in between would leave a table that is neither there nor gone. So writers may wait, a second at most: then it is
    LockNotAvailableError, and the rest stays for another time. Of several callers one drops and the others go on.
    """
    dropped = []
    for name in await partitions_before(conn, day):
        async with conn.transaction():
            if not await conn.fetchval("SELECT pg_try_advisory_xact_lock($1, hashtext(current_schema()))", _LOCK):
                break
            await conn.execute("SET LOCAL lock_timeout = '1s'")
            await conn.execute("SELECT drop_processed_partition($1)", name)
            dropped.append(name)
    return dropped


def _end_of(name: str) -> int:
    suffix = name.removeprefix("processed_event_")
    if suffix == "early":
        return EARLIEST.toordinal()
    year, month = suffix.split("_")
    return month_of(date(int(year), int(month), 1).toordinal())[1]
