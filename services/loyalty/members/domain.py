"""Who is a member since when, and when not. Pure.

A membership is of an identity; a person is a member where one of their identities is. Joining is knowledge that only
joins: the earliest instant counts, whatever order the reasons came in. Instants are microseconds of the Unix epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Literal, NamedTuple

CHANGES_MAX = 500
"""Of one membership: leaving, blocking and coming back."""


class State(IntEnum):
    """What a member is now."""

    ACTIVE = 1
    LEFT = 2
    BLOCKED = 3


class How(IntEnum):
    """How a member joined. Of two at one instant, the lesser stands."""

    EVENT = 1
    FIRST_ORDER = 2
    HTTP = 3


class Absence(NamedTuple):
    """A time in which a member earned nothing."""

    since: int
    until: int | None
    """None: it lasts."""
    state: State
    reason: str
    actor: str


class Membership(NamedTuple):
    """Somebody is a member from an instant on."""

    at: int
    how: How


class Member(NamedTuple):
    """An identity that joined."""

    customer: int
    joined: Membership
    absences: tuple[Absence, ...] = ()

    @property
    def state(self) -> State:
        """What they are now."""
        return State.ACTIVE if not self.absences or self.absences[-1].until is not None else self.absences[-1].state

    def covers(self, at: int) -> bool:
        """Whether what happened at an instant earns."""
        if at < self.joined.at:
            return False
        return not any(one.since <= at and (one.until is None or at < one.until) for one in self.absences)


def memberships(told: Iterable[tuple[tuple[int, int], Membership]]) -> dict[tuple[int, int], Membership]:
    """Of all that say that somebody joined, the earliest, by shop and identity."""
    found: dict[tuple[int, int], Membership] = {}
    for key, one in told:
        found[key] = min(one, found.get(key, one))
    return found


def covering(identities: Iterable[int], own: int, members: Mapping[int, Member], at: int) -> int | None:
    """By which of a person's identities something of `own` earns: by itself, else by the least that is a member."""
    for identity in (own, *identities):
        member = members.get(identity)
        if member is not None and member.covers(at):
            return identity
    return None


Change = Literal["leave", "block", "unblock", "join"]


class Refused(NamedTuple):
    """Why a membership stays as it is."""

    reason: str
    """`not_a_member`, `already`, `blocked`, `too_often`."""
    detail: str


class Wish(NamedTuple):
    """What somebody asks for."""

    change: Change
    at: int
    reason: str
    actor: str


def changed(member: Member | None, customer: int, wish: Wish) -> Member | Refused:
    """The member after staff, or they themselves, asked for a change."""
    change, now = wish.change, wish.at
    if member is None:
        if change != "join":
            return Refused("not_a_member", "the customer is no member")
        return Member(customer, Membership(now, How.HTTP))
    if len(member.absences) >= CHANGES_MAX:
        return Refused("too_often", f"a membership changes at most {CHANGES_MAX} times")
    state = member.state
    wanted = {"leave": State.LEFT, "block": State.BLOCKED, "unblock": State.ACTIVE, "join": State.ACTIVE}[change]
    if state is wanted or (change == "unblock" and state is State.LEFT):
        return Refused("already", f"the member is {state.name.lower()}")
    if state is State.BLOCKED and change != "unblock":
        return Refused("blocked", "the member is blocked; unblock them first")
    absences = member.absences
    if absences and absences[-1].until is None:
        absences = (*absences[:-1], absences[-1]._replace(until=max(now, absences[-1].since)))
    if wanted is not State.ACTIVE:
        absences = (*absences, Absence(now, None, wanted, wish.reason, wish.actor))
    return member._replace(absences=absences)
