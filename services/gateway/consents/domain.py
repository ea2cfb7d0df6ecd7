"""Which statement holds: the one that occurred last, in whatever order they come and however often. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from shared.contracts.consents import Channel, ConsentState
from shared.kernel import CustomerId, customer_id_text, derive_event_id

_CAUTION: dict[ConsentState, int] = {"given": 0, "pending": 1, "withdrawn": 2}
"""Of two statements of one instant the more cautious one holds."""


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
    """What holds, by channel and purpose; also for a person of several identities."""
    found: dict[tuple[str, str], Statement] = {}
    for one in statements:
        key = (one.channel, one.purpose)
        if key not in found or _order(one) > _order(found[key]):
            found[key] = one
    return [found[key] for key in sorted(found)]


def _order(one: Statement) -> tuple[datetime, int, str]:
    return one.occurred_at, _CAUTION[one.state], one.record
