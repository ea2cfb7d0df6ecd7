"""When a shop's time goes on: once every partition of the raw topic has told that it did. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

Origin = Literal["live", "backfill"]

PARTITIONS_MAX = 4_096
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FUTURE_MAX = timedelta(minutes=5)


class Refusal(Exception):
    """The event cannot be used. `reason` is for machines; `detail` names the field and the remedy."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class Told(NamedTuple):
    """What one partition of the raw topic says: all events of the shop that occurred before `until` were in it."""

    until: datetime
    origin: Origin
    partitions: int
    """Of how many partitions."""


class Step(NamedTuple):
    """Time goes on to here."""

    until: datetime
    origin: Origin


def check(told: Told, partition: int, received: datetime) -> None:
    """Raises Refusal for what would move a clock wrongly. `partition`: where it came; `received`: when."""
    if told.until.tzinfo is None:
        raise Refusal("bad_time", "until: must carry an offset, such as Z or +03:30")
    if told.until < _EPOCH:
        raise Refusal("bad_time", "until: lies before 1970")
    if told.until > received + _FUTURE_MAX:
        raise Refusal("in_future", "until: lies more than 5 minutes in the future; replay when that time has come")
    if not partition < told.partitions <= PARTITIONS_MAX:
        raise Refusal("bad_partitions", "partitions: give the number of partitions of the topic, all of which it is in")
    if told.origin not in ("live", "backfill"):
        raise Refusal("bad_origin", "origin: must be live or backfill")


def furthest(told: Sequence[Told]) -> Told:
    """The one of several of a partition that lies furthest."""
    return max(told, key=lambda one: one.until)


def steps(before: datetime | None, standing: Mapping[int, Told], heard: Sequence[Told]) -> list[Step]:
    """How the shop's time goes on, in order. `before`: where it stood, None when it has never begun.

    `standing` is what each partition has told, this batch included; `heard` is what was told in this batch. Time
    stands at the least of all partitions. On its way there it stops wherever one of them did: the partition that it
    waited for has passed all these places in this batch, so that no place is left out, whatever the size of batches.
    """
    if not standing or len(standing) < max(one.partitions for one in standing.values()):
        return []  # some partition has not told yet
    least = min(one.until for one in standing.values())
    if before is not None and least <= before:
        return []
    places = {least} | {one.until for one in heard if one.until < least and (before is None or one.until > before)}
    origins = {one.origin for one in (*standing.values(), *heard) if one.until in places}
    origin: Origin = "live" if origins == {"live"} else "backfill"
    return [Step(until, origin) for until in sorted(places)]
