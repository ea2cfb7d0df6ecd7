"""The two ways through a worker: live traffic, and the lane of history, which goes while no live event waits.

Each has its own batches, sizes and pauses: what holds up the one does not hold up the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic

from shared.messaging.batching import Backoff, BatchSize, LaneShare
from shared.messaging.records import Chunk
from shared.messaging.reference import PATIENCE_SECONDS

_LANE_LEAST = 25
"""Events in a batch of the lane: most of what a smaller one takes are statements. More, and live events wait longer
than the target where each event of history costs a millisecond, as late orders of customers with a past do."""


@dataclass(frozen=True)
class Limits:
    """Sizes and times of batches."""

    events_max: int = 20_000
    bytes_max: int = 32 << 20
    target_seconds: float = 0.3
    limit_seconds: float = 2.0
    events_start: int = 2_000
    lane_events_max: int = 2_000
    lane_target_seconds: float = 0.05
    """A live event may wait so long for a batch of history that is in hand."""
    lane_share: float = 0.2
    """Of the time, at least, for history while live events wait all the time."""


class Track:
    """What one of the two has in hand."""

    def __init__(self, size: BatchSize, *, lane: bool = False) -> None:
        self.size = size
        self.is_lane = lane
        self.backoff = Backoff()
        self.pending: list[Chunk] = []
        """Taken, and to be handled next."""
        self.left: list[Chunk] = []
        """What did not fit into the batch in hand."""
        self.waiting_since: float | None = None
        """Since when a handler waits for something."""
        self.not_before = 0.0
        """When the lane's next turn may come."""

    def is_patient(self) -> bool:
        """Whether what a handler waits for may still come."""
        return self.waiting_since is None or monotonic() - self.waiting_since < PATIENCE_SECONDS

    async def rest(self, seconds: float) -> None:
        """After a failure. Live traffic sleeps; while the lane rests, live traffic goes on."""
        if self.is_lane:
            self.not_before = monotonic() + seconds
        else:
            await asyncio.sleep(seconds)


class Tracks:
    """Which of the two is next."""

    def __init__(self, live: BatchSize, lane: BatchSize, share: LaneShare) -> None:
        self.live = Track(live)
        self.lane = Track(lane, lane=True)
        self._share = share

    def in_turn(self) -> Iterator[Track]:
        """The one to look at first, then the other; the lane only when it may go."""
        if not self.lane_may_go():
            yield self.live
        elif self._share.is_due():
            yield self.lane
            yield self.live
        else:
            yield self.live
            yield self.lane

    def lane_may_go(self) -> bool:
        """Whether it is not pausing after a failure."""
        return monotonic() >= self.lane.not_before

    def pause_seconds(self, longest: float) -> float:
        """How long to wait for events: not beyond the end of the lane's pause."""
        left = self.lane.not_before - monotonic()
        return min(longest, left) if left > 0 else longest

    def worked(self, track: Track, seconds: float) -> None:
        """A batch of one of them took so long, whether it went well or not."""
        if track.is_lane:
            self._share.lane(seconds)
        else:
            self._share.live(seconds)


def tracks_of(limits: Limits) -> Tracks:
    """Both, at the beginning."""
    live = BatchSize(
        events_max=limits.events_max,
        target_seconds=limits.target_seconds,
        limit_seconds=limits.limit_seconds,
        start=limits.events_start,
    )
    lane = BatchSize(
        events_max=min(limits.events_max, limits.lane_events_max),
        target_seconds=limits.lane_target_seconds,
        limit_seconds=limits.limit_seconds,
        start=min(_LANE_LEAST, limits.events_start),
        least=_LANE_LEAST,
    )
    return Tracks(live, lane, LaneShare(limits.lane_share, limits.lane_target_seconds))
