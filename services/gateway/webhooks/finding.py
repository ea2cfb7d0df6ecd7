"""Which connection a request is for. Shop systems give up soon, so a database that is away need not be waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import structlog

from services.gateway.webhooks import store
from services.gateway.webhooks.domain import Address
from services.gateway.webhooks.secrets import Vault
from shared.contracts.shops import Shop
from shared.db import AWAY
from shared.kernel import ShopId
from shared.web import Database, unavailable

log = structlog.get_logger(__name__)

_KNOWN_MAX = 10_000
_AWAY_SECONDS_MAX = 3_600.0
"""So long a connection that was found holds while the database does not answer."""


class Found(NamedTuple):
    """A connection with its secrets, the present one first."""

    shop: Shop
    vendor: str
    secrets: tuple[str, ...]
    at: float


class Finder:
    """One for each application. What was found is trusted for a few seconds without asking again, as keys are."""

    def __init__(self, vault: Vault, cache_seconds: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`cache_seconds`: how long; 0 asks each time and keeps nothing."""
        self._vault = vault
        self._cache_seconds = cache_seconds
        self._monotonic = monotonic
        self._known: dict[Address, Found] = {}

    async def find(self, database: Database, address: Address) -> Found | None:
        """The connection of an address. Problem 503 when its secrets cannot be opened."""
        now = self._monotonic()
        known = self._known.get(address)
        if known is not None and now - known.at <= self._cache_seconds:
            return known
        try:
            async with database.read(ShopId(address.shop)) as reads:
                sealed = await store.find(reads, address)
        except AWAY:
            if known is None or now - known.at > _AWAY_SECONDS_MAX:
                raise
            return known
        self._known.pop(address, None)
        return None if sealed is None else self._keep(address, sealed, now)

    def _keep(self, address: Address, sealed: store.Sealed, now: float) -> Found:
        try:
            secrets = self._vault.open(sealed.secrets, address)
        except ValueError:
            log.error("the secret of a connection was encrypted with another MANDEGAR_SECRET_KEY", shop=address.shop)
            raise unavailable("The connection cannot be used; its secret must be set again.") from None
        found = Found(sealed.shop, sealed.vendor, secrets, now)
        if self._cache_seconds > 0:
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            self._known[address] = found
        return found
