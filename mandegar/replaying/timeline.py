"""A replay in stream time: a file's events in the order in which they occurred, and word of every day that begins.

A file may lie in any order (by customer, by order number), and a clock that runs ahead of half of it would call the
other half late. So all of it is put in order first, on disk: memory stays flat whatever the file's size. Then each day
of the shop begins with a Clock Advanced in every partition, days without any event included: nobody downstream has to
guess whether a quiet day is over. The same file and options give the same events at the same places again, which is
what an interrupted replay goes on from.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import TracebackType

import msgspec

from mandegar.replaying.messages import SOURCE, BadRow, Message
from shared.contracts.envelope import Origin, message_key
from shared.contracts.raw_orders import CLOCK_ADVANCED, RawClock, RawClockEvent
from shared.kernel import DayOrdinal, Zone, derive_event_id, moment_of, us_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ROWS_AT_ONCE = 10_000
_SCHEMA = """
CREATE TABLE message (us INTEGER NOT NULL, line INTEGER NOT NULL, shop TEXT NOT NULL, key BLOB NOT NULL,
                      value BLOB NOT NULL);
CREATE TABLE bad (row BLOB NOT NULL);
"""
_SPANS = "SELECT shop, min(us), max(us) FROM message WHERE us >= 0 AND us <= ? GROUP BY shop"
_IN_ORDER = "SELECT us, line, shop, key, value FROM message ORDER BY us, line"


class Timeline:
    """The events of a file on disk, to be read again in order of time. A context manager; the disk is its own."""

    def __init__(self) -> None:
        self._base = sqlite3.connect("")  # a file without a name, gone when it is closed
        self._base.executescript(_SCHEMA)

    def __enter__(self) -> Timeline:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._base.close()

    def fill(self, entries: Iterable[Message | BadRow]) -> None:
        """Take in a whole file."""
        rows: list[tuple[int, int, str, bytes, bytes]] = []
        for entry in entries:
            if isinstance(entry, BadRow):
                self._base.execute("INSERT INTO bad VALUES (?)", (msgspec.msgpack.encode(entry),))
                continue
            rows.append((us_of(entry.occurred), entry.line, entry.shop, entry.key, entry.value))
            if len(rows) == _ROWS_AT_ONCE:
                self._write(rows)
        self._write(rows)

    def spans(self, now: datetime) -> dict[str, tuple[datetime, datetime]]:
        """The first and the last instant of each shop's events, those of the future and from before 1970 left out."""
        rows = self._base.execute(_SPANS, (us_of(now),))
        return {shop: (moment_of(first), moment_of(last)) for shop, first, last in rows}

    def shops(self) -> frozenset[str]:
        """The shops whose events they are."""
        return frozenset(row[0] for row in self._base.execute("SELECT DISTINCT shop FROM message"))

    def entries(self, clocks: Mapping[str, Iterable[Message]]) -> Iterator[Message | BadRow]:
        """Bad rows first, then everything in order of time, each day's clocks before its events; places are counted."""
        for (row,) in self._base.execute("SELECT row FROM bad"):
            yield msgspec.msgpack.decode(row, type=BadRow)
        told = (_timed(clocks[shop]) for shop in sorted(clocks))
        ordered = heapq.merge(*told, self._messages(), key=lambda item: item[:2])
        for place, (_, _, message) in enumerate(ordered, start=1):
            yield replace(message, place=place)

    def _messages(self) -> Iterator[tuple[int, int, Message]]:
        for us, line, shop, key, value in self._base.execute(_IN_ORDER):
            yield us, 1, Message(line, key, value, moment_of(us) if us >= 0 else _EPOCH, shop)

    def _write(self, rows: list[tuple[int, int, str, bytes, bytes]]) -> None:
        self._base.executemany("INSERT INTO message VALUES (?, ?, ?, ?, ?)", rows)
        rows.clear()


def clocks_of(
    shop: str,
    zone: str,
    span: tuple[datetime, datetime],
    partitions: int,
    *,
    now: datetime,
    until: date | None = None,
    origin: Origin = "live",
) -> Iterator[Message]:
    """Clock Advanced at the start of every day of the shop from its first event on, and just after its last one.

    With `until`, days go on to begin up to that one. Nothing is told of the future. Raises ValueError when `until`
    lies before the last event, or in the future.
    """
    days = Zone(zone)
    first, last = span
    end = min(last + _MICROSECOND, now)
    last_day = days.day_of(last)
    if until is not None:
        if days.start_of(DayOrdinal(until.toordinal())) > now:
            raise ValueError(f"--until {until}: that day has not begun yet in {zone}; give one up to today")
        if until.toordinal() < last_day:
            raise ValueError(
                f"--until {until}: the file has events up to {date.fromordinal(last_day)}; give a later day"
            )
    instants = [days.start_of(DayOrdinal(day)) for day in range(days.day_of(first), last_day + 1)]
    instants.append(end)
    if until is not None:
        instants += [days.start_of(DayOrdinal(day)) for day in range(last_day + 1, until.toordinal() + 1)]
    return _clock_messages(shop, sorted({max(instant, _EPOCH) for instant in instants}), partitions, origin)


def _clock_messages(shop: str, instants: Iterable[datetime], partitions: int, origin: Origin) -> Iterator[Message]:
    for instant in instants:
        for partition in range(partitions):
            event = RawClockEvent(
                # Every service drops a second event of one id, so ids differ from partition to partition.
                id=derive_event_id(
                    us_of(instant) // 1000, shop, f"{origin}/{us_of(instant)}/{partition}", CLOCK_ADVANCED
                ),
                type=CLOCK_ADVANCED,
                time=instant,
                source=f"{SOURCE}/clock/{partitions}",
                shop=shop,
                subject=shop,
                origin=origin,
                data=RawClock(until=instant, partitions=partitions),
            )
            yield Message(0, message_key(shop, ""), msgspec.json.encode(event), instant, shop, partition=partition)


def _timed(messages: Iterable[Message]) -> Iterator[tuple[int, int, Message]]:
    return ((us_of(message.occurred), 0, message) for message in messages)
