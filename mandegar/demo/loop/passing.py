"""Events of one shop as they pass on their topics: shown, and waited for."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from mandegar.demo.asking import ApiError
from mandegar.listening import places_of
from shared.contracts import topics

WATCHED = (
    topics.CUSTOMERS,
    topics.ORDERS,
    topics.METRICS_LIFECYCLE,
    topics.CAMPAIGNS_JOURNEYS,
    topics.CAMPAIGNS_MESSAGES,
    topics.LOYALTY_MEMBERS,
    topics.LOYALTY_POINTS,
    topics.FEEDBACK_SURVEYS,
    topics.FEEDBACK_CASES,
)
"""What the loop passes through, in its order."""
_CALL_LIMIT_S = 20.0
Event = dict[str, Any]
Say = Callable[[str, Event], None]
"""(topic, event)."""


class Passing:
    """Hears what comes from its start on. The topics must be there."""

    def __init__(self, servers: str, shop: str, say: Say) -> None:
        self._servers = servers
        self._shop = shop
        self._say = say
        self._heard: list[tuple[str, Event]] = []
        self._more = asyncio.Condition()
        self._consumer = AIOKafkaConsumer(bootstrap_servers=servers, group_id=None, request_timeout_ms=15_000)
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Passing:
        await asyncio.wait_for(self._consumer.start(), _CALL_LIMIT_S)
        try:
            places = await self._found()
            self._consumer.assign(places)
            await asyncio.wait_for(self._consumer.seek_to_end(*places), _CALL_LIMIT_S)
            for place in places:  # where that is, before anything is sent
                await asyncio.wait_for(self._consumer.position(place), _CALL_LIMIT_S)
        except BaseException:
            await self._consumer.stop()
            raise
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await asyncio.wait_for(self._consumer.stop(), _CALL_LIMIT_S)

    async def until(self, kind: str, *, limit_s: float = 60.0, **data: Any) -> Event:
        """The first event of this type whose data hold these values, heard already or within the limit. ApiError."""
        deadline = time.monotonic() + limit_s
        async with self._more:
            while (found := self._find(kind, data)) is None:
                left = deadline - time.monotonic()
                if left <= 0 or (self._reading is not None and self._reading.done()):
                    raise ApiError(f"no {kind} {data or ''} within {limit_s:.0f} s: {self._last()}")
                try:
                    await asyncio.wait_for(self._more.wait(), min(left, 1.0))
                except TimeoutError:
                    continue
            return found

    def kinds(self) -> list[str]:
        """Types of all that was heard, in its order."""
        return [str(event.get("type")) for _, event in self._heard]

    def _find(self, kind: str, data: dict[str, Any]) -> Event | None:
        for _, event in self._heard:
            told = event.get("data") or {}
            if event.get("type") == kind and all(told.get(name) == value for name, value in data.items()):
                return event
        return None

    def _last(self) -> str:
        return f"the last that passed was {self.kinds()[-1]}" if self._heard else "nothing passed at all"

    async def _read(self) -> None:
        while True:
            try:
                batches = await self._consumer.getmany(timeout_ms=200)
            except KafkaError as error:
                raise ApiError(f"topics cannot be read: {error}; see `mandegar status`") from error
            records = [(place.topic, one) for place, found in batches.items() for one in found if one.value is not None]
            records.sort(key=lambda record: record[1].timestamp)
            await self._take([(topic, json.loads(record.value)) for topic, record in records])

    async def _take(self, events: Sequence[tuple[str, Event]]) -> None:
        async with self._more:
            for topic, event in events:
                if event.get("shop") == self._shop:
                    self._heard.append((topic, event))
                    self._say(topic, event)
            self._more.notify_all()

    async def _found(self) -> list[TopicPartition]:
        try:
            return await places_of(self._servers, WATCHED)
        except KafkaError as error:
            raise ApiError(f"{error}; create it with `mandegar topics create`") from error
