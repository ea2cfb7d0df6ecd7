"""What an order is judged by beside itself: fixed when it first earns, and kept with it. Pure.

Later knowledge of the order is judged by the same context, so that what it earns follows from the order alone, and can
be told again at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from services.loyalty.programmes import Programme
from shared.kernel import moment_of

Per = Literal["day", "month", "total"]
ALL_RULES = ""


class Context(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Encoded as JSON where it is kept."""

    version: int
    """Of the programme: that in force when the order was first completed."""
    zone: str
    """IANA name: the shop's at that time."""
    number: int = 1
    """Which of the customer's orders it is, or which interaction of the name; from 1."""
    tier: str = ""
    """Id; empty: none."""
    segments: tuple[str, ...] = ()
    used: dict[str, int] = {}
    """Points earned before within each cap, by `Limit.key`; what is not named has used nothing."""


class Limit(NamedTuple):
    """A cap for which somebody must count what was earned before."""

    rule: str
    """`ALL_RULES`: of all together."""
    per: Per

    @property
    def key(self) -> str:
        """As `Context.used` has it; no id of a rule holds a colon."""
        return f"{self.rule}:{self.per}"


@lru_cache(maxsize=256)
def limits_of(programme: Programme) -> tuple[Limit, ...]:
    """What must be counted for the caps of a programme; nothing for most."""
    rooms = [(ALL_RULES, programme.caps), *((rule.id, rule.caps) for rule in programme.rules)]
    return tuple(Limit(rule, cap.per) for rule, caps in rooms for cap in caps if cap.per != "order")


def used_before(limits: tuple[Limit, ...], earned: Mapping[tuple[str, Per], int]) -> dict[str, int]:
    """For `Context.used`, from the points that each rule has earned in the period of the purchase, before it."""
    used: dict[str, int] = {}
    for limit in limits:
        rules = {rule for rule, per in earned if per == limit.per and limit.rule in (ALL_RULES, rule)}
        points = sum(earned[rule, limit.per] for rule in rules)
        if points:
            used[limit.key] = points
    return used


class LocalTime(NamedTuple):
    """An instant in the shop's zone."""

    day: int
    """`date.toordinal()`."""
    minute: int
    """Of the day as its clocks show it."""

    @property
    def weekday(self) -> int:
        """0 is Monday."""
        return (self.day + 6) % 7


@lru_cache(maxsize=4096)
def local_time(at: int, zone: str) -> LocalTime:
    """Microseconds since 1970 as a shop's clocks show them."""
    local = moment_of(at).astimezone(_zone(zone))
    return LocalTime(local.toordinal(), local.hour * 60 + local.minute)


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
