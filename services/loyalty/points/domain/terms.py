"""What the shop's programme says of its ledger, and how far ahead a lot's expiry is announced. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from services.loyalty.points.domain.buckets import NEVER
from services.loyalty.points.domain.model import NOTHING_TOLD, Lot
from shared.kernel import DayOrdinal, Zone, us_of


class DebtPolicy(IntEnum):
    """What happens to points that are clawed back after they were spent."""

    DEBT = 1
    """The balance goes below zero; whatever points there are, and come, repay."""
    LATER = 2
    """Points that are earned later repay; those that stand are left alone."""
    PARTIAL = 3
    """What stands is taken; the shop bears the rest."""


class Terms(NamedTuple):
    """Of a shop and its programme."""

    slug: str
    zone: Zone
    policy: DebtPolicy = DebtPolicy.DEBT
    notices: tuple[int, ...] = (30, 7, 1)
    """Days ahead at which an expiry is announced, the longest first."""
    restored_days: int = 0
    """Points that are given back after their expiry can be spent for so many days more; 0: they expire at once."""
    streams: bool = False
    """Whether the shop's time goes by its events."""

    def start_of(self, day: int) -> int:
        """When a day begins, microseconds since 1970."""
        return us_of(self.zone.start_of(DayOrdinal(day)))


def passed(notices: Sequence[int], expires_day: int, day: int) -> int:
    """The shortest lead that lies behind a lot which becomes active on a day: nobody needs to be told of it."""
    return min((lead for lead in notices if expires_day - day <= lead), default=NOTHING_TOLD)


def due_of(lot: Lot, notices: Sequence[int]) -> int:
    """The day on which something happens to a lot by itself next."""
    if lot.pending:
        return lot.starts_day
    if lot.remaining:
        return next_notice(notices, lot.expires_day, lot.noticed)
    return NEVER


def next_notice(notices: Sequence[int], expires_day: int, noticed: int) -> int:
    """The day of the next announcement, or of the expiry itself."""
    if expires_day == NEVER:
        return NEVER
    return expires_day - max((lead for lead in notices if lead < noticed), default=0)
