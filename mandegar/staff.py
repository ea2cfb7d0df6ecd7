"""Staff tokens without an identity provider: a key pair in the directory of `mandegar up`, and tokens signed by it.

`staff/key.json` signs and is nobody's but the operator's; `staff/jwks.json` is what the APIs check by. A new pair
leaves the old public key in force, until it is dropped.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mandegar.failures import CommandFailed

ISSUER = "mandegar"
AUDIENCE = "mandegar"
ALGORITHM = "ES256"
_FOLDER, _PRIVATE, _PUBLIC = "staff", "key.json", "jwks.json"


def public_keys(directory: Path) -> Path:
    """Where the public keys lie, whether or not there are any."""
    return directory / _FOLDER / _PUBLIC


def environment(directory: Path) -> dict[str, str]:
    """The settings by which APIs take tokens of ours; none where the operator's own keys are named."""
    if os.environ.get("MANDEGAR_STAFF_JWKS"):
        return {}
    ensure_keys(directory)
    return {"MANDEGAR_STAFF_JWKS": str(public_keys(directory).absolute()), "MANDEGAR_STAFF_ISSUER": ISSUER}


def ensure_keys(directory: Path) -> None:
    """Make a pair if there is none."""
    if not (directory / _FOLDER / _PRIVATE).is_file():
        make_keys(directory)


def make_keys(directory: Path, *, drop_previous: bool = False) -> str:
    """Make a pair and sign by it from now on. Public keys of before hold until `drop_previous`. Gives the new id."""
    from joserfc.jwk import ECKey

    kid = f"staff-{secrets.token_hex(6)}"
    key = ECKey.generate_key("P-256", parameters={"kid": kid, "use": "sig", "alg": ALGORITHM}, private=True)
    folder = directory / _FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(folder / _PRIVATE, key.as_dict(private=True))
    _publish(directory, [key.as_dict(private=False), *([] if drop_previous else _published(directory))])
    return kid


def drop_previous_keys(directory: Path) -> None:
    """Only tokens of the present key hold from now on."""
    kid = _private(directory)["kid"]
    _publish(directory, [one for one in _published(directory) if one.get("kid") == kid])


def sign(
    directory: Path, *, shop: str, staff: str, role: str, now: datetime, valid_for: timedelta, key: Path | None = None
) -> str:
    """A token. Raises CommandFailed when there is no key to sign with."""
    from joserfc import jwt
    from joserfc.jwk import ECKey

    said = _private(directory) if key is None else _read(key)
    issued = int(now.timestamp())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": staff,
        "shop": shop,
        "role": role,
        "iat": issued,
        "exp": issued + int(valid_for.total_seconds()),
    }
    return jwt.encode({"alg": ALGORITHM, "kid": said["kid"]}, claims, ECKey.import_key(said), algorithms=[ALGORITHM])


def check_shop(directory: Path, slug: str) -> None:
    """Raises CommandFailed where there is no such shop: its token would open nothing, and say so to a person only."""
    from mandegar.gateway import with_gateway
    from services.gateway.shops import list_shops

    shops = asyncio.run(with_gateway(directory, lambda pool, _clock: list_shops(pool)))
    if slug not in {shop.slug for shop in shops}:
        raise CommandFailed(f"there is no shop {slug!r}; `mandegar shops list` shows them")


def _private(directory: Path) -> dict[str, Any]:
    return _read(directory / _FOLDER / _PRIVATE)


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CommandFailed(f"there is no key to sign with at {path}; `mandegar staff keys` makes one") from None
    return found


def _published(directory: Path) -> list[dict[str, Any]]:
    path = public_keys(directory)
    return list(_read(path)["keys"]) if path.is_file() else []


def _publish(directory: Path, keys: list[dict[str, Any]]) -> None:
    _write(public_keys(directory), {"keys": keys}, mode=0o644)


def _write(path: Path, content: dict[str, Any], *, mode: int = 0o600) -> None:
    """At once, so that no reader finds half of it."""
    anew = path.with_suffix(".new")
    anew.unlink(missing_ok=True)
    with os.fdopen(os.open(anew, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        json.dump(content, file)
    anew.replace(path)
