"""Which statement holds: the one that occurred last, in whatever order they come and however often. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from shared.contracts.consents import Channel, ConsentState
from shared.kernel import CustomerId, customer_id_text, derive_event_id

_CAUTION: dict[ConsentState, int] = {"given": 0, "pending": 1, "withdrawn": 2}
"""Of two statements of one instant the more cautious one holds."""
EVERY_PURPOSE = "all"
"""Withdrawn for it, a channel is withdrawn for every purpose: whoever unsubscribes names none."""


class Statement(NamedTuple):
    """What somebody said of one channel and purpose."""

    customer: CustomerId
    channel: Channel
    purpose: str
    state: ConsentState
    occurred_at: datetime
    source: str
    record: str
    """Id: the same statement has the same, so that a repetition is none."""
    evidence: str | None = None


def record_id(shop: str, one: Statement) -> str:
    """The id of a statement; evidence is no part of what was said."""
    us = int(one.occurred_at.timestamp() * 1_000_000)
    cause = "\x1f".join((customer_id_text(one.customer), one.channel, one.purpose, one.state, str(us), one.source))
    return derive_event_id(us // 1000, shop, cause, "consent")


def standing(statements: Iterable[Statement]) -> list[Statement]:
    """What holds, by channel and purpose; also for a person of several identities.

    A withdrawal for every purpose holds for each of which nothing was said since.
    """
    found: dict[tuple[str, str], Statement] = {}
    ended: dict[str, Statement] = {}
    for one in statements:
        key = (one.channel, one.purpose)
        if key not in found or _order(one) > _order(found[key]):
            found[key] = one
        if one.purpose == EVERY_PURPOSE and one.state == "withdrawn":
            known = ended.get(one.channel)
            ended[one.channel] = one if known is None or _order(one) > _order(known) else known
    return [_unless_ended(found[key], ended.get(key[0])) for key in sorted(found)]


def changes(before: Iterable[Statement], after: Iterable[Statement]) -> list[str]:
    """`channel/purpose` of which something else holds now."""
    held = {(one.channel, one.purpose): one.record for one in before}
    return [f"{one.channel}/{one.purpose}" for one in after if held.get((one.channel, one.purpose)) != one.record]


def _unless_ended(one: Statement, ended: Statement | None) -> Statement:
    if ended is None or _order(one) > _order(ended):
        return one
    return ended._replace(purpose=one.purpose)


def _order(one: Statement) -> tuple[datetime, int, str]:
    return one.occurred_at, _CAUTION[one.state], one.record
