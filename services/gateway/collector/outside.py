"""The way to Kafka: what many requests brought goes out together, and each is told when the broker has it.

While one flight is on its way the next gathers, so events of single requests travel by the hundred when there are
many, and at once when there are few. What waits is bounded; when the broker is away nobody waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from services.gateway.collector.events import Message
from services.gateway.settings import GatewaySettings
from shared.kernel import Clock, SystemClock
from shared.messaging.relay import KafkaSender, OutboxRow, SendFailed

log = structlog.get_logger(__name__)

_FLIGHT_BYTES_MAX = 4_000_000
_RETRY_SECONDS = 0.5
_SEND_SECONDS_MAX = 3.0
_OVERHEAD_BYTES = 400  # what an event in the queue takes beside its own bytes


class Unavailable(Exception):
    """Not acknowledged: the broker is away, slow, or the queue is full. The sender may send the same again."""


@dataclass(slots=True)
class _Parcel:
    messages: Sequence[Message]
    size: int
    done: asyncio.Future[None]


class Outlet:
    """One for each process: the producer that all requests share."""

    def __init__(
        self, sender: KafkaSender, *, linger_seconds: float, queue_bytes_max: int, wait_seconds_max: float
    ) -> None:
        """`linger_seconds`: how long a flight waits for company while requests keep coming."""
        self._sender = sender
        self._linger = linger_seconds
        self._bytes_max = queue_bytes_max
        self._wait_max = wait_seconds_max
        self._waiting: list[_Parcel] = []
        self._bytes = 0
        self._wake = asyncio.Event()
        self._away = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Send until the block ends; what then still waits is refused."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            self._refuse_waiting()
            await self._sender.stop()

    async def send(self, messages: Sequence[Message]) -> None:
        """Return when the broker has all of them, in all replicas that count. Raises Unavailable, and never waits long.

        After Unavailable some of them may be there, or come to be: sent again they have the same ids.
        """
        if not messages:
            return
        size = sum(len(message.value) + len(message.key) + _OVERHEAD_BYTES for message in messages)
        if self._away or self._bytes + size > self._bytes_max:
            raise Unavailable
        parcel = _Parcel(messages, size, asyncio.get_running_loop().create_future())
        self._waiting.append(parcel)
        self._bytes += size
        self._wake.set()
        try:
            async with asyncio.timeout(self._wait_max):
                await parcel.done
        except TimeoutError:
            raise Unavailable from None

    async def _run(self) -> None:
        crowded = False
        while True:  # ends with its task, when the application stops
            await self._wake.wait()
            if crowded and self._linger:
                await asyncio.sleep(self._linger)
            flight = self._next_flight()
            crowded = len(flight) > 1
            try:
                await self._sender.send(_rows(flight))
            except asyncio.CancelledError:
                _refuse(flight)
                raise
            except SendFailed as error:
                log.error("events were not acknowledged", reason=str(error), requests=len(flight))
                _refuse(flight)
                await self._until_back()
            except Exception:
                log.exception("the way to Kafka broke")
                _refuse(flight)
            else:
                for parcel in flight:
                    if not parcel.done.done():
                        parcel.done.set_result(None)
            finally:
                self._bytes -= sum(parcel.size for parcel in flight)

    def _next_flight(self) -> list[_Parcel]:
        """The oldest that fit into one flight; those that nobody waits for any more fall out."""
        flight: list[_Parcel] = []
        size = count = 0
        for parcel in self._waiting:
            if size and size + parcel.size > _FLIGHT_BYTES_MAX:
                break
            count += 1
            if parcel.done.done():
                self._bytes -= parcel.size
            else:
                flight.append(parcel)
                size += parcel.size
        del self._waiting[:count]
        if not self._waiting:
            self._wake.clear()
        return flight

    async def _until_back(self) -> None:
        """Knock until a broker answers; meanwhile whoever comes is refused at once."""
        self._away = True
        self._refuse_waiting()
        try:
            while True:  # ends when the broker is back, or with the application
                try:
                    await self._sender.start()
                    return
                except SendFailed:
                    await asyncio.sleep(_RETRY_SECONDS)
        finally:
            self._away = False

    def _refuse_waiting(self) -> None:
        _refuse(self._waiting)
        self._bytes -= sum(parcel.size for parcel in self._waiting)
        self._waiting.clear()
        self._wake.clear()


def open_outlet(settings: GatewaySettings, clock: Clock | None = None) -> Outlet:
    """The way to Kafka of one process, to be run by whoever opens it."""
    sender = KafkaSender(
        {"bootstrap_servers": settings.kafka_bootstrap_servers},
        clock or SystemClock(),
        send_timeout=_SEND_SECONDS_MAX,
        start_timeout=_SEND_SECONDS_MAX,
    )
    return Outlet(
        sender,
        linger_seconds=settings.collector_linger_ms / 1000,
        queue_bytes_max=settings.collector_queue_bytes_max,
        wait_seconds_max=settings.collector_wait_seconds_max,
    )


def _rows(flight: Sequence[_Parcel]) -> list[OutboxRow]:
    return [
        OutboxRow(0, 0, message.topic, message.key, message.value) for parcel in flight for message in parcel.messages
    ]


def _refuse(parcels: Sequence[_Parcel]) -> None:
    for parcel in parcels:
        if not parcel.done.done():
            parcel.done.set_exception(Unavailable())
            parcel.done.exception()  # looked at, should its request have gone meanwhile
