"""Staff tokens: JWTs that an identity provider, or `mandegar staff token`, has signed.

Who signs, and for whom, is checked here; whether a token's time is over is judged by the database's clock, in
`shared.web.access`. Nothing of a token is believed before its signature holds.
"""

from __future__ import annotations

import hashlib
import math
import re
from pathlib import Path
from typing import Any, NamedTuple

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry, extract_compact

from shared.kernel import ROLES
from shared.settings import PlatformSettings
from shared.web.jwks import ALGORITHMS, AddressKeys, FileKeys, KeySource, Verifier

_TOKEN_LENGTH_MAX = 8_192
_CLAIM_LENGTH_MAX = 200
_PLAIN = re.compile(r"[A-Za-z0-9._:|-]{1,100}")
_PARTS = 3


class Staff(NamedTuple):
    """What a token says whose signature holds."""

    subject: str
    """As the audit log names them: an id, or a digest of what could be an address."""
    shop: str
    role: str
    """One of the roles, or nothing: then nothing is allowed."""
    not_before: float
    expires: float


class StaffTokens:
    """Reads tokens. One for each application."""

    def __init__(self, settings: PlatformSettings, keys: KeySource) -> None:
        self._keys = keys
        self._issuer = settings.staff_issuer
        self._audience = settings.staff_audience
        self._claims = settings.staff_shop_claim, settings.staff_role_claim
        self._leeway = settings.staff_leeway_seconds

    @classmethod
    def of(cls, settings: PlatformSettings) -> StaffTokens | None:
        """By the settings; None where no keys are named. Raises SettingsError when a file of keys cannot be used."""
        named = settings.staff_jwks
        if not named:
            return None
        if "://" in named:
            return cls(settings, AddressKeys(named, settings.staff_jwks_seconds))
        return cls(settings, FileKeys(Path(named)))

    async def read(self, text: str) -> Staff | None:
        """Who a token is for; None when it does not hold, whatever the reason."""
        if len(text) > _TOKEN_LENGTH_MAX:
            return None
        try:
            header = jwt_header(text)
            kid, algorithm = header.get("kid"), header.get("alg")
            if not isinstance(kid, str) or algorithm not in ALGORITHMS:
                return None
            verifier = await self._keys.find(kid)
            claims = None if verifier is None or algorithm not in verifier.algorithms else _verified(text, verifier)
        except (JoseError, ValueError, TypeError, RecursionError):
            return None
        return None if claims is None else self._staff(claims)

    def _staff(self, claims: dict[str, Any]) -> Staff | None:
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != self._issuer or self._audience not in named:
            return None
        subject, shop, role = (_text(claims.get(name)) for name in ("sub", *self._claims))
        expires, issued = _instant(claims.get("exp")), _instant(claims.get("iat", 0))
        begins = _instant(claims.get("nbf", 0))
        if not subject or not shop or expires is None or issued is None or begins is None:
            return None
        return Staff(
            subject=subject if _PLAIN.fullmatch(subject) else f"sha256.{_digest(subject)}",
            shop=shop,
            role=role if role in ROLES else "",
            not_before=max(begins, issued) - self._leeway,
            expires=expires + self._leeway,
        )


def jwt_header(text: str) -> dict[str, Any]:
    """The header, which is not to be believed yet. Raises ValueError or JoseError."""
    return dict(extract_compact(text.encode("ascii")).headers())


def looks_like_a_token(text: str) -> bool:
    """Whether it has the three parts of a signed JWT; API keys have no dot."""
    return text.count(".") == _PARTS - 1


def _verified(text: str, verifier: Verifier) -> dict[str, Any] | None:
    algorithms = sorted(verifier.algorithms)
    # Header parameters that nobody knows mean nothing, unless `crit` names them: those are refused all the same.
    registry = JWSRegistry(algorithms=algorithms, strict_check_header=False)
    claims = jwt.decode(text, verifier.key, algorithms=algorithms, registry=registry).claims
    return claims if isinstance(claims, dict) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= _CLAIM_LENGTH_MAX and "\x00" not in value else ""


def _instant(value: Any) -> float | None:
    # Seconds since 1970, in a range that every clock can show.
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if 0 <= value < 2**40 else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
