"""Addresses that messages do not reach: which bounces say so, and of what sequence of them. Pure.

What holds is worked out of all that came back, in the order in which it happened; so it is the same however often, and
in whatever order, reports come in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum
from typing import Literal, NamedTuple

MARKED = frozenset({"email", "sms"})
"""Channels whose addresses may turn out to be none. A browser that is gone is forgotten."""
# Of RFC 3463: there is no such mailbox or system, or it takes nothing. 5.2.2 is full, 5.3 and 5.4 are troubles that
# pass; 5.7 says that we are not welcome, which is no word on the address.
_NOBODY = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"})
_NOBODY_BASIC = frozenset({"511", "513", "521", "550", "551", "553", "556"})
"""Of RFC 5321 and 7504, where no enhanced code stands beside it."""
_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_BASIC = re.compile(r"(?<!\d)([45]\d\d)(?!\d)")
_FILTERED = frozenset({"30007"})
"""A network that takes a text message for spam."""


class Bounce(Enum):
    """What a bounce says of the address."""

    HARD = "hard"
    """Nobody is there."""
    SOFT = "soft"
    """Not now."""
    REFUSED = "refused"
    """Nothing: it is the sender, or the message, that is refused."""


class Fact(NamedTuple):
    """What came of one message to an address."""

    at: datetime
    message: str
    delivered: bool
    hard: bool
    code: str


class Limits(NamedTuple):
    """So many soft bounces in a row, within so long, and an address is left alone."""

    times: int = 3
    window: timedelta = timedelta(days=14)


class Fault(NamedTuple):
    """Why nothing is sent to an address."""

    reason: Literal["hard_bounce", "soft_bounces"]
    since: datetime
    message: str
    """The one that showed it."""
    code: str


def bounce_of(code: str) -> Bounce:
    """What a code says: a server's words with an enhanced status (RFC 3463) or a reply code in them, or a provider's
    number for a network that filters."""
    if (enhanced := _ENHANCED.search(code)) is not None:
        if enhanced[2] == "7":
            return Bounce.REFUSED
        return Bounce.HARD if enhanced[0] in _NOBODY else Bounce.SOFT
    if code in _FILTERED:
        return Bounce.REFUSED
    basic = _BASIC.search(code)
    return Bounce.HARD if basic is not None and basic[0] in _NOBODY_BASIC else Bounce.SOFT


def fault(facts: Iterable[Fact], lifted_at: datetime | None, limits: Limits) -> Fault | None:
    """Why an address is left alone; None: it is not.

    A hard bounce stands until staff lift it. Soft ones stand while they are the last that happened, as many in a row as
    the limit within its window; a message that arrives ends the row. What was before a lift says nothing.
    """
    row: list[Fact] = []
    found: Fault | None = None
    for one in sorted(facts):
        if lifted_at is not None and one.at <= lifted_at:
            continue
        if one.delivered:
            row, found = [], None
        elif one.hard:
            return Fault("hard_bounce", one.at, one.message, one.code)
        elif bounce_of(one.code) is not Bounce.REFUSED:
            row.append(one)
            first = row[-limits.times] if len(row) >= limits.times else None
            if found is None and first is not None and one.at - first.at <= limits.window:
                found = Fault("soft_bounces", one.at, one.message, one.code)
    return found
