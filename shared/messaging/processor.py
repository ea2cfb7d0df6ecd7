"""The database half of a worker: takes decoded chunks, runs them as batches, and recovers from what goes wrong.

Lives in one event loop, in a thread of its own, and owns the truth about which partitions are ours, under which epoch
and where we stand: what is handed over and does not continue from there is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random
from time import monotonic
from typing import Any

import asyncpg
import structlog

from shared.db.clock import DatabaseClock
from shared.messaging.batch import BatchHandler, CommitDoubtful, Outcome, Step
from shared.messaging.batching import Backoff, Watchdog
from shared.messaging.chores import Housekeeping, Rota
from shared.messaging.connecting import Connect
from shared.messaging.continuing import continuing, fences
from shared.messaging.counting import count
from shared.messaging.faults import BatchTooSlow, DatabaseAway, Fault, Suspected, judge
from shared.messaging.fence import Fenced, Position, TopicPartition, claim, read_positions
from shared.messaging.handling import NotYet
from shared.messaging.handover import Handover
from shared.messaging.isolation import SMALL_BATCH, Suspects, TooManyCulprits
from shared.messaging.records import Chunk, halves, joined
from shared.messaging.reference import Ends, ShopUnknown
from shared.messaging.tracks import Limits, Track, tracks_of
from shared.telemetry import runtime_metrics

log = structlog.get_logger(__name__)

_IDLE_SECONDS = 0.25
_ASK_ENDS_SECONDS = 1.0
_SECOND_LOOK_SECONDS = 0.2


async def _nowhere() -> Ends:
    return {}


class Processor:
    """Runs batches of one worker, one at a time."""

    def __init__(
        self,
        handler: BatchHandler,
        connect: Connect,
        handover: Handover,
        watchdog: Watchdog,
        limits: Limits,
        *,
        rng: Random,
        housekeeping: Housekeeping | None = None,
        ends_of_shops: Callable[[], Awaitable[Ends | None]] = _nowhere,
        lost: Callable[[set[TopicPartition]], None] = lambda _: None,
        committed: Callable[[Outcome], None] = lambda _: None,
    ) -> None:
        """`lost` is told of partitions that another owner took; `committed` of each batch. Both from this thread.

        `ends_of_shops` asks Kafka how far there is to read; None when it does not answer.
        """
        self._handler = handler
        self._handler.suspects = Suspects()
        self._group = handler.service.name
        self._connect = connect
        self._handover = handover
        self._watchdog = watchdog
        self._limits = limits
        self._rng = rng
        self._ends_of_shops = ends_of_shops
        self._ends_asked = self._batch_at = 0.0
        self._lost = lost
        self._committed = committed
        self._metrics = runtime_metrics(self._group)
        self._first = {s.topic for s in handler.service.subscriptions if s.first}
        self._chores = Rota(handler.service.timers, handler.clock, self._first, handler.service.clock)
        self._housekeeping = housekeeping
        self._tracks = tracks_of(limits)
        self._conn: asyncpg.Connection[Any] | None = None
        self.owned: dict[TopicPartition, Position] = {}
        """Where we stand. Read by the other thread for lag only."""
        self.reached_ms: dict[TopicPartition, int] = {}
        """Append time of the last event that was handled, likewise."""

    async def claim(
        self, cluster_id: str, beginnings: Mapping[TopicPartition, int], topic_ids: Mapping[str, str]
    ) -> dict[TopicPartition, Position]:
        """Become the owner; tries again while the database is away. Raises ForeignCluster."""
        backoff = Backoff()
        while True:
            try:
                conn = await self._connect()
                try:
                    claimed = await claim(conn, self._group, cluster_id, beginnings, topic_ids)
                finally:
                    conn.terminate()
                break
            except Exception as error:
                if judge(error) is not Fault.TRANSIENT:
                    raise
                log.warning("claiming partitions failed; trying again", service=self._group, error=repr(error))
                await asyncio.sleep(backoff.pause(self._rng.random()))
        self.owned |= claimed
        self._handler.forget()
        return claimed

    def revoke(self, gone: set[TopicPartition]) -> None:
        """Partitions are no longer ours. A batch of them that runs may still commit: its epoch decides."""
        for place in gone:
            self.owned.pop(place, None)
            self.reached_ms.pop(place, None)
        self._handover.drop(gone)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; the batch in hand is finished. Raises what no batch can be blamed for."""
        try:
            while not stop.is_set():
                await self._round()
        finally:
            self._disconnect()

    async def _round(self) -> None:
        for track in self._tracks.in_turn():
            if chunks := self._next_chunks(track):
                await self._run_batch(track, chunks)
                return
        if not await self._do_chores() and not await self._keep_house():
            wanted = self._tracks.lane_may_go()
            await self._handover.wait_for_chunks(self._tracks.pause_seconds(_IDLE_SECONDS), lane=wanted)

    async def _run_batch(self, track: Track, chunks: list[Chunk]) -> None:
        events = sum(len(chunk) for chunk in chunks)
        started = monotonic()
        try:
            outcome = await self._handle(chunks, track.size.seconds_for(events), patient=track.is_patient())
        except Exception as error:
            track.pending, track.left = chunks + track.left, []
            track.size.at_most(max(1, events))
            self._tracks.worked(track, monotonic() - started)
            await self._recover(error, chunks, track)
            return
        self._succeeded(track, chunks, outcome, events, monotonic() - started)
        await self._do_chores()
        await self._keep_house()

    def _next_chunks(self, track: Track) -> list[Chunk]:
        """The next batch: what is left of the last one, or what was handed over. Ours, in order, and cut to size."""
        if track.pending and track.is_lane:
            fresh = track.pending
        elif track.pending:
            # What waits may wait for reference data, so that still comes in, no more than a batch can hold.
            held = sum(len(chunk) for chunk in track.pending if chunk.topic in self._first)
            fresh = track.pending + self._handover.take_first(track.size.limit - held)
        elif track.is_lane:
            fresh = self._handover.take_lane(track.size.limit, self._limits.bytes_max)
        else:
            fresh = self._handover.take(track.size.limit, self._limits.bytes_max)
        track.pending = []
        batch, track.left = joined(self._ours(fresh)), []
        reference = [chunk for chunk in batch if chunk.topic in self._first]
        if reference:
            # By itself: were it to wait beside events of unknown shops, it would be missed where it is waited for,
            # and two workers that hold what the other waits for would wait for ever.
            track.left = [chunk for chunk in batch if chunk.topic not in self._first]
            batch = reference
        if sum(len(chunk) for chunk in batch) > track.size.limit:
            batch, rest = halves(batch, track.size.limit)
            track.left = rest + track.left
        return batch

    def _ours(self, chunks: Sequence[Chunk]) -> list[Chunk]:
        """Those that continue from where we stand, under our epoch."""
        ours, broken = continuing(chunks, self.owned)
        if broken:
            log.error("records are missing between chunks; partitions are claimed again", partitions=len(broken))
            self.revoke(broken)
            self._lost(broken)
        return ours

    async def _handle(
        self,
        chunks: Sequence[Chunk],
        seconds: float,
        *,
        patient: bool = True,
        steps: Sequence[Step] = (),
        replay: bool = False,
    ) -> Outcome:
        conn = await self._connected()
        try:
            async with asyncio.timeout(seconds) as limit:
                return await self._handler.handle(conn, chunks, patient=patient, steps=steps, replay=replay)
        except TimeoutError as error:
            self._disconnect()
            if limit.expired():
                raise BatchTooSlow from error
            raise

    def _succeeded(self, track: Track, chunks: Sequence[Chunk], outcome: Outcome, events: int, seconds: float) -> None:
        for chunk in chunks:
            place = TopicPartition(chunk.topic, chunk.partition)
            position = self.owned.get(place)
            if position is not None and position.epoch == chunk.epoch:
                self.owned[place] = Position(chunk.stop, chunk.epoch)
                if chunk.deliveries:
                    self.reached_ms[place] = chunk.deliveries[-1].timestamp_ms
        track.pending, track.left = track.left, []
        track.waiting_since = None
        if not track.is_lane:
            self._batch_at = monotonic()
        track.size.succeeded(events, seconds)
        track.backoff.reset()
        self._tracks.worked(track, seconds)
        self._watchdog.progressed(monotonic())
        count(self._metrics, outcome, events)
        self._committed(outcome)

    async def _recover(self, error: Exception, chunks: Sequence[Chunk], track: Track) -> None:
        """After a batch that did not commit, or perhaps did. Raises what trying again does not mend."""
        cause, least = "conflict", 0.0
        if isinstance(error, TooManyCulprits):
            track.size.at_most(SMALL_BATCH)
            return
        if isinstance(error, NotYet):
            cause = "not_yet"
            if isinstance(error, ShopUnknown):
                await self._look_for_shops()
            else:
                track.waiting_since = track.waiting_since or monotonic()
            self._watchdog.progressed(monotonic())  # to be restarted would not bring it
        elif isinstance(error, Fenced | CommitDoubtful):
            cause = "fenced"
            self._metrics.fence_lost.inc()
            self._disconnect()
            await self._read_positions(chunks)
        elif isinstance(error, DatabaseAway):
            cause = "database"
            self._disconnect()
            self._handler.unknown_shops.interrupted()
            self._watchdog.progressed(monotonic())
        elif isinstance(error, Suspected):
            cause = "suspected"
            self._disconnect()
            least = _SECOND_LOOK_SECONDS
        elif judge(error) is Fault.TRANSIENT:
            cause = "timeout" if isinstance(error, BatchTooSlow) else "conflict"
            track.size.failed()
            if not isinstance(error, asyncpg.TransactionRollbackError):
                self._disconnect()
        elif isinstance(error, asyncpg.UniqueViolationError | asyncpg.CheckViolationError):
            # An id that another owner wrote in the same moment, or a month of ids that was just dropped for its age:
            # the next attempt sees it.
            track.size.failed()
        else:
            raise error
        self._metrics.retries(cause).inc()
        log.warning("batch is tried again", service=self._group, cause=cause, error=repr(error), size=track.size.limit)
        pause = track.backoff.pause(self._rng.random())
        pause = least + (min(pause, 0.25) if cause == "not_yet" else pause)
        await track.rest(pause)

    async def _look_for_shops(self) -> None:
        """How far the topic of shops is to be read before an unknown one may be said not to exist."""
        now = monotonic()
        if now - self._ends_asked >= _ASK_ENDS_SECONDS:
            self._ends_asked = now
            self._handler.unknown_shops.observed(now, await self._ends_of_shops())

    async def _read_positions(self, chunks: Sequence[Chunk]) -> None:
        """What really happened: go on from where the database says we stand, give up what is not ours any more."""
        places = [TopicPartition(chunk.topic, chunk.partition) for chunk in chunks]
        try:
            found = await read_positions(await self._connected(), self._group, places)
        except Exception as error:
            if judge(error) is not Fault.TRANSIENT:
                raise
            self._disconnect()  # the next attempt fails at the fence and comes here again
            return
        lost = set()
        for place in places:
            mine, there = self.owned.get(place), found.get(place)
            if mine is None:
                continue
            if there is None or there.epoch > mine.epoch:
                lost.add(place)
            elif there.epoch == mine.epoch:  # if it is less, we have claimed anew since we asked
                self.owned[place] = there
        if lost:
            log.warning("another owner took partitions over", service=self._group, partitions=len(lost))
            self.revoke(lost)
            self._lost(lost)

    async def _do_chores(self) -> bool:
        """Timers that are due, and dead letters to be handled again. Whether something was done."""
        if not self._chores.waiting():
            return False
        chunks = fences(self.owned)
        if not chunks:
            return False
        try:
            places = [(chunk.topic, chunk.partition) for chunk in chunks]
            steps, replay = await self._chores.look(await self._connected(), places, idle=self._is_idle())
            if not steps and not replay:
                return False
            if not replay:
                chunks = [chunk for chunk in chunks if chunk.topic not in self._first]
            # Without patience: a replayed event that still waits for something is set aside again.
            outcome = await self._handle(
                chunks, self._limits.limit_seconds * 2, patient=False, steps=steps, replay=replay
            )
        except Exception as error:
            await self._recover(error, chunks, self._tracks.live)
            return False
        if steps:
            for kind, count in self._chores.done().items():
                self._metrics.timers_fired(kind).inc(count)
        self._committed(outcome)
        return True

    def _is_idle(self) -> bool:
        """Whether no live event waits, nor came a moment ago."""
        live = self._tracks.live
        quiet = monotonic() - self._batch_at > _IDLE_SECONDS
        return quiet and not live.pending and not live.left and self._handover.is_empty()

    async def _keep_house(self) -> bool:
        """The daily removal of what is old. Whether it was time; a failure is told and waits for the next time."""
        if self._housekeeping is None or not self._housekeeping.due():
            return False
        try:
            async with asyncio.timeout(self._limits.limit_seconds * 2):
                await self._housekeeping.work(await self._connected())
        except Exception as error:
            log.warning("could not remove what is old", service=self._group, error=type(error).__name__)
            self._disconnect()
        return True

    async def _connected(self) -> asyncpg.Connection[Any]:
        """The connection, made anew if need be. Raises DatabaseAway when there is none to be had."""
        try:
            if self._conn is None or self._conn.is_closed():
                self._conn = await self._connect()
            if isinstance(self._handler.clock, DatabaseClock):
                await self._handler.clock.keep_right(self._conn)
        except Exception as error:
            self._disconnect()
            if judge(error) is Fault.TRANSIENT:
                raise DatabaseAway(f"no connection to the database: {type(error).__name__}") from error
            raise
        return self._conn

    def _disconnect(self) -> None:
        if self._conn is not None:
            self._conn.terminate()
            self._conn = None
