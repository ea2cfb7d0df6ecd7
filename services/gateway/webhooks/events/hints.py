"""Webhooks that tell no more than that something changed: whoever they are from, the order is read from the shop's API.

They carry the connection's secret in a header that the shop sends with each of them. A hint that somebody repeats
only makes us look once more.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime

from services.gateway.webhooks.domain import SECRET_LENGTH_MIN
from services.gateway.webhooks.events.forms import Headers, Told

HEADER = "x-mandegar-secret"


def names_secret(_body: bytes, headers: Headers, secrets: Sequence[str], _now: datetime) -> bool:
    """Whether the header is one of the secrets, each compared in constant time."""
    given = headers.get(HEADER, "").strip().encode("utf-8", "replace")
    found = False
    for secret in secrets:
        found |= len(secret) >= SECRET_LENGTH_MIN and hmac.compare_digest(secret.encode(), given)
    return found


def tells_nothing(_topic: str, _payload: bytes, _headers: Headers) -> list[Told]:
    """A hint has no order in it."""
    return []


def no_ping(_body: bytes, _headers: Headers) -> bool:
    """These systems send no questions of their own."""
    return False
