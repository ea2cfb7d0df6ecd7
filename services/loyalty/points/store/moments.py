"""Instants as the domain has them, microseconds since 1970, and as PostgreSQL takes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


def moment(us: int) -> datetime:
    """The instant."""
    return _EPOCH + timedelta(microseconds=us)


def us(instant: datetime) -> int:
    """The number."""
    return (instant - _EPOCH) // _US
