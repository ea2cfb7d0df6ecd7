"""Rules of the collector: limits, a key's allowance, and when an event occurred."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

EVENT_BYTES_MAX = 32_768
"""One event, as Segment has it."""
BATCH_BYTES_MAX = 512_000
"""One request of many, as Segment has it."""

_HONEST = timedelta(seconds=60)


class Refused(Exception):
    """One event cannot be accepted. `field` names the place, `reason` says what is wrong and repeats no value."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field = field
        self.reason = reason


class Moment(NamedTuple):
    """When an event occurred, and whether that is the sender's own word or our reckoning."""

    time: datetime
    is_said: bool


def occurred(said: datetime | None, sent: datetime | None, received: datetime) -> Moment:
    """When an event occurred: what its sender said, unless the sender's clock lies.

    It lies where what it called the moment of sending is a minute from when we received it; then the event occurred
    as long before it was received as it lay back when it was sent, and never after. Within a minute the way of the
    message explains the difference. Without a time of its own an event occurred when it was received.
    """
    if said is None:
        return Moment(received, is_said=False)
    if sent is None or abs(received - sent) <= _HONEST:
        return Moment(said, is_said=True)
    try:
        return Moment(min(received, received - (sent - said)), is_said=False)
    except OverflowError:
        raise Refused("timestamp", "lies too far from sentAt") from None


@dataclass(slots=True)
class Bucket:
    """A key's allowance of events: filled by so many a second up to a burst; a large batch may leave a debt."""

    rate: float
    burst: float
    level: float
    at: float

    def wait(self, now: float) -> float:
        """Seconds until something may be sent again; 0 at once. `now`: seconds of a monotonic clock."""
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now
        return 0.0 if self.level > 0 else max(1e-3, -self.level / self.rate)

    def take(self, events: int) -> None:
        """So many were sent."""
        self.level -= events


class Allowances:
    """The allowance of each key that was lately seen."""

    _KEYS_MAX = 10_000

    def __init__(self, rate: float, burst: float) -> None:
        """Events a second of each key, and how many at once after a pause."""
        self._rate = rate
        self._burst = burst
        self._buckets: dict[str, Bucket] = {}

    def of(self, key_id: str, now: float) -> Bucket:
        """The bucket of a key."""
        bucket = self._buckets.get(key_id)
        if bucket is None:
            if len(self._buckets) >= self._KEYS_MAX:
                self._buckets = {name: kept for name, kept in self._buckets.items() if kept.wait(now) > 0}
            bucket = self._buckets[key_id] = Bucket(self._rate, self._burst, self._burst, now)
        return bucket


def whole_seconds(seconds: float) -> int:
    """For the header Retry-After: at least 1."""
    return max(1, math.ceil(seconds))
