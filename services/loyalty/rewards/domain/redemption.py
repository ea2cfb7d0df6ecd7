"""What becomes of a reward that somebody asked for. Pure: one table of what may follow what.

held → granted or used by the checkout, released by it, or lapsed when its time is over; granted → used or expired.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from types import MappingProxyType
from typing import NamedTuple

from shared.kernel import DayOrdinal, Zone

NOTHING_TOLD = 32_767


class State(IntEnum):
    """Where a redemption stands."""

    HELD = 1
    GRANTED = 2
    USED = 3
    RELEASED = 4
    LAPSED = 5
    EXPIRED = 6


FOLLOWS: MappingProxyType[State, frozenset[State]] = MappingProxyType(
    {
        State.HELD: frozenset({State.GRANTED, State.USED, State.RELEASED, State.LAPSED}),
        State.GRANTED: frozenset({State.USED, State.EXPIRED}),
        State.USED: frozenset(),
        State.RELEASED: frozenset(),
        State.LAPSED: frozenset(),
        State.EXPIRED: frozenset(),
    }
)


class Redemption(NamedTuple):
    """One that was asked for. Its id is the ledger's name of the hold."""

    id: str
    customer: int
    reward: str
    version: int
    state: State
    points: int
    worth: int
    currency: str
    period: str
    """In which it counts against the customer's limit."""
    asked_at: datetime
    until: datetime
    """Of the hold."""
    granted_at: datetime | None = None
    ends_at: datetime | None = None
    used_at: datetime | None = None
    order_id: str | None = None
    noticed: int = NOTHING_TOLD
    """The shortest lead at which its expiry was announced."""
    actor: str = ""


class Trouble(NamedTuple):
    """Why a redemption stays as it is."""

    code: str
    detail: str


def step(one: Redemption, wanted: State, now: datetime) -> Redemption | Trouble:
    """The redemption in another state, or why not. One that is in it already stays as it is."""
    if one.state is wanted or (wanted is State.GRANTED and one.state is State.USED):
        return one
    if wanted not in FOLLOWS[one.state]:
        return Trouble("redemption-ended", f"it is {one.state.name.lower()}; ask for another one")
    if one.state is State.HELD and wanted in (State.GRANTED, State.USED) and now >= one.until:
        return Trouble("hold-over", "the time of the hold is over; ask for another one")
    if one.state is State.HELD and wanted is State.LAPSED and now < one.until:
        return Trouble("not-due", "the hold still has time")
    if one.state is State.GRANTED and wanted is State.USED and one.ends_at is not None and now >= one.ends_at:
        return Trouble("reward-expired", "it has expired")
    return one._replace(state=wanted)


def next_notice(ends_at: datetime, reminders: tuple[int, ...], noticed: int, zone: Zone) -> datetime:
    """When somebody is to be told next that it expires; the expiry itself where nothing is left to tell."""
    lead = max((days for days in reminders if days < noticed), default=0)
    return ends_at if not lead else zone.start_of(DayOrdinal(zone.day_of(ends_at) - lead))


def passed(ends_at: datetime, reminders: tuple[int, ...], now: datetime, zone: Zone) -> int:
    """The shortest lead that lies behind at an instant: nobody needs to be told of it."""
    left = zone.day_of(ends_at) - zone.day_of(now)
    return min((days for days in reminders if left <= days), default=NOTHING_TOLD)
