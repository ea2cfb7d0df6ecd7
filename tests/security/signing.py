"""Tokens as an identity provider signs them, and as somebody forges them."""

from __future__ import annotations

import base64
import hmac
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from shared.kernel import SystemClock

ISSUER = "https://login.example"
KEY = ECKey.generate_key("P-256", parameters={"kid": "one"})
RSA = RSAKey.generate_key(2048, parameters={"kid": "rsa"})
EDWARDS = OKPKey.generate_key("Ed25519", parameters={"kid": "ed"})
FOREIGN = ECKey.generate_key("P-256", parameters={"kid": "one"})
"""Another key under the same id."""
STAFF: dict[str, Any] = {"staff_issuer": ISSUER}


def now() -> int:
    return int(SystemClock().now().timestamp())


def claims(**changes: Any) -> dict[str, Any]:
    """Claims of a token that holds; None takes one away."""
    usual = {
        "iss": ISSUER,
        "aud": "mandegar",
        "sub": "u-17",
        "shop": "laleh",
        "role": "admin",
        "iat": now(),
        "exp": now() + 600,
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def signed(key: Any = KEY, algorithm: str = "ES256", header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A token; `header` is put over the usual one."""
    said = {"alg": algorithm, "kid": key.as_dict(private=False).get("kid", "one"), **(header or {})}
    return jwt.encode(said, claims(**changes), key, algorithms=[algorithm])


def of_role(role: str, shop: str = "laleh", subject: str = "u-17") -> str:
    return signed(role=role, shop=shop, sub=subject)


def forged(**header: Any) -> str:
    """Signed by the right key, under a header that no library would write; None takes a part away."""
    said = {name: value for name, value in {"alg": "ES256", "kid": "one", **header}.items() if value is not None}
    text = _unsigned(said)
    made = decode_dss_signature(KEY.private_key.sign(text.encode(), ECDSA(SHA256())))
    return f"{text}.{_base64(b''.join(part.to_bytes(32, 'big') for part in made))}"


def swapped(algorithm: str = "HS256") -> str:
    """Signed with the public key's own text as if that were a shared secret."""
    text = _unsigned({"alg": algorithm, "kid": "rsa"})
    digest = {"HS256": "sha256", "HS512": "sha512"}[algorithm]
    return f"{text}.{_base64(hmac.digest(RSA.as_pem(private=False), text.encode(), digest))}"


def unsigned(algorithm: str = "none", signature: str = "") -> str:
    """Signed by nobody."""
    return f"{_unsigned({'alg': algorithm, 'kid': 'one'})}.{signature}"


def _unsigned(header: dict[str, Any]) -> str:
    return ".".join(_base64(json.dumps(part).encode()) for part in (header, claims()))


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def public_file(directory: Path, *keys: Any) -> Path:
    """A JWKS of public keys."""
    path = directory / "jwks.json"
    path.write_text(json.dumps({"keys": [key.as_dict(private=False) for key in keys or (KEY, RSA, EDWARDS)]}))
    return path
