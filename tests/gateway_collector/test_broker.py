"""The broker goes away and comes back: 503 in bounded time, 202 again, and nothing lost that was acknowledged."""

from __future__ import annotations

import asyncio
from collections import Counter
from time import monotonic
from typing import Any

import pytest

from mandegar.stack import Stack
from services.gateway.collector.events import Message
from services.gateway.collector.outside import Outlet, Unavailable
from shared.messaging.relay import OutboxRow, SendFailed
from tests.gateway_collector.ground import Collected

pytestmark = pytest.mark.stack
PATIENCE_SECONDS = 8.0
"""Libraries wait for ten seconds or more."""


def _view(number: int) -> dict[str, Any]:
    return {"event": "Product Viewed", "userId": f"u-{number % 50}", "messageId": f"b-{number}"}


async def _until_taken(collected: Collected, number: int, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while (await collected.post("/v1/track", _view(number))).status_code != 202:  # noqa: ASYNC110 - asking is the point
            await asyncio.sleep(0.2)


async def test_what_was_acknowledged_survives_a_killed_broker_and_the_rest_is_refused_in_time(
    collected: Collected, stack: Stack
) -> None:
    acknowledged: set[str] = set()
    statuses: Counter[int] = Counter()
    slowest = 0.0
    stop = asyncio.Event()

    async def send(sender: int) -> None:
        nonlocal slowest
        number = sender
        while not stop.is_set():
            number += 8
            started = monotonic()
            answer = await collected.post("/v1/track", _view(number))
            slowest = max(slowest, monotonic() - started)
            statuses[answer.status_code] += 1
            if answer.status_code == 202:
                acknowledged.add(f"b-{number}")
            else:
                assert int(answer.headers["retry-after"]) >= 1
                await asyncio.sleep(0.02)

    senders = [asyncio.create_task(send(number)) for number in range(8)]
    try:
        await asyncio.sleep(1)
        await asyncio.to_thread(stack.kafka.server.kill)
        try:
            await asyncio.sleep(5)
            at_once = monotonic()
            assert (await collected.post("/v1/track", _view(0))).status_code == 503
            assert monotonic() - at_once < 0.5, "known to be away: nobody waits"
        finally:
            await asyncio.to_thread(stack.kafka.start)
        await _until_taken(collected, 0)
        await asyncio.sleep(1)
    finally:
        stop.set()
        await asyncio.gather(*senders)
    assert set(statuses) == {202, 503}
    assert slowest < PATIENCE_SECONDS
    written = {event["id"] for _, event in await collected.written()}
    assert acknowledged <= written
    assert len(acknowledged) > 100


class SlowSender:
    """Takes as long as it is told to."""

    def __init__(self) -> None:
        self.may_go = asyncio.Event()
        self.away = False
        self.flights: list[int] = []

    async def start(self) -> None:
        if self.away:
            raise SendFailed("away")

    async def send(self, rows: list[OutboxRow]) -> None:
        self.flights.append(len(rows))
        await self.may_go.wait()
        await self.start()

    async def stop(self) -> None:
        pass


def _message(number: int, size: int = 100) -> Message:
    return Message("raw.interactions.v1", b"k", b"x" * size, str(number))


def _outlet(sender: SlowSender, **changes: Any) -> Outlet:
    limits: dict[str, Any] = {"linger_seconds": 0.0, "queue_bytes_max": 10_000, "wait_seconds_max": 0.5} | changes
    return Outlet(sender, **limits)  # type: ignore[arg-type]  # it is asked for nothing else


async def test_what_waits_is_bounded_and_nobody_waits_for_ever() -> None:
    sender = SlowSender()
    outlet = _outlet(sender)
    async with outlet.running():
        waiting = [asyncio.create_task(outlet.send([_message(n, 2_000)])) for n in range(4)]
        await asyncio.sleep(0.05)
        started = monotonic()
        with pytest.raises(Unavailable):
            await outlet.send([_message(9, 2_000)])
        assert monotonic() - started < 0.1, "a full queue is told at once"
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(one, Unavailable) for one in found)
        assert monotonic() - started < 1.5
        sender.may_go.set()
        await asyncio.sleep(0.05)
        await outlet.send([_message(n, 2_000) for n in range(4)])
        assert outlet._bytes == 0


async def test_requests_that_come_while_a_flight_is_on_its_way_share_the_next() -> None:
    sender = SlowSender()
    outlet = _outlet(sender)
    async with outlet.running():
        first = asyncio.create_task(outlet.send([_message(0)]))
        await asyncio.sleep(0.02)
        rest = [asyncio.create_task(outlet.send([_message(n)])) for n in range(1, 8)]
        await asyncio.sleep(0.02)
        sender.may_go.set()
        await asyncio.gather(first, *rest)
    assert sender.flights == [1, 7]


async def test_an_outlet_that_stops_leaves_nobody_waiting() -> None:
    sender = SlowSender()
    outlet = _outlet(sender, wait_seconds_max=30.0)
    async with outlet.running():
        waiting = [asyncio.create_task(outlet.send([_message(n)])) for n in range(3)]
        await asyncio.sleep(0.05)
    found = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 1)
    assert all(isinstance(one, Unavailable) for one in found)
