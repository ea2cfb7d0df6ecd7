"""Shops' programmes as the slice and the ledger need them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from services.loyalty.earning import last_day
from services.loyalty.orders.domain.schemes import NEVER, Scheme, scheme_of
from services.loyalty.points import DebtPolicy, Terms, terms_of
from services.loyalty.programmes import Debt, KnownVersions, Programme, Version, load_in_force
from shared.contracts.shops import Shop
from shared.db import Reads
from shared.messaging.handling import Work
from shared.orders import microseconds

_POLICIES: Mapping[Debt, DebtPolicy] = {
    "debt": DebtPolicy.DEBT,
    "later_earnings": DebtPolicy.LATER,
    "partial": DebtPolicy.PARTIAL,
}


class Schemes:
    """What a worker knows of shops' programmes. Versions never change, so only new ones are read."""

    def __init__(self) -> None:
        self._versions = KnownVersions()
        self._known: dict[int, tuple[Shop, int, Scheme]] = {}

    async def load(self, conn: asyncpg.Connection[Any], shops: Mapping[int, Shop]) -> dict[int, Scheme]:
        """The programmes of these shops, by number; of one without any, an empty one."""
        versions = await self._versions.load(conn, shops)
        return {number: self._scheme(shop, versions[number]) for number, shop in shops.items()}

    def _scheme(self, shop: Shop, versions: Sequence[Version]) -> Scheme:
        known = self._known.get(shop.number)
        if known is None or known[:2] != (shop, len(versions)):
            known = self._known[shop.number] = (shop, len(versions), scheme_of(shop, versions))
        return known[2]


class TermsByProgramme:
    """What the ledger of shops follows, by the versions in force now: for what falls due by itself."""

    def __init__(self) -> None:
        self._schemes = Schemes()

    async def __call__(self, work: Work, shops: Sequence[Shop]) -> Mapping[int, Terms]:
        """By shop."""
        numbers = {shop.number: shop for shop in shops}
        return terms_by_shop(numbers, await self._schemes.load(work.tx.conn, numbers), work.tx.now)


def terms_by_shop(shops: Mapping[int, Shop], schemes: Mapping[int, Scheme], now: datetime) -> dict[int, Terms]:
    """What the ledger needs to know of these shops, by the version in force now."""
    return {number: _terms(shop, schemes[number], now) for number, shop in shops.items()}


def _terms(shop: Shop, scheme: Scheme, now: datetime) -> Terms:
    version = scheme.at(microseconds(now))
    return terms_by(shop, None if version is None else version.programme)


def expires_day(shop: Shop, version: Version | None, day: int) -> int:
    """The day on which points cannot be spent any more that are given on a day; NEVER, also of no day or programme."""
    last = None if version is None or day <= 0 else last_day(version.programme.expiry, day, shop.calendar)
    return NEVER if last is None else last + 1


async def terms_in_force(reads: Reads, shop: Shop, now: datetime) -> Terms:
    """What the ledger of one shop follows now: for what no event causes."""
    version = await load_in_force(reads, shop.number, now)
    return terms_by(shop, None if version is None else version.programme)


def terms_by(shop: Shop, programme: Programme | None) -> Terms:
    """What a programme says of the ledger."""
    if programme is None:
        return terms_of(shop)
    return terms_of(shop, _POLICIES[programme.debt], programme.notices, programme.reinstate_days)
