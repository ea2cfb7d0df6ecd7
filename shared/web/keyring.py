"""API keys, judged by the service's own copy of the table `api_key`, by the database's clock.

A key that was found is trusted for a few seconds without asking again; what is left of its life is counted on from
what the database said, so that a wrong clock of this machine neither lengthens nor shortens it.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
import msgspec

from shared.contracts.shops import Shop
from shared.db import AWAY, acquire
from shared.kernel import api_key_id, api_key_sha256, permissions_of_scopes
from shared.problems import key_expired
from shared.telemetry import get_logger
from shared.web.callers import Caller

log = get_logger(__name__)

_CACHED_MAX = 10_000
_USES_EVERY_SECONDS = 60.0
_LAST_USES_SECONDS_MAX = 1.0
# Row-level security shows the API the one key that the caller has shown, and its shop, and no other of either.
_SHOWN = "SELECT set_config('app.key', $1, true)"
_FIND = """
SELECT k.sha256, k.scopes, k.expires_at, k.revoked_at, s.settings, clock_timestamp() AS now
FROM api_key k JOIN shop s ON s.number = k.shop
WHERE k.key_id = $1
"""
# A staff token that holds names its shop; the policy shows that one.
_NAMED = "SELECT set_config('app.slug', $1, true)"
_FIND_SHOP = "SELECT settings, clock_timestamp() AS now FROM shop WHERE slug = $1"
_SCOPE = "SELECT set_config('app.shop', $1, true)"
_USED = """
INSERT INTO api_key_use AS u (shop, key_id, used_at)
SELECT $1, t.key_id, t.used_at FROM unnest($2::text[], $3::timestamptz[]) AS t(key_id, used_at) ORDER BY t.key_id
ON CONFLICT (shop, key_id) DO UPDATE SET used_at = excluded.used_at WHERE u.used_at < excluded.used_at
"""


class Moment(NamedTuple):
    """What the database's clock said, and when by this process's own."""

    at: datetime
    monotonic: float

    def now(self) -> datetime:
        """The database's time, counted on."""
        return self.at + timedelta(seconds=time.monotonic() - self.monotonic)


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    expires_at: datetime | None
    moment: Moment


class Keyring:
    """Finds the caller of a key, and the shop of a staff token. One for each application."""

    def __init__(self, pool: asyncpg.Pool[Any], cache_seconds: float) -> None:
        self._pool = pool
        self._cache_seconds = cache_seconds
        self._known: dict[str, _Known] = {}  # by digest: the text of a key is kept nowhere
        self._shops: dict[str, tuple[Shop, Moment]] = {}
        self._used: dict[int, dict[str, datetime]] = {}

    async def caller(self, text: str) -> Caller | None:
        """Whose key this is; None when it is malformed, unknown or revoked. Problem 401 for one that has expired."""
        key_id = api_key_id(text)
        if key_id is None:
            return None
        digest = api_key_sha256(text)
        known = self._known.get(digest)
        if known is None or known.moment.monotonic + self._cache_seconds <= time.monotonic():
            known = await self._find(key_id, digest)
        if known is None:
            return None
        if known.expires_at is not None and known.expires_at <= known.moment.now():
            raise key_expired()
        return known.caller

    async def shop(self, slug: str) -> tuple[Shop, Moment] | None:
        """The shop that a staff token names; only for tokens whose signature holds."""
        known = self._shops.get(slug)
        if known is not None and known[1].monotonic + self._cache_seconds > time.monotonic():
            return known
        self._shops.pop(slug, None)
        asked = time.monotonic()
        async with acquire(self._pool) as connection, connection.transaction(readonly=True):
            await connection.fetchval(_NAMED, slug)
            row = await connection.fetchrow(_FIND_SHOP, slug)
        if row is None:
            return None
        found = (msgspec.json.decode(row["settings"], type=Shop), Moment(row["now"], asked))
        if self._cache_seconds > 0:
            _keep(self._shops, slug, found)
        return found

    async def _find(self, key_id: str, digest: str) -> _Known | None:
        self._known.pop(digest, None)
        asked = time.monotonic()
        async with acquire(self._pool) as connection, connection.transaction(readonly=True):
            await connection.fetchval(_SHOWN, key_id)
            row = await connection.fetchrow(_FIND, key_id)
        if row is None or not hmac.compare_digest(row["sha256"].encode(), digest.encode()):
            return None
        if row["revoked_at"] is not None:
            return None
        shop = msgspec.json.decode(row["settings"], type=Shop)
        caller = Caller(shop, permissions_of_scopes(row["scopes"]), key_id)
        known = _Known(caller, row["expires_at"], Moment(row["now"], asked))
        if self._cache_seconds > 0:
            _keep(self._known, digest, known)
        self._used.setdefault(shop.number, {})[key_id] = row["now"]
        return known

    async def keep_uses(self) -> None:
        """Write down when keys were last used, once a minute, until it is cancelled; then a last time."""
        try:
            while True:  # ends with the application
                await asyncio.sleep(_USES_EVERY_SECONDS)
                await self.write_uses()
        finally:
            try:
                async with asyncio.timeout(_LAST_USES_SECONDS_MAX):
                    await self.write_uses()
            except TimeoutError:
                log.info("the last uses of API keys are not written down")

    async def write_uses(self) -> None:
        """Write down what was seen since. What cannot be written is let go: the next use tells again."""
        seen, self._used = self._used, {}
        for shop, keys in seen.items():
            try:
                await self._write_uses(shop, keys)
            except AWAY as error:
                log.info("uses of API keys are not written down", error=type(error).__name__)
                return

    async def _write_uses(self, shop: int, keys: Mapping[str, datetime]) -> None:
        async with acquire(self._pool) as connection, connection.transaction():
            await connection.fetchval(_SCOPE, str(shop))
            await connection.fetch(_USED, shop, list(keys), list(keys.values()))


def _keep(kept: dict[str, Any], name: str, value: Any) -> None:
    if len(kept) >= _CACHED_MAX:
        kept.clear()
    kept[name] = value
