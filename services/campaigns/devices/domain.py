"""Browsers that take push. Pure."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import NamedTuple

BROWSERS_MAX = 20
"""Of one identity; the oldest makes room."""
_POINT_BYTES, _UNCOMPRESSED, _AUTH_BYTES = 65, 4, 16


class Browser(NamedTuple):
    """Where a push service takes messages for a browser, and what only that browser can read."""

    id: bytes
    """SHA-256 of the address."""
    endpoint: str
    key: bytes
    """Its public key: an uncompressed point of P-256."""
    auth: bytes
    """Its secret."""


def browser_of(endpoint: str, key: str, auth: str) -> Browser:
    """As a browser gives it (`PushSubscription.toJSON`). ValueError names the field that is none."""
    return Browser(sha256(endpoint.encode()).digest(), endpoint, _key("p256dh", key), _key("auth", auth))


def _key(name: str, text: str) -> bytes:
    try:
        raw = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars="-_", validate=True)
    except ValueError:
        raw = b""
    fits = len(raw) == _AUTH_BYTES if name == "auth" else len(raw) == _POINT_BYTES and raw[0] == _UNCOMPRESSED
    if not fits:
        raise ValueError(f"keys.{name}")
    return raw
