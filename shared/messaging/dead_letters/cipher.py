"""What a service must keep unreadable, encrypted with a key of the platform's secret."""

from __future__ import annotations

import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SECRET_BYTES_MIN = 32
_NONCE_BYTES = 12


class Cipher:
    """Encrypts bodies with a key derived from the platform's secret; each body is bound to its dead letter's id.

    What else a service must keep unreadable has a `purpose` of its own, and so another key.
    """

    def __init__(
        self,
        secret: str,
        random_bytes: Callable[[int], bytes] = os.urandom,
        *,
        purpose: bytes = b"mandegar dead letters",
    ) -> None:
        """Raises ValueError when the secret is shorter than 32 characters."""
        raw = secret.strip().encode()
        if len(raw) < SECRET_BYTES_MIN:
            raise ValueError("MANDEGAR_SECRET_KEY must have at least 32 random characters: `openssl rand -base64 32`")
        key = HKDF(hashes.SHA256(), 32, salt=None, info=purpose).derive(raw)
        self._aead = AESGCM(key)
        self._random_bytes = random_bytes

    def seal(self, body: bytes, letter_id: str) -> bytes:
        """Nonce and ciphertext."""
        nonce = self._random_bytes(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, body, letter_id.encode())

    def open(self, sealed: bytes, letter_id: str) -> bytes:
        """The body. ValueError when it was sealed with another secret, or changed."""
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], letter_id.encode())
        except InvalidTag:
            raise ValueError("the body was encrypted with another MANDEGAR_SECRET_KEY") from None
