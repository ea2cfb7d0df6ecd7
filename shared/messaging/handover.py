"""The bounded hand-over between the thread that fetches and decodes and the thread that works in the database."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Event, timeout
from collections import deque
from threading import Lock

from shared.messaging.fence import TopicPartition
from shared.messaging.records import Chunk


class Signal:
    """An asyncio event of one loop that another thread may set."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._event = Event()

    def set(self) -> None:
        """From any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float) -> None:
        """In the loop: until it is set, or the time has passed. Clears it."""
        try:
            async with timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return
        finally:
            self._event.clear()


class Handover:
    """Decoded chunks in order of arrival, bounded in events and bytes; reference data has room of its own.

    It must be able to pass while the rest is full, as the rest may wait for it. So has the lane of history, which waits
    for all others.
    """

    def __init__(
        self, filled: Signal, emptied: Signal, *, events_max: int, bytes_max: int, lane_events_max: int = 4_000
    ) -> None:
        self._filled = filled
        self._emptied = emptied
        self._events_max = events_max
        self._bytes_max = bytes_max
        self._lock = Lock()
        self._chunks: deque[Chunk] = deque()
        self._first: deque[Chunk] = deque()
        self._events = 0
        self._bytes = 0
        self._first_events = 0
        self._lane_events_max = min(lane_events_max, events_max)
        self._lane: deque[Chunk] = deque()
        self._lane_events = 0

    def room(self) -> int:
        """How many events more may be put; 0 when it is full."""
        with self._lock:
            return max(0, self._events_max - self._events) if self._bytes < self._bytes_max else 0

    def room_for_first(self) -> bool:
        """Whether reference data may be put."""
        with self._lock:
            return self._first_events < self._events_max

    def room_for_lane(self) -> int:
        """How many events of the lane may be put."""
        with self._lock:
            return max(0, self._lane_events_max - self._lane_events)

    def is_empty(self) -> bool:
        """Whether no event waits, the lane's apart."""
        with self._lock:
            return not self._chunks and not self._first

    async def wait_for_room(self, seconds: float) -> None:
        """In the fetching loop."""
        await self._emptied.wait(seconds)

    async def wait_for_chunks(self, seconds: float, *, lane: bool = True) -> None:
        """In the working loop; for those of the lane only if they are wanted."""
        with self._lock:
            if self._chunks or self._first or (lane and self._lane):
                return
        await self._filled.wait(seconds)

    def put(self, chunk: Chunk, *, first: bool = False, lane: bool = False) -> None:
        """Add a chunk. `first`: reference data, which goes before the others; `lane`: history, which goes after."""
        with self._lock:
            if lane:
                self._lane.append(chunk)
                self._lane_events += len(chunk)
            elif first:
                self._first.append(chunk)
                self._first_events += len(chunk)
            else:
                self._chunks.append(chunk)
                self._events += len(chunk)
                self._bytes += chunk.size
        self._filled.set()

    def take_first(self, events: int) -> list[Chunk]:
        """Reference data that has come: about so many events, in whole chunks."""
        found: list[Chunk] = []
        with self._lock:
            while self._first and events > 0:
                chunk = self._first.popleft()
                self._first_events -= len(chunk)
                events -= len(chunk)
                found.append(chunk)
        self._emptied.set()
        return found

    def take(self, events: int, size: int) -> list[Chunk]:
        """Reference data, and up to so many events and about so many bytes of the rest, the lane's apart."""
        found = self.take_first(events)
        with self._lock:
            taken = _taken(self._chunks, events, size)
            self._events -= sum(map(len, taken))
            self._bytes -= sum(chunk.size for chunk in taken)
        self._emptied.set()
        return found + taken

    def take_lane(self, events: int, size: int) -> list[Chunk]:
        """Up to so many events and about so many bytes of the lane."""
        with self._lock:
            taken = _taken(self._lane, events, size)
            self._lane_events -= sum(map(len, taken))
        return taken

    def drop(self, lost: set[TopicPartition]) -> None:
        """Forget what is there of these partitions."""
        with self._lock:
            self._first = deque(c for c in self._first if (c.topic, c.partition) not in lost)
            self._first_events = sum(len(c) for c in self._first)
            self._chunks = deque(c for c in self._chunks if (c.topic, c.partition) not in lost)
            self._events = sum(len(c) for c in self._chunks)
            self._bytes = sum(c.size for c in self._chunks)
            self._lane = deque(c for c in self._lane if (c.topic, c.partition) not in lost)
            self._lane_events = sum(len(c) for c in self._lane)
        self._emptied.set()


def _taken(chunks: deque[Chunk], events: int, size: int) -> list[Chunk]:
    """From the front, up to so many events and about so many bytes; the rest of a chunk goes back."""
    found: list[Chunk] = []
    while chunks and events > 0 and size > 0:
        chunk = chunks.popleft()
        if len(chunk) > events:
            chunk, rest = chunk.split(events)
            if rest is not None:
                chunks.appendleft(rest)
        events -= len(chunk)
        size -= chunk.size
        found.append(chunk)
    return found
