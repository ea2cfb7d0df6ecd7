"""The text of an API key: `mdg_<key id>_<43 characters>`, of which only the SHA-256 is stored.

The last part is 256 random bits, so no salt is needed and nothing can be found by trying.
"""

from __future__ import annotations

import base64
import hashlib
import re

_KEY = re.compile(r"mdg_([0-9a-z]{4,32})_[0-9A-Za-z_-]{43}")
_KEY_ID = re.compile(r"[0-9a-z]{4,32}")
_RANDOM_BYTES = 32


def api_key_text(key_id: str, random: bytes) -> str:
    """The key from its id (4 to 32 of 0-9 and a-z) and 32 random bytes, such as `secrets.token_bytes(32)` gives."""
    if not _KEY_ID.fullmatch(key_id):
        raise ValueError("a key id has 4 to 32 characters of 0-9 and a-z")
    if len(random) != _RANDOM_BYTES:
        raise ValueError("a key needs 32 random bytes")
    return f"mdg_{key_id}_{base64.urlsafe_b64encode(random).decode().rstrip('=')}"


def api_key_id(text: str) -> str | None:
    """The id inside the text of a key; None when it is not one."""
    match = _KEY.fullmatch(text)
    return match[1] if match else None


def api_key_sha256(text: str) -> str:
    """Hex digest of the whole text: what is stored and compared."""
    return hashlib.sha256(text.encode()).hexdigest()
