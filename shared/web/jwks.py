"""Public keys that staff tokens are signed by: a JWKS (RFC 7517), from a file or an address, read again as it changes.

Asymmetric keys only, each for one algorithm. A secret or a private key among them is refused: whoever reads the list
could then sign.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import httpx
import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from shared.problems import unavailable
from shared.settings import SettingsError
from shared.telemetry import get_logger

log = get_logger(__name__)

PublicKey = ECKey | OKPKey | RSAKey
_BYTES_MAX = 262_144
_KEYS_MAX = 100
_RSA_BITS_MIN = 2048
_LOOK_EVERY_SECONDS = 5.0
_FETCH_SECONDS_MAX = 3.0
_UNKNOWN_AGAIN_SECONDS = 10.0
_KEPT_AWAY_SECONDS = 86_400.0
"""So long the keys that were fetched hold while their address does not answer."""
_CURVES: Mapping[tuple[str, str], tuple[type[PublicKey], frozenset[str]]] = {
    ("EC", "P-256"): (ECKey, frozenset({"ES256"})),
    ("OKP", "Ed25519"): (OKPKey, frozenset({"EdDSA", "Ed25519"})),
    ("RSA", ""): (RSAKey, frozenset({"RS256", "PS256"})),
}
ALGORITHMS = frozenset().union(*(algorithms for _kind, algorithms in _CURVES.values()))
"""What a token may be signed with; never `none`, never a shared secret."""


class Verifier(NamedTuple):
    """A key, and the algorithms that it may be used with."""

    key: PublicKey
    algorithms: frozenset[str]


class KeySource(Protocol):
    """Where keys come from."""

    async def find(self, kid: str) -> Verifier | None:
        """The key of this id; None when there is none."""
        ...


def read_jwks(body: bytes) -> dict[str, Verifier]:
    """Keys by id; those that are not for signatures, or of kinds that we do not take, are left out.

    Raises SettingsError for what is no JWKS, for secrets and private keys, for weak keys, and when none is left.
    """
    try:
        listed = msgspec.json.decode(body, type=dict[str, Any]).get("keys")
    except (msgspec.MsgspecError, RecursionError):
        raise SettingsError("the keys of staff tokens are no JSON object") from None
    if not isinstance(listed, list) or len(listed) > _KEYS_MAX or not all(isinstance(one, dict) for one in listed):
        raise SettingsError(f"the keys of staff tokens are no JWKS: give `keys`, a list of at most {_KEYS_MAX}")
    found = {one["kid"]: verifier for one in listed if (verifier := _verifier(one)) is not None}
    if not found:
        raise SettingsError("the keys of staff tokens hold none that we take: EC P-256, Ed25519 or RSA, with a `kid`")
    return found


def _verifier(said: Mapping[str, Any]) -> Verifier | None:
    if said.get("kty") == "oct" or "d" in said or "k" in said:
        raise SettingsError("the keys of staff tokens hold a secret or a private key; give public keys alone")
    known = _CURVES.get((str(said.get("kty")), str(said.get("crv", ""))))
    if known is None or said.get("use", "sig") != "sig" or not isinstance(said.get("kid"), str) or not said["kid"]:
        return None
    kind, algorithms = known
    own = said.get("alg")
    try:
        key = kind.import_key({name: value for name, value in said.items() if name not in ("alg", "key_ops", "use")})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise SettingsError(f"a key of staff tokens cannot be read ({type(error).__name__})") from None
    if isinstance(key, RSAKey) and key.raw_value.key_size < _RSA_BITS_MIN:
        raise SettingsError(f"an RSA key of staff tokens is shorter than {_RSA_BITS_MIN} bits")
    return Verifier(key, algorithms if own is None else algorithms & {str(own)})


class FileKeys:
    """Keys in a file, read at once and again when it has changed."""

    def __init__(self, path: Path, now: Callable[[], float] = time.monotonic) -> None:
        """Raises SettingsError when the file cannot be used."""
        self._path = path
        self._now = now
        self._looked_at = now()
        try:
            self._changed = path.stat().st_mtime_ns
            self._keys = read_jwks(path.read_bytes()[: _BYTES_MAX + 1])
        except OSError as error:
            raise SettingsError(f"the keys of staff tokens cannot be read: {error.strerror}") from None

    async def find(self, kid: str) -> Verifier | None:
        """The key of this id."""
        if self._now() - self._looked_at >= _LOOK_EVERY_SECONDS:
            self._look()
        return self._keys.get(kid)

    def _look(self) -> None:
        self._looked_at = self._now()
        try:
            changed = self._path.stat().st_mtime_ns
            if changed != self._changed:
                self._keys = read_jwks(self._path.read_bytes()[: _BYTES_MAX + 1])
                self._changed = changed
        except (OSError, SettingsError) as error:
            log.warning("the keys of staff tokens cannot be read again", error=str(error))


class AddressKeys:
    """Keys behind an address, fetched when they are needed, when they are old and when one is unknown."""

    def __init__(
        self,
        address: str,
        fresh_seconds: float,
        now: Callable[[], float] = time.monotonic,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._address = address
        self._fresh_seconds = fresh_seconds
        self._now = now
        self._transport = transport
        self._turn = asyncio.Lock()
        self._keys: dict[str, Verifier] = {}
        self._fetched_at = self._tried_at = float("-inf")

    async def find(self, kid: str) -> Verifier | None:
        """The key of this id. Problem 503 when they have not been fetched for too long."""
        if self._wanting(kid):
            async with self._turn:
                if self._wanting(kid):  # whoever waited may find it done
                    await self._fetch()
        if self._now() - self._fetched_at > _KEPT_AWAY_SECONDS:
            raise unavailable("The keys of staff tokens cannot be fetched; try again.")
        return self._keys.get(kid)

    def _wanting(self, kid: str) -> bool:
        # Tokens with random ids must not make us ask without end.
        if self._now() - self._tried_at < _UNKNOWN_AGAIN_SECONDS:
            return False
        return kid not in self._keys or self._now() - self._fetched_at > self._fresh_seconds

    async def _fetch(self) -> None:
        try:
            async with (
                httpx.AsyncClient(
                    timeout=_FETCH_SECONDS_MAX, follow_redirects=False, trust_env=False, transport=self._transport
                ) as http,
                asyncio.timeout(_FETCH_SECONDS_MAX),
                http.stream("GET", self._address) as answer,
            ):
                answer.raise_for_status()
                body = b""
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > _BYTES_MAX:
                        raise SettingsError(f"the keys of staff tokens are longer than {_BYTES_MAX} bytes")
            self._keys, self._fetched_at = read_jwks(body), self._now()
        except (httpx.HTTPError, TimeoutError, SettingsError) as error:
            log.warning("the keys of staff tokens cannot be fetched", error=type(error).__name__)
        finally:
            self._tried_at = self._now()  # not before: who comes meanwhile must wait for what is being fetched
