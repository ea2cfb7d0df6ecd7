"""Erasures: who is asked, what an erasure is worth as evidence, and whether a text tells of a person. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from shared.kernel import CustomerId, ShopId

Reason = Literal["request", "objection", "withdrawn", "unlawful", "inactive"]
ASKED = ("campaigns", "feedback", "gateway", "loyalty", "metrics")
"""Services that must answer."""
REFERENCE = r"^[A-Za-z0-9._/#-]{0,64}$"
"""Numbers of the shop's own files: no free text, which could hold something personal."""
OVERDUE_AFTER = timedelta(hours=1)
SEARCH_TIMER = "erasure_search"
"""Kind of the timer that looks through dead letters, some hundred at a time. Its identity is the erasure's id."""
OVERDUE_TIMER = "erasure_overdue"
_MONTH_DAYS = 30.4375
_TEXTS_MAX = 20_000
# What an identifier can look like in a text: an address, or a number with its signs.
_EMAIL = re.compile(r"[^\s\"'<>,;:()\[\]{}\\]{1,64}@(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}")
_NUMBER = re.compile(r"\+?\d[\d\s().-]{2,38}\d")
_SURROGATE = re.compile(r"\b[0-7][0-9a-v]{12}\b")
# Fields that hold the shop's own id of a person. Elsewhere a short number says nothing of anybody.
_ID_FIELDS = frozenset({"customerid", "userid", "previousid", "visitor", "anonymousid"})
_PERSON_FIELDS = frozenset({"customer", "user"})
_ID_IN_TEXT = re.compile(
    r"[\"']?(?:(?:customer|user|previous|anonymous)_?id|visitor)[\"']?\s*[:=]\s*[\"']?([^\s\"',}\]]{1,200})",
    re.IGNORECASE,
)


class Text(NamedTuple):
    """Something in a body that may be an identifier."""

    text: str
    may_be_id: bool
    """It stands where the shop's own id of a person stands."""


class Erasure(NamedTuple):
    """One erasure as it is kept."""

    erasure_id: str
    shop: ShopId
    customer: CustomerId
    reason: Reason
    reference: str
    asked: tuple[str, ...]
    requested_at: datetime
    erased_at: datetime | None = None
    completed_at: datetime | None = None
    raw_cleared_at: datetime | None = None
    term_months: int | None = None
    """Nobody asked for it but the shop's term: it is dropped when the person was heard of meanwhile."""


class Answered(NamedTuple):
    """What one service answered."""

    service: str
    answered_at: datetime
    removed: dict[str, int]
    kept: dict[str, int]


def waiting(erasure: Erasure, answers: list[Answered]) -> list[str]:
    """Services that have not answered yet."""
    answered = {one.service for one in answers}
    return [service for service in erasure.asked if service not in answered]


def is_overdue(erasure: Erasure, now: datetime) -> bool:
    """Whether somebody should look why it is not complete."""
    return erasure.completed_at is None and now - erasure.requested_at > OVERDUE_AFTER


def inactive_since(months: int, now: datetime) -> datetime:
    """Whoever was heard of since is active."""
    return now - timedelta(days=round(months * _MONTH_DAYS))


def texts_of(body: bytes) -> Iterator[Text]:
    """Whatever in a body may be an identifier, bounded. One that is no JSON is searched as text.

    A value is given whole, and so is each address and number within, so that a phone in a note is found.
    """
    seen: set[Text] = set()
    for value in _values(body):
        text = value.text
        parts = [*_EMAIL.findall(text), *_NUMBER.findall(text), *_SURROGATE.findall(text)]
        for one in (value, *(Text(part, may_be_id=False) for part in parts)):
            if one not in seen:
                seen.add(one)
                yield one
                if len(seen) >= _TEXTS_MAX:
                    return


def _values(body: bytes) -> Iterator[Text]:
    text = body.decode("utf-8", errors="replace")
    try:
        value = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        yield Text(text, may_be_id=False)
        yield from (Text(found, may_be_id=True) for found in _ID_IN_TEXT.findall(text))
        return
    pending: list[tuple[Any, str, str]] = [(value, "", "")]
    while pending:
        item, key, above = pending.pop()
        if isinstance(item, str):
            yield Text(item, key in _ID_FIELDS or (key == "id" and above in _PERSON_FIELDS))
        elif isinstance(item, dict):
            yield from (Text(name, may_be_id=False) for name in item)
            pending += [(part, name.casefold().replace("_", ""), key) for name, part in item.items()]
        elif isinstance(item, list):
            pending += [(part, key, above) for part in item]
