"""Monthly partitions of processed ids: made when the first event of a month comes, dropped when nobody asks any more.

A month goes when it is old and its ids were last asked for long ago as well: history may be imported, and repeated,
years after it happened. `processed_month` keeps the day on which they last were; a process writes it once a day.

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
_GIVE_UP = "DELETE FROM processed_month WHERE first = $1 AND taken_on < $2 RETURNING true"
# A query of the catalogue and not to_regclass(), which may answer from a cache older than the lock we waited for.
_TAKEN = """
INSERT INTO processed_month (first, taken_on) SELECT first, $2 FROM unnest($1::int[]) AS t(first) ORDER BY first
ON CONFLICT (first) DO UPDATE SET taken_on = excluded.taken_on WHERE processed_month.taken_on < excluded.taken_on
"""
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
    """Makes the partitions that a batch needs, before its transaction. Remembers for a day what it has seen."""

    def __init__(self) -> None:
        self._today = 0
        self._months: set[tuple[int, int]] = set()
        self._days: set[int] = set()

    def missing(self, days: Iterable[int]) -> list[tuple[int, int]]:
        """Partitions of these days that this process has not seen yet, in order."""
        new = set(days) - self._days
        return sorted({month_of(day) for day in new} - self._months)

    async def ensure(self, conn: asyncpg.Connection[Any], days: Iterable[int], today: int) -> None:
        """Make what is missing, and note that ids of these days are asked for. `conn` must not be in a transaction.

        `today`: when that is, an ordinal. Noted first: who drops the month meanwhile sees it, or is waited for.
        """
        if today != self._today:
            self.forget()
            self._today = today
        days = set(days)
        months = self.missing(days)
        if months:
            await conn.execute(_TAKEN, [month[0] for month in months], today)
        for month in months:
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
    """Names of the partitions that end on or before a day (an ordinal), and were last asked for before it."""
    return [partition_name(month) for month in await _old_months(conn, day)]


async def _old_months(conn: asyncpg.Connection[Any], day: int) -> list[tuple[int, int]]:
    rows = await conn.fetch("SELECT first FROM processed_month WHERE taken_on < $1 ORDER BY first", day)
    return [month for month in (month_of(row[0]) for row in rows) if month[1] <= day]


async def drop_before(conn: asyncpg.Connection[Any], day: int) -> list[str]:
    """Drop the partitions that `partitions_before` names; their names. Business keys protect what is older.

    Each in a transaction of its own; `conn` must not be inside one. Detaching it first would stop nobody, but a crash
    in between would leave a table that is neither there nor gone. So writers may wait, a second at most: then it is
    LockNotAvailableError, and the rest stays for another time. Of several callers one drops and the others go on.
    """
    dropped = []
    for month in await _old_months(conn, day):
        async with conn.transaction():
            if not await conn.fetchval("SELECT pg_try_advisory_xact_lock($1, hashtext(current_schema()))", _LOCK):
                break
            await conn.execute("SET LOCAL lock_timeout = '1s'")
            if not await conn.fetchval(_GIVE_UP, month[0], day):
                continue  # asked for since we looked
            name = partition_name(month)
            await conn.execute("SELECT drop_processed_partition($1)", name)
            dropped.append(name)
    return dropped
