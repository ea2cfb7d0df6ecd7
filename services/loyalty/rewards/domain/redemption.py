"""What becomes of a reward that somebody asked for. Pure: one table of what may follow what.

held → granted or used by the checkout, released by it, or lapsed when its time is over; granted → used or expired;
granted or used → revoked, by staff or, an entitlement, with its order. One that was revoked with its order is used
again when the order stands again.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from types import MappingProxyType
from typing import Literal, NamedTuple

NOTHING_TOLD = 32_767
WITH_ORDER = "order"
"""Why one was revoked whose order was cancelled or wholly refunded."""
Reason = Literal["customer", "mistake", "abuse", "other"]
"""Why staff revoke one: a word, so that there is nothing to erase."""


class State(IntEnum):
    """Where a redemption stands."""

    HELD = 1
    GRANTED = 2
    USED = 3
    RELEASED = 4
    LAPSED = 5
    EXPIRED = 6
    REVOKED = 7


FOLLOWS: MappingProxyType[State, frozenset[State]] = MappingProxyType(
    {
        State.HELD: frozenset({State.GRANTED, State.USED, State.RELEASED, State.LAPSED}),
        State.GRANTED: frozenset({State.USED, State.EXPIRED, State.REVOKED}),
        State.USED: frozenset({State.REVOKED}),
        State.RELEASED: frozenset(),
        State.LAPSED: frozenset(),
        State.EXPIRED: frozenset(),
        State.REVOKED: frozenset(),
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
    revoked_at: datetime | None = None
    revoked_why: str | None = None
    """`order`, or the word that staff gave."""
    due_day: int | None = None
    """Day of the shop on which its customer is next to be told of its end, or it ends; None: on none."""


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
    return one._replace(state=wanted, due_day=None)


def revoked(one: Redemption, why: str, now: datetime, *, lasts: bool) -> Redemption | Trouble:
    """The redemption once it is taken back, or why it cannot be. `lasts`: what it gives can be taken back after use."""
    if one.state is State.USED and not lasts:
        return Trouble("used-before", "it was used before; what can be taken back after that are entitlements")
    if one.state is State.HELD:
        return Trouble("not-granted", "nothing was granted yet; release it")
    after = step(one, State.REVOKED, now)
    if isinstance(after, Trouble) or after is one:
        return after
    return after._replace(revoked_at=now, revoked_why=why)


def followed(one: Redemption, *, void: bool, now: datetime) -> Redemption:
    """An entitlement as its order has it. `void`: the order was cancelled at last or wholly refunded."""
    if void and one.state is State.USED:
        return one._replace(state=State.REVOKED, revoked_at=now, revoked_why=WITH_ORDER)
    if not void and one.state is State.REVOKED and one.revoked_why == WITH_ORDER:
        return one._replace(state=State.USED, revoked_at=None, revoked_why=None)
    return one
