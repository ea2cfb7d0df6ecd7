"""Instants as whole microseconds since 1970, as pure code counts them, and as the standard library has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def moment_of(us: int) -> datetime:
    """The instant, in UTC."""
    return _EPOCH + us * _MICROSECOND


def us_of(instant: datetime) -> int:
    """Microseconds since 1970. The instant has a zone."""
    return (instant - _EPOCH) // _MICROSECOND
