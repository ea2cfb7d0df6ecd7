"""The one form of all systems: pure functions that give addresses and read answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

Headers = Mapping[str, str]
"""By names in lower case."""


class Head(NamedTuple):
    """An order of a page: as it came, and what is needed to ask further."""

    raw: bytes
    id: int
    updated: datetime
    has_refunds: bool = False


class Found(NamedTuple):
    """A page, read."""

    heads: list[Head]
    is_last: bool
    next_url: str = ""


class Question(NamedTuple):
    """What else must be asked for a page."""

    key: str
    url: str


class System(NamedTuple):
    """What is known of one system's API. All functions are pure."""

    vendor: str
    headers: Callable[[str], dict[str, str]]
    """With which the token is shown."""
    url: Callable[[str, datetime, int], str]
    """(base, since, page): orders by the time of their last change, the oldest first."""
    read: Callable[[bytes, Headers, int], Found]
    """(body, headers, page). Raises msgspec's errors, ValueError, TypeError, and OverflowError for odd times."""
    questions: Callable[[str, Sequence[Head]], list[Question]]
    """What else to ask for the orders of a page."""
    documents: Callable[[Sequence[Head], Mapping[str, bytes]], list[bytes]]
    """Each order as its adaptor reads it. Raises msgspec's errors."""
    pause: Callable[[Headers], float]
    """Seconds to wait before the next call."""
    hidden: str = ""
    """Added to the address it gives orders that are left out otherwise: deleted ones."""


def in_utc(instant: datetime) -> datetime:
    """The instant; one without offset is in UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def nothing_else(_base: str, _heads: Sequence[Head]) -> list[Question]:
    """Of systems whose orders hold everything."""
    return []


def as_they_came(heads: Sequence[Head], _answers: Mapping[str, bytes]) -> list[bytes]:
    """The same."""
    return [head.raw for head in heads]


def no_pause(_headers: Headers) -> float:
    """Of systems that do not tell their limits."""
    return 0.0
