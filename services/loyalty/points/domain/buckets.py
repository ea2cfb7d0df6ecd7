"""Where points lie, and every way in which they may move. Pure.

An entry of the ledger moves points out of one bucket (debit) into another (credit), so that debits equal credits by
construction. Four buckets are the member's, the others the shop's.
"""

from __future__ import annotations

from enum import IntEnum
from types import MappingProxyType
from typing import Literal

POINTS_MAX = 10**9
"""Of one entry. Balances are sums of these and are kept as int64."""
NEVER = 2**31 - 1
"""As a day: never, or not known yet."""


class Bucket(IntEnum):
    """Where points lie. What a member owes is a debt: the balance of OWED is never above 0."""

    PENDING = 1
    ACTIVE = 2
    HELD = 3
    OWED = 4
    ISSUED = 11
    REDEEMED = 12
    EXPIRED = 13
    REVERSED = 14
    ADJUSTED = 15


MEMBERS_OWN = (Bucket.PENDING, Bucket.ACTIVE, Bucket.HELD, Bucket.OWED)


class Kind(IntEnum):
    """What an entry does."""

    EARN = 1
    RAISE = 2
    """What was earned turned out to be worth more."""
    ACTIVATE = 3
    HOLD = 4
    RELEASE = 5
    CAPTURE = 6
    SPEND = 7
    RESTORE = 8
    """Points spent are given back."""
    EXPIRE = 9
    REINSTATE = 10
    """What had expired, or had been clawed back, stands again."""
    CLAW_BACK = 11
    OWE = 12
    """Clawed back though it was spent: a debt."""
    FORGIVE = 13
    """Clawed back though it was spent: the shop bears it."""
    REPAY = 14
    ADJUST = 15
    RESCHEDULE = 16
    """A lot's points get another expiry."""


_P, _A, _H, _OWED = MEMBERS_OWN
_ISSUED, _REDEEMED, _EXPIRED, _REVERSED, _ADJUSTED = (
    Bucket.ISSUED, Bucket.REDEEMED, Bucket.EXPIRED, Bucket.REVERSED, Bucket.ADJUSTED,
)  # fmt: skip

Column = Literal[
    "earned", "pending", "remaining", "held", "spent", "repaid", "expired", "reversed", "adjusted", "owed", "forgiven"
]
Effects = tuple[tuple[Column, int], ...]
COLUMNS: tuple[Column, ...] = (
    "earned", "pending", "remaining", "held", "spent", "repaid", "expired", "reversed", "adjusted", "owed", "forgiven",
)  # fmt: skip
"""Of a lot: earned = pending + remaining + held + spent + repaid + expired + reversed + adjusted.

`owed` and `forgiven` count what was clawed back of points that were no longer there.
"""

Route = tuple[Kind, Bucket, Bucket]
ROUTES: MappingProxyType[Route, Effects] = MappingProxyType(
    {
        (Kind.EARN, _ISSUED, _P): (("earned", 1), ("pending", 1)),
        (Kind.EARN, _ISSUED, _A): (("earned", 1), ("remaining", 1)),
        (Kind.RAISE, _ISSUED, _P): (("earned", 1), ("pending", 1)),
        (Kind.RAISE, _ISSUED, _A): (("earned", 1), ("remaining", 1)),
        (Kind.ACTIVATE, _P, _A): (("pending", -1), ("remaining", 1)),
        (Kind.HOLD, _A, _H): (("remaining", -1), ("held", 1)),
        (Kind.RELEASE, _H, _A): (("held", -1), ("remaining", 1)),
        (Kind.CAPTURE, _H, _REDEEMED): (("held", -1), ("spent", 1)),
        (Kind.SPEND, _A, _REDEEMED): (("remaining", -1), ("spent", 1)),
        (Kind.RESTORE, _REDEEMED, _A): (("spent", -1), ("remaining", 1)),
        (Kind.EXPIRE, _A, _EXPIRED): (("remaining", -1), ("expired", 1)),
        (Kind.REINSTATE, _EXPIRED, _A): (("expired", -1), ("remaining", 1)),
        (Kind.REINSTATE, _REVERSED, _P): (("reversed", -1), ("pending", 1)),
        (Kind.REINSTATE, _REVERSED, _A): (("reversed", -1), ("remaining", 1)),
        (Kind.REINSTATE, _REVERSED, _OWED): (("owed", -1),),
        (Kind.REINSTATE, _REVERSED, _ADJUSTED): (("forgiven", -1),),
        (Kind.REINSTATE, _OWED, _A): (("repaid", -1), ("remaining", 1)),
        (Kind.CLAW_BACK, _P, _REVERSED): (("pending", -1), ("reversed", 1)),
        (Kind.CLAW_BACK, _A, _REVERSED): (("remaining", -1), ("reversed", 1)),
        (Kind.CLAW_BACK, _EXPIRED, _REVERSED): (("expired", -1), ("reversed", 1)),
        (Kind.OWE, _OWED, _REVERSED): (("owed", 1),),
        (Kind.FORGIVE, _ADJUSTED, _REVERSED): (("forgiven", 1),),
        (Kind.REPAY, _A, _OWED): (("remaining", -1), ("repaid", 1)),
        (Kind.ADJUST, _ADJUSTED, _A): (("earned", 1), ("remaining", 1)),
        (Kind.ADJUST, _A, _ADJUSTED): (("remaining", -1), ("adjusted", 1)),
        (Kind.RESCHEDULE, _P, _P): (),
        (Kind.RESCHEDULE, _A, _A): (),
    }
)
"""Every way there is, and what it changes of the lot that it moves."""

BEGINS: frozenset[tuple[Kind, Bucket]] = frozenset({(Kind.EARN, _ISSUED), (Kind.ADJUST, _ADJUSTED)})
"""Entries that begin a lot, by kind and debit."""

Happening = Literal["earned", "activated", "redeemed", "expired", "clawed_back", "restored"]

_HAPPENINGS: dict[Kind, Happening] = {
    Kind.EARN: "earned",
    Kind.RAISE: "earned",
    Kind.ACTIVATE: "activated",
    Kind.SPEND: "redeemed",
    Kind.CAPTURE: "redeemed",
    Kind.RESTORE: "restored",
    Kind.REINSTATE: "restored",
    Kind.EXPIRE: "expired",
    Kind.CLAW_BACK: "clawed_back",
    Kind.OWE: "clawed_back",
    Kind.FORGIVE: "clawed_back",
}


def happening(kind: Kind, debit: Bucket) -> Happening | None:
    """What a customer notices of an entry; None: nothing. Those of one transaction and name are told as one."""
    if kind is Kind.ADJUST:
        return "earned" if debit is Bucket.ADJUSTED else "clawed_back"
    return _HAPPENINGS.get(kind)
