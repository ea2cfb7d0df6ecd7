"""Web Push: what a browser alone can read (RFC 8291 over RFC 8188), and who sends it (VAPID, RFC 8292).

Written on `cryptography`, which is here: the libraries for it bring HTTP clients of their own, which would go to any
address that a browser, or whoever says they are one, gives.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_RECORD_BYTES = 4_096
_SALT_BYTES = 16
_LAST = b"\x02"
_HOURS = timedelta(hours=12)
"""Of the 24 that a push service takes."""


def unpadded(text: str) -> bytes:
    """The bytes of base64url, with or without padding. ValueError for what is none."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def padless(raw: bytes) -> str:
    """As base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def point(key: EllipticCurvePublicKey) -> bytes:
    """A public key, uncompressed."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def private_key(text: str) -> EllipticCurvePrivateKey:
    """A key of P-256 by its 32 bytes, in base64url. ValueError for what is none."""
    return derive_private_key(int.from_bytes(unpadded(text), "big"), SECP256R1())


def encrypted(
    body: bytes,
    browser_key: bytes,
    auth: bytes,
    *,
    own: EllipticCurvePrivateKey | None = None,
    random_bytes: Callable[[int], bytes] = os.urandom,
) -> bytes:
    """One record of `aes128gcm`, for the browser with this public key and secret. `own`: drawn for this message alone.

    ValueError where the key is no point of the curve.
    """
    own = own or generate_private_key(SECP256R1())
    salt = random_bytes(_SALT_BYTES)
    public = point(own.public_key())
    shared = own.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), browser_key))
    material = _derived(shared, auth, b"WebPush: info\0" + browser_key + public, 32)
    key = _derived(material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(material, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + _RECORD_BYTES.to_bytes(4, "big") + bytes([len(public)]) + public
    return header + AESGCM(key).encrypt(nonce, body + _LAST, None)


def authorization(endpoint: str, key: EllipticCurvePrivateKey, contact: str, now: datetime) -> str:
    """Who sends it, to this push service alone. `contact`: `mailto:` or `https:`."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int((now + _HOURS).timestamp()), "sub": contact}
    signed = ".".join(padless(msgspec.json.encode(one)) for one in ({"typ": "JWT", "alg": "ES256"}, claims))
    pair = decode_dss_signature(key.sign(signed.encode(), ECDSA(SHA256())))
    signature = b"".join(number.to_bytes(32, "big") for number in pair)
    return f"vapid t={signed}.{padless(signature)}, k={padless(point(key.public_key()))}"


def _derived(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=salt, info=info).derive(material)
