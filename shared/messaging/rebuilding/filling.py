"""Filling: the service's own handlers over all of its topics, from the beginning to where live stands, and not beyond.

Positions lie in the schema that is filled, moved by each batch: a rebuild that was killed goes on where it was. Time is
the broker's: what depends on when an event arrived comes out as it did then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any, NamedTuple

import asyncpg

from shared.db.timers import any_due
from shared.messaging.batch import BatchHandler, CommitDoubtful, Step
from shared.messaging.batching import Backoff, BatchSize
from shared.messaging.chores import DueTimers
from shared.messaging.chores.timers import FiringSize
from shared.messaging.connecting import Connect
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.faults import BatchTooSlow, Fault, judge
from shared.messaging.fence import Fenced, Position, TopicPartition, claim, read_positions
from shared.messaging.handling import Service
from shared.messaging.isolation import SMALL_BATCH, Suspects, TooManyCulprits
from shared.messaging.rebuilding.plan import RebuildPlan
from shared.messaging.rebuilding.reading import Cut, MergedReader
from shared.messaging.records import Chunk, halves

_TRIES = 12
_REPLAYS_MAX = 10_000
_NEXT_DUE = "SELECT min(due) FROM timer WHERE kind = ANY($1::text[]) AND partition = ANY($2::int[])"


class RebuildTrouble(Exception):
    """A rebuild cannot be made, or cannot be put in place. The message says why and what to do."""


class Progress(NamedTuple):
    """How far a rebuild has come."""

    events: int
    """Positions passed since the beginning of the topics."""
    of: int
    percent: float
    per_second: float
    """Of this run."""
    seconds_left: float | None
    """None before it can be told."""


class RecordClock:
    """The time of the records that are being handled."""

    def __init__(self) -> None:
        self._now = datetime.fromtimestamp(0, UTC)

    def now(self) -> datetime:
        """Of the last record, or of the timers that fire."""
        return self._now

    def to(self, instant: datetime) -> None:
        """Time does not run backwards."""
        self._now = max(self._now, instant)


class Filler:
    """Fills one schema. Not for concurrent use; of two processes the second fails at the fence."""

    def __init__(
        self,
        service: Service,
        plan: RebuildPlan,
        connect: Connect,
        reader: MergedReader,
        letters: DeadLetters,
        *,
        events_max: int = 20_000,
        told: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        """`connect` opens connections to the schema that is filled; `told` hears of progress after each batch."""
        self._clock = RecordClock()
        self._handler = BatchHandler(service, self._clock, letters, publishes=False)
        self._handler.suspects = Suspects()  # as a worker does: what it sets aside at the first look is lost here too
        self._first = {s.topic for s in service.subscriptions if s.first}
        timers = {kind: handle for kind, handle in service.timers.items() if kind in plan.timers}
        # Nobody waits for a batch of these: as many at once as fit into a time.
        size = FiringSize(limit_max=20_000, seconds_max=5.0, begin=4_000)
        self._timers = DueTimers(timers, service.clock, size) if timers else None
        self._connect = connect
        self._reader = reader
        # As large as they fit into a worker's limit: nobody waits for a batch.
        self._size = BatchSize(events_max=events_max, target_seconds=3.0, limit_seconds=10.0, start=5_000)
        self._conn: asyncpg.Connection[Any] | None = None
        self._owned: dict[TopicPartition, Position] = {}
        self._beginnings: dict[TopicPartition, int] = {}
        self._told = told
        self._began = monotonic()
        self._began_at: int | None = None

    @property
    def topics(self) -> set[str]:
        """All that the service reads."""
        return set(self._handler.decoders)

    async def open(self, places: set[TopicPartition], *, compacted: set[str]) -> None:
        """Claim the positions. Raises RebuildTrouble when a topic that is not compacted has lost its beginning."""
        self._beginnings = await self._reader.beginnings(places)
        cut = sorted({p.topic for p, first in self._beginnings.items() if first > 0 and p.topic not in compacted})
        if cut:
            raise RebuildTrouble(
                f"{', '.join(cut)} no longer begins at its beginning: records were removed, so what they told cannot "
                "be rebuilt. Restore the topic from an archive first"
            )
        cluster_id, topic_ids = await self._reader.identify({place.topic for place in places})
        conn = await self._connected()
        group = self._handler.service.name
        self._owned = await claim(conn, group, cluster_id, self._beginnings, topic_ids)

    async def close(self) -> None:
        """Let the connection go."""
        if self._conn is not None:
            self._conn.terminate()
            self._conn = None

    async def reload(self) -> None:
        """After something was broken off: look where the rebuild stands."""
        await self.close()
        conn = await self._connected()
        self._owned = await read_positions(conn, self._handler.service.name, self._owned)
        self._handler.forget()

    async def to(self, targets: Mapping[TopicPartition, int]) -> int:
        """Read up to these positions; gives how many events came. None may lie behind where the rebuild stands.

        Raises RebuildTrouble, TimeoutError when Kafka is silent, or what no batch can be blamed for.
        """
        beyond = [place for place, end in targets.items() if self._owned[place].next > end]
        if beyond:
            raise RebuildTrouble("the rebuild stands further than live: it belongs to another database; begin anew")
        before = sum(position.next for position in self._owned.values())
        for first in (True, False):
            part = {place: end for place, end in targets.items() if (place.topic in self._first) is first}
            self._reader.read_on({place: self._owned[place].next for place in part}, part)
            while await self._reader.fill():
                await self._one_batch(targets)
            await self._skip(part)
        return sum(position.next for position in self._owned.values()) - before

    async def catch_up_timers(self, until: datetime) -> None:
        """Fire what live has fired by now."""
        await self._fire_before(until)
        self._clock.to(until)

    async def repeat_letters(self) -> int:
        """Handle repaired dead letters that were asked for; gives how many."""
        done = 0
        while done < _REPLAYS_MAX:
            replayed = await self._handle(self._fences(self._owned), replay=True)
            if not replayed:
                break
            done += replayed
        return done

    async def _one_batch(self, targets: Mapping[TopicPartition, int]) -> None:
        horizon = self._reader.horizon()
        due = await self._next_due()
        if due is not None and _ms(due) <= horizon:
            cut = self._reader.take(_ms(due) - 1, self._size.limit)
            if not cut:
                await self._fire_before(due)
                return
        else:
            cut = self._reader.take(horizon, self._size.limit)
        chunks = self._chunks(cut)
        self._clock.to(_moment(max(records[-1].timestamp for records, _ in cut.values())))
        await self._handle_all(chunks)
        await self._fire_own()
        self._tell(targets)

    def _chunks(self, cut: Cut) -> list[Chunk]:
        chunks = []
        for place, (records, stop) in sorted(cut.items()):
            at = self._owned[place]
            decoder = self._handler.decoders[place.topic]
            chunks.append(decoder.chunk(place.partition, records, start=at.next, stop=stop, epoch=at.epoch))
        return chunks

    async def _skip(self, targets: Mapping[TopicPartition, int]) -> None:
        """Positions at whose end nothing lies any more."""
        left = {place: end for place, end in targets.items() if self._owned[place].next < end}
        if left:
            chunks = self._fences(left)
            await self._handle([replace(c, stop=left[TopicPartition(c.topic, c.partition)]) for c in chunks])

    async def _next_due(self) -> datetime | None:
        if self._timers is None:
            return None
        conn = await self._connected()
        partitions = sorted({place.partition for place in self._owned if place.topic not in self._first})
        due: datetime | None = await conn.fetchval(_NEXT_DUE, self._timers.kinds, partitions)
        return due

    async def _fire_before(self, until: datetime) -> None:
        """Fire all timers that are due, each at its own time."""
        if self._timers is None:
            return
        places = self._places()
        step = self._timers.step(sorted({place.partition for place in places}))
        while (due := await self._next_due()) is not None and due <= until:
            self._clock.to(due)
            await self._handle(self._fences(places), steps=[step])
        await self._fire_own()

    async def _fire_own(self) -> None:
        """Fire what is due by clocks of the service's own, which events have moved."""
        clock = self._handler.service.clock
        if self._timers is None or clock is None:
            return
        places = self._places()
        partitions = sorted({place.partition for place in places})
        step = self._timers.step(partitions)
        while True:  # what fires is removed, or is set for a later time
            conn = await self._connected()
            own = [reach for reach in await clock.reaches(conn, self._clock.now(), partitions) if reach.partition < 0]
            if not await any_due(conn, own, self._timers.kinds):
                return
            await self._handle(self._fences(places), steps=[step])

    def _places(self) -> dict[TopicPartition, Position]:
        """All but reference data."""
        return {place: at for place, at in self._owned.items() if place.topic not in self._first}

    def _fences(self, places: Mapping[TopicPartition, object]) -> list[Chunk]:
        stands = [(place, self._owned[place]) for place in sorted(places)]
        return [Chunk(place.topic, place.partition, at.next, at.next, at.epoch) for place, at in stands]

    async def _handle_all(self, chunks: list[Chunk]) -> None:
        """Handle the chunks, in halves where they are too much at once."""
        pending = [chunks]
        while pending:
            part = pending.pop()
            events = sum(len(chunk) for chunk in part)
            if events > self._size.limit:
                pending += _halved(part)
                continue
            began = monotonic()
            try:
                await self._handle(part)
            except (TooManyCulprits, BatchTooSlow):
                if events <= 1:
                    raise
                self._size.at_most(max(1, min(SMALL_BATCH, events // 2)))
                pending.append(part)
            else:
                self._size.succeeded(events, monotonic() - began)

    async def _handle(self, chunks: Sequence[Chunk], *, steps: Sequence[Step] = (), replay: bool = False) -> int:
        """One transaction, tried again while the database is away. Gives how many letters were handled again."""
        backoff = Backoff()
        for attempt in range(_TRIES):
            try:
                conn = await self._connected()
                async with asyncio.timeout(30):
                    outcome = await self._handler.handle(conn, chunks, patient=False, steps=steps, replay=replay)
                break
            except (Fenced, CommitDoubtful) as error:
                raise RebuildTrouble(
                    "another rebuild of this service runs, or a COMMIT was in doubt; start it again: it goes on"
                ) from error
            except TimeoutError as error:
                await self.close()
                raise BatchTooSlow from error
            except Exception as error:
                await self.close()
                if judge(error) is not Fault.TRANSIENT or attempt == _TRIES - 1:
                    raise
                await asyncio.sleep(backoff.pause(1.0))
        for chunk in chunks:
            self._owned[TopicPartition(chunk.topic, chunk.partition)] = Position(chunk.stop, chunk.epoch)
        return outcome.replayed

    async def _connected(self) -> asyncpg.Connection[Any]:
        if self._conn is None or self._conn.is_closed():
            self._conn = await self._connect()
        return self._conn

    def _tell(self, targets: Mapping[TopicPartition, int]) -> None:
        passed = sum(position.next - self._beginnings[place] for place, position in self._owned.items())
        total = sum(max(0, end - self._beginnings[place]) for place, end in targets.items())
        if self._began_at is None:
            self._began_at, self._began = passed, monotonic()
        seconds = monotonic() - self._began
        rate = (passed - self._began_at) / seconds if seconds > 0 else 0.0
        percent = 100.0 * passed / total if total else 100.0
        self._told(Progress(passed, total, percent, rate, (total - passed) / rate if rate > 0 else None))


def _halved(chunks: list[Chunk]) -> list[list[Chunk]]:
    """The second half first, as a stack wants it. Of one partition the order stays."""
    head, rest = halves(chunks, max(1, sum(len(chunk) for chunk in chunks) // 2))
    return [rest, head] if rest else [head]


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
