"""The life cycle of a worker: two threads, the relay beside them, a watchdog over them, and an orderly end.

    kafka thread     group membership, fetch, decode, relay
        | hand-over (bounded)
    database thread  fence, ids, handlers, timers, outbox, commit

Fetching and decoding the next batch go on while the last one commits, which needs two loops in two threads.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Callable, Coroutine, Sequence
from random import Random, SystemRandom
from time import monotonic
from typing import Any

import structlog

from shared.contracts import topics
from shared.db.clock import DatabaseClock
from shared.kernel import Clock
from shared.messaging.batch import BatchHandler, Outcome
from shared.messaging.batching import Watchdog
from shared.messaging.chores import Housekeeping
from shared.messaging.cluster import LagWatch
from shared.messaging.connecting import opener
from shared.messaging.consumer import Intake
from shared.messaging.dead_letters import Cipher, DeadLetters
from shared.messaging.faults import described
from shared.messaging.fence import Position, TopicPartition
from shared.messaging.handling import Service
from shared.messaging.handover import Handover, Signal
from shared.messaging.lane import LaneIntake
from shared.messaging.processor import Processor
from shared.messaging.reference import Ends
from shared.messaging.relay import KafkaSender, RefusedRows, Relay
from shared.messaging.tracks import Limits
from shared.settings import PlatformSettings

log = structlog.get_logger(__name__)

_LAG_EVERY_SECONDS = 5.0
_SWITCH_SECONDS = 0.0005
"""After so long a thread that decodes lets the other have the interpreter: some twenty answers of the database in each
batch wait for it. Python's own 5 ms cost some hundredths of the order path."""


