"""The mark of an address: by which what comes back of messages is joined to it, while the address itself is not kept.

Keyed by the platform's secret, since whoever had the plain hash of a phone number could try all numbers. Pure.
"""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.campaigns.addresses.domain import MARKED

_BYTES = 16


class Marker:
    """Makes marks."""

    def __init__(self, secret_key: str) -> None:
        """`secret_key`: the platform's."""
        self._key = HKDF(SHA256(), 32, salt=None, info=b"mandegar addresses").derive(secret_key.strip().encode())

    def mark(self, channel: str, address: object) -> bytes | None:
        """Of an address as a profile has it; None of what is none that bounces, such as a browser."""
        if channel not in MARKED or not isinstance(address, str) or not address:
            return None
        said = f"{channel}\x1f{address.casefold()}".encode("utf-8", "replace")
        return hmac.new(self._key, said, hashlib.sha256).digest()[:_BYTES]
