"""Webhooks that tell no more than that something changed: whoever they are from, the order is read from the shop's API.

They carry the connection's secret in a header that the shop sends with each of them. A hint that somebody repeats
only makes us look once more.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from services.gateway.webhooks.domain import SECRET_LENGTH_MIN
from services.gateway.webhooks.events.forms import Headers, Told

HEADER = "x-mandegar-secret"
_SIGNATURES_MAX = 10


def names_secret(_body: bytes, headers: Headers, secrets: Sequence[str]) -> bool:
    """Whether the header is one of the secrets, each compared in constant time."""
    given = headers.get(HEADER, "").strip().encode("utf-8", "replace")
    found = False
    for secret in secrets:
        found |= len(secret) >= SECRET_LENGTH_MIN and hmac.compare_digest(secret.encode(), given)
    return found


def is_standard_signed(body: bytes, headers: Headers, secrets: Sequence[str]) -> bool:
    """Whether it is signed as the Standard Webhooks specification has it, by one of the secrets."""
    name, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = [part.partition(",") for part in headers.get("webhook-signature", "").split()[:_SIGNATURES_MAX]]
    signed = f"{name}.{at}.".encode("utf-8", "replace") + body
    found = False
    for secret in secrets:
        if len(secret) < SECRET_LENGTH_MIN or not name or not at:
            continue
        digest = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest())
        for version, _, signature in given:
            found |= version == "v1" and hmac.compare_digest(digest, signature.encode("utf-8", "replace"))
    return found


def tells_nothing(_topic: str, _payload: bytes, _headers: Headers) -> list[Told]:
    """A hint has no order in it."""
    return []


def no_ping(_body: bytes, _headers: Headers) -> bool:
    """These systems send no questions of their own."""
    return False