class LoopThread:
    """An event loop in a thread of its own. uvloop's, where there is one."""

    def __init__(self, name: str) -> None:
        self.loop = _new_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, Any]) -> asyncio.Future[Any]:
        """Run a coroutine there; a future of the calling loop."""
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))

    def call(self, function: Callable[..., object], *args: object) -> None:
        """Call a function there, soon."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(function, *args)

    def close(self) -> None:
        """Stop the loop and wait for the thread, not for ever: it is a daemon."""
        self.call(self.loop.stop)
        self._thread.join(timeout=5)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self.loop.close()


class Worker:
    """One worker of a service. Made and run in the caller's loop."""

    def __init__(
        self,
        service: Service,
        settings: PlatformSettings,
        *,
        clock: Clock | None = None,
        rng: Random | None = None,
        committed: Callable[[Outcome], None] | None = None,
        relay: bool = True,
    ) -> None:
        """`committed` is told of each batch, in the database thread. ValueError when the secret is too short."""
        self._service = service
        self._settings = settings
        self._clock = clock or DatabaseClock()
        self._rng = rng or SystemRandom()
        self._told = committed
        self._with_relay = relay
        self._url = settings.database_url.get_secret_value()
        self._kafka = {"bootstrap_servers": settings.kafka_bootstrap_servers}
        self._letters = DeadLetters(service.name, Cipher(settings.secret_key.get_secret_value()))
        self._watchdog = Watchdog(settings.watchdog_seconds, monotonic())
        self._lag = LagWatch(service.name)
        self._stopping: list[tuple[LoopThread, asyncio.Event]] = []
        self.intake: Intake
        self.lane: LaneIntake
        self.processor: Processor

    async def run(self, stop: asyncio.Event) -> int:
        """Work until `stop` is set, then finish the batch in hand. Gives the exit code: 0, or 1 to be restarted."""
        edge, base = LoopThread(f"{self._service.name}-kafka"), LoopThread(f"{self._service.name}-database")
        relay = await edge.submit(self._make_relay())
        parts: list[asyncio.Task[None]] = []
        try:
            await self._compose(edge, base, relay)
            _calm_collector()
            sys.setswitchinterval(_SWITCH_SECONDS)
            parts = [
                asyncio.create_task(self._in(base, self.processor.run)),
                asyncio.create_task(self._in(edge, self.intake.run)),
            ]
            if any(subscription.lane for subscription in self._service.subscriptions):
                parts.append(asyncio.create_task(self._in(edge, self.lane.run)))
            parts += [asyncio.create_task(self._in(edge, beside)) for beside in self._service.beside]
            if self._with_relay:
                parts.append(asyncio.create_task(self._in(edge, relay.run)))
            return await self._supervise(parts, stop, edge)
        finally:
            await self._end(parts)
            edge.close()
            base.close()

    async def _compose(self, edge: LoopThread, base: LoopThread, relay: Relay) -> None:
        handover = Handover(
            await base.submit(_signal(base.loop)),
            await edge.submit(_signal(edge.loop)),
            events_max=self._settings.batch_events_max,  # one batch ahead: more only costs memory
            bytes_max=self._settings.batch_bytes_max,
        )
        handler = BatchHandler(self._service, self._clock, self._letters)

        def committed(outcome: Outcome) -> None:
            if outcome.published:
                edge.call(relay.wake)
            if self._told is not None:
                self._told(outcome)

        async def ends_of_shops() -> Ends | None:
            ends: Ends | None = await edge.submit(self.intake.ends_of(topics.SHOPS))
            return ends

        settings = self._settings
        self.processor = Processor(
            handler,
            opener(self._url, self._service.name),
            handover,
            self._watchdog,
            Limits(
                events_max=settings.batch_events_max,
                bytes_max=settings.batch_bytes_max,
                target_seconds=settings.batch_target_ms / 1000,
                limit_seconds=settings.batch_limit_ms / 1000,
                lane_target_seconds=settings.lane_target_ms / 1000,
                lane_share=settings.lane_share_percent / 100,
            ),
            rng=self._rng,
            housekeeping=Housekeeping(
                self._service.name,
                self._clock,
                letters_days=settings.dead_letter_days,
                ids_days=settings.processed_ids_days,
                audit_days=settings.audit_days,
            ),
            ends_of_shops=ends_of_shops,
            lost=lambda places: edge.call(self._lose, places),
            committed=committed,
        )

        async def claim(*args: Any) -> dict[TopicPartition, Position]:
            claimed: dict[TopicPartition, Position] = await base.submit(self.processor.claim(*args))
            return claimed

        def revoke(places: set[TopicPartition]) -> None:
            base.call(self.processor.revoke, places)

        self.lane = LaneIntake(self._service, self._kafka, handler.decoders, handover, claim=claim, revoke=revoke)
        self.intake = Intake(
            self._service,
            self._kafka,
            handler.decoders,
            handover,
            claim=claim,
            revoke=revoke,
            owning=self.lane.own,
        )

    def _lose(self, places: set[TopicPartition]) -> None:
        self.intake.lose(places)
        self.lane.lose(places)

    async def _ends(self) -> dict[TopicPartition, int]:
        """Where the events of our partitions end. Called in the loop of the Kafka thread."""
        return await self.intake.ends() | await self.lane.ends()

    async def _make_relay(self) -> Relay:
        return Relay(
            self._service.name,
            connect=opener(self._url, self._service.name, "relay"),
            sender=KafkaSender(self._kafka, self._clock),
            set_aside=RefusedRows(self._letters, self._clock),
            poll_seconds=self._settings.relay_poll_ms / 1000,
        )

    async def _in(self, thread: LoopThread, run: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
        """Run one part in its thread, with a stop event that is set in that thread's loop."""
        event = asyncio.Event()
        self._stopping.append((thread, event))
        await thread.submit(run(event))

    async def _supervise(self, parts: Sequence[asyncio.Task[None]], stop: asyncio.Event, edge: LoopThread) -> int:
        stopped: asyncio.Task[Any] = asyncio.create_task(stop.wait())
        try:
            while True:
                waited: set[asyncio.Task[Any]] = {*parts, stopped}
                await asyncio.wait(waited, timeout=_LAG_EVERY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                ended = [part for part in parts if part.done()]
                for part in ended:
                    error = part.exception()
                    log.error("worker stops", service=self._service.name, **described(error))
                if ended:
                    return 1
                if stop.is_set():
                    return 0
                if not await self._is_behind(edge):
                    self._watchdog.progressed(monotonic())
                elif self._watchdog.expired(monotonic()):
                    log.error("no progress although events wait; ending to be restarted", service=self._service.name)
                    return 1
        finally:
            stopped.cancel()

    async def _is_behind(self, edge: LoopThread) -> bool:
        """Measure and export the lag; whether there is any."""
        try:
            ends = await asyncio.wait_for(edge.submit(self._ends()), 2 * _LAG_EVERY_SECONDS)
        except TimeoutError:
            return True  # that thread does not answer
        now_ms = self._clock.now().timestamp() * 1000
        return self._lag.measured(ends, dict(self.processor.owned), dict(self.processor.reached_ms), now_ms)

    async def _end(self, parts: Sequence[asyncio.Task[None]]) -> None:
        for thread, event in self._stopping:
            thread.call(event.set)
        if parts:
            _, late = await asyncio.wait(parts, timeout=self._settings.drain_seconds)
            for part in late:
                log.warning("a part of the worker did not stop in time", service=self._service.name)
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)


async def run_worker(
    service: Service,
    settings: PlatformSettings,
    *,
    stop: asyncio.Event | None = None,
    clock: Clock | None = None,
) -> int:
    """What `mandegar run SERVICE --role worker` calls. Gives the exit code when `stop` was set, or at a failure."""
    return await Worker(service, settings, clock=clock).run(stop or asyncio.Event())


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # not built for every platform; asyncio's own loop does the same, slower
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _calm_collector() -> None:
    """What is loaded by now stays, and events form no cycles: a full collection for each batch would only cost."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _signal(loop: asyncio.AbstractEventLoop) -> Signal:
    return Signal(loop)
