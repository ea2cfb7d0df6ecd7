"""Who calls: API keys, judged by the service's own copy of the table `api_key`.

A route asks for its scope and is given the caller:

    caller: Annotated[Caller, Depends(allow("metrics:read"))]

The shop of a request is that of its key. A key that was found may be trusted for a few seconds without asking again;
its expiry is judged each time.
"""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar

import asyncpg
import msgspec
from fastapi import Depends
from fastapi.openapi.models import HTTPBase as HTTPBaseModel
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.base import SecurityBase
from starlette.requests import Request

from shared.contracts.shops import Shop
from shared.db import acquire
from shared.kernel import Clock, ShopId, api_key_id, api_key_sha256
from shared.web.problems import forbidden, unauthenticated

_CACHED_MAX = 10_000
_BASIC_LENGTH_MAX = 400
# Row-level security shows the API the one key that the caller has shown, and its shop, and no other of either.
_SHOWN = "SELECT set_config('app.key', $1, true)"
_FIND = """
SELECT k.sha256, k.scopes, k.expires_at, k.revoked_at, s.settings
FROM api_key k JOIN shop s ON s.number = k.shop
WHERE k.key_id = $1
"""


_bearer = HTTPBearer(auto_error=False, scheme_name="bearer", description="`Authorization: Bearer <key>`")
_header = APIKeyHeader(name="X-Api-Key", auto_error=False, scheme_name="api_key", description="`X-Api-Key: <key>`")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent the request: a shop, by one of its keys."""

    shop: Shop
    scopes: frozenset[str]
    key_id: str

    @property
    def shop_id(self) -> ShopId:
        """The number that leads every table."""
        return ShopId(self.shop.number)


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    expires_at: datetime | None
    trusted_until: float


class Keyring:
    """Finds the caller of a key. One for each application."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock, cache_seconds: float) -> None:
        self._pool = pool
        self._clock = clock
        self._cache_seconds = cache_seconds
        self._known: dict[str, _Known] = {}  # by digest: the text of a key is kept nowhere

    async def caller(self, text: str) -> Caller | None:
        """Whose key this is; None when it is malformed, unknown, revoked or expired."""
        key_id = api_key_id(text)
        if key_id is None:
            return None
        digest = api_key_sha256(text)
        known = self._known.get(digest)
        if known is None or known.trusted_until < time.monotonic():
            known = await self._find(key_id, digest)
        if known is None or (known.expires_at is not None and known.expires_at <= self._clock.now()):
            return None
        return known.caller

    async def _find(self, key_id: str, digest: str) -> _Known | None:
        self._known.pop(digest, None)
        async with acquire(self._pool) as connection, connection.transaction(readonly=True):
            await connection.fetchval(_SHOWN, key_id)
            row = await connection.fetchrow(_FIND, key_id)
        if row is None or not hmac.compare_digest(row["sha256"].encode(), digest.encode()):
            return None
        if row["revoked_at"] is not None and row["revoked_at"] <= self._clock.now():
            return None
        shop = msgspec.json.decode(row["settings"], type=Shop)
        caller = Caller(shop, frozenset(row["scopes"]), key_id)
        known = _Known(caller, row["expires_at"], time.monotonic() + self._cache_seconds)
        if self._cache_seconds > 0:
            if len(self._known) >= _CACHED_MAX:
                self._known.clear()
            self._known[digest] = known
        return known


def allow(scope: str) -> Callable[..., Awaitable[Caller]]:
    """A dependency that gives the Caller, or answers 401 (no valid key) or 403 (without the scope)."""

    async def caller(
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
        header: Annotated[str | None, Depends(_header)],
    ) -> Caller:
        return await _allowed(request, scope, bearer.credentials if bearer else None, header)

    return caller


class AllowWriteKey(SecurityBase):
    """As `allow`; the key may also be the user name of HTTP Basic: how libraries of Segment's form send it.

    One step where `allow` takes four, for routes that are called thousands of times a second. Such a route adds
    `SECURITY` to its `openapi_extra`, which tells of the other two ways.
    """

    SECURITY: ClassVar[dict[str, Any]] = {"security": [{"bearer": []}, {"api_key": []}]}

    def __init__(self, scope: str) -> None:
        """`scope`: what the key must be allowed to do."""
        self.model = HTTPBaseModel(scheme="basic", description="The key as user name, without a password")
        self.scheme_name = "write_key"
        self._scope = scope

    async def __call__(self, request: Request) -> Caller:
        """The caller. Problem 401 or 403."""
        header = request.headers.get("x-api-key")
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        scheme, text = scheme.lower(), text.strip()
        named = text if scheme == "bearer" else _user_name(text) if scheme == "basic" else None
        return await _allowed(request, self._scope, named, header)


def _user_name(text: str) -> str | None:
    if len(text) > _BASIC_LENGTH_MAX:
        return None
    try:
        return base64.b64decode(text, validate=True).decode("ascii").partition(":")[0]
    except ValueError:
        return None


async def _allowed(request: Request, scope: str, *texts: str | None) -> Caller:
    given = {text for text in texts if text}
    found = await keyring_of(request).caller(given.pop()) if len(given) == 1 else None
    if found is None:
        raise unauthenticated()
    if scope not in found.scopes:
        raise forbidden(scope)
    return found


def keyring_of(request: Request) -> Keyring:
    """The application's keyring."""
    keyring: Keyring = request.app.state.keyring
    return keyring
