"""Who sends which shards, and how much of each in one round. Pure arithmetic of the outbox relay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.db.shards import ALL_SHARDS, BARRIER_SHARD, LANE_SHARDS, OUTBOX_SHARDS

_BARRIERS_MAX = 256
"""Barriers come in bunches, one for each partition."""
_LANE_MAX = 250
"""Rows of history in one round: a live row that is written meanwhile waits for them."""
_LANE_BESIDE_LIVE = 10
"""A tenth of a round is history's while live rows fill rounds."""


def wanted_shards(members: Sequence[int], me: int) -> frozenset[int]:
    """The shards that one relay of several should lead: every n-th, by its rank.

    `members` are distinguishing numbers of the living relays. All relays that see the same members arrive at a
    partition of the shards among them. A relay that is not (yet) counted wants nothing.
    """
    ranked = sorted(set(members))
    if me not in ranked:
        return frozenset()
    return frozenset(ALL_SHARDS[ranked.index(me) :: len(ranked)])


def quotas(taken: Mapping[int, int], shards: Sequence[int], limit: int) -> dict[int, int]:
    """How many rows to take of each shard this round, about `limit` of live ones together, and at least one each.

    `taken` is what the last round took of each shard. History gets little while live rows fill rounds, and never more
    than delays a live row by some milliseconds; barriers come in bunches.
    """
    shares = _spread(taken, [shard for shard in shards if shard < OUTBOX_SHARDS], limit)
    if BARRIER_SHARD in shards:
        shares[BARRIER_SHARD] = max(1, min(limit, _BARRIERS_MAX))
    lanes = [shard for shard in shards if shard in LANE_SHARDS]
    is_busy = sum(count for shard, count in taken.items() if shard < OUTBOX_SHARDS) >= limit // 2
    return shares | _spread(taken, lanes, max(1, min(limit // _LANE_BESIDE_LIVE if is_busy else limit, _LANE_MAX)))


def _spread(taken: Mapping[int, int], shards: Sequence[int], limit: int) -> dict[int, int]:
    """A backlog of one customer lies in one shard, so a shard that gave its whole share before gets what the quiet
    ones will not need; a quiet shard keeps a small share, so that it never waits for a busy one.
    """
    if not shards:
        return {}
    fair = max(1, limit // len(shards))
    small = max(1, fair // 8)
    busy = [shard for shard in shards if taken.get(shard, 0) >= small]
    if not busy or len(busy) == len(shards):
        return dict.fromkeys(shards, fair)
    share = max(1, (limit - small * (len(shards) - len(busy))) // len(busy))
    return {shard: share if shard in busy else small for shard in shards}


class Pace:
    """How long to wait before the next look, in seconds, and how many rows to take at most.

    While rows come in full rounds there is no wait; at low load it is the shortest, and grows to the longest while
    nothing comes. A round that fails halves the number of rows, so that the one message that a broker refuses is
    found in a few rounds.
    """

    def __init__(self, *, limit: int, poll_min: float, poll_max: float) -> None:
        self.limit = limit
        self._limit_max = limit
        self._poll_min = poll_min
        self._poll_max = poll_max
        self._wait = poll_min

    @property
    def idle(self) -> bool:
        """Nothing was found in the last round."""
        return self._wait > self._poll_min

    def sent(self, rows: int, *, more: bool) -> float:
        """A round went well with so many rows, and surely left more. Gives the seconds to wait."""
        self.limit = min(self._limit_max, self.limit * 2)
        if rows == 0:
            self._wait = min(self._poll_max, max(self._wait, self._poll_min) * 1.5)
            return self._wait
        self._wait = self._poll_min
        return 0.0 if more else self._poll_min

    def failed(self) -> None:
        """A round was rolled back."""
        self.limit = max(1, self.limit // 2)
