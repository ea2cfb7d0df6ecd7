"""How large a batch may be: as much as fits into a time. Pure."""

from __future__ import annotations

SMALLEST = 1
LEAST = 100
"""So many events cost a batch little beside what it costs anyway."""
START = 2_000


def grown(size: int, size_max: int, *, quickly: bool) -> int:
    """A size after a success: twice as large where there is far to go (`quickly`), else by a tenth."""
    return min(size_max, size + max(1, size if quickly else size // 10))


class BatchSize:
    """Aims at a time for each batch: a tenth more after a success, double far below the aim, half after a failure."""

    def __init__(
        self,
        *,
        events_max: int = 20_000,
        target_seconds: float = 0.3,
        limit_seconds: float = 2.0,
        start: int = START,
        least: int = LEAST,
    ) -> None:
        """`least`: fewer would hardly be quicker, so slowness alone does not lead below, and failures not for long."""
        self.limit = min(start, events_max)
        self._events_max = events_max
        self._target = target_seconds
        self._limit_seconds = limit_seconds
        self._least = min(least, events_max)

    def succeeded(self, events: int, seconds: float) -> None:
        """A batch of so many events took so long. A batch that was not full says nothing about a larger one."""
        full = events >= self.limit * 0.9
        if seconds <= self._target:
            if full:
                self.limit = grown(self.limit, self._events_max, quickly=seconds < self._target / 4)
        elif self.limit > self._least:
            fitting = max(self._least, int(max(events, 1) * max(0.5, self._target / seconds)))
            self.limit = min(self.limit, fitting)
        elif full and 2 * seconds < self.seconds_for(2 * events):
            self.limit = min(self._least, 2 * self.limit)

    def failed(self) -> None:
        """A conflict or a timeout."""
        self.limit = max(SMALLEST, self.limit // 2)

    def at_most(self, events: int) -> None:
        """Small batches from here on; they grow again."""
        self.limit = min(self.limit, events)

    def seconds_for(self, events: int) -> float:
        """The hard limit of a batch. A handful of events gets longer: halving them would not help a slow machine."""
        return self._limit_seconds if events > 10 else max(self._limit_seconds, 7.5)


class Backoff:
    """Growing pauses between attempts: doubling from `first` to `last` seconds, jittered by the caller's number."""

    def __init__(self, first: float = 0.02, last: float = 2.0) -> None:
        self._first, self._last, self._next = first, last, first

    def pause(self, jitter: float) -> float:
        """Seconds to wait; `jitter` is a random number from 0 to 1."""
        pause, self._next = self._next, min(self._last, self._next * 2)
        return pause * (0.5 + jitter / 2)

    def reset(self) -> None:
        """After a success."""
        self._next = self._first


class Watchdog:
    """Tells when a worker has work and does none. Instants are seconds of a monotonic clock."""

    def __init__(self, patience_seconds: float, now: float) -> None:
        self._patience = patience_seconds
        self._since = now

    def progressed(self, now: float) -> None:
        """A batch was committed, or there is nothing to do."""
        self._since = now

    def expired(self, now: float) -> bool:
        """Whether nothing has moved for too long."""
        return now - self._since > self._patience


class LaneShare:
    """When the lane of history may go although live events wait: once a small share of the time is its due.

    While no live event waits it goes anyway, and that counts for nothing. Seconds of a monotonic clock.
    """

    def __init__(self, share: float, target_seconds: float) -> None:
        """`share` of the time that live batches take; a turn of the lane should take the target."""
        self._rate = share / (1 - share)
        self._target = target_seconds
        self._due = 0.0

    def live(self, seconds: float) -> None:
        """A live batch took so long."""
        self._due = min(2 * self._target, self._due + seconds * self._rate)

    def is_due(self) -> bool:
        """Whether the lane has waited long enough for a turn."""
        return self._due >= self._target

    def lane(self, seconds: float) -> None:
        """A batch of the lane took so long."""
        self._due = max(0.0, self._due - max(seconds, self._target))
