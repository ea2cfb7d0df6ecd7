"""Verifies a ledger: all entries are replayed by the checker, shop by shop, in one snapshot and little memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from services.loyalty.points.domain import roots
from services.loyalty.points.domain.buckets import NEVER
from services.loyalty.points.domain.checking import AccountCheck, ShopCheck, Violation
from services.loyalty.points.domain.model import Account, Lot
from services.loyalty.points.domain.roots import Root
from services.loyalty.points.events import name_of
from services.loyalty.points.posting import TURN_TIMER
from services.loyalty.points.signing import Signer
from services.loyalty.points.store import roots as roots_store
from services.loyalty.points.store import verifying as store
from services.loyalty.points.store.accounts import lot_of

LISTED = 100
"""So many violations of a shop are listed; the others are counted."""


@dataclass
class Verified:
    """What was looked at in a shop, and what is wrong there."""

    shop: str
    accounts: int = 0
    entries: int = 0
    lots: int = 0
    holds: int = 0
    roots: int = 0
    broken: int = 0
    violations: list[Violation] = field(default_factory=list)

    def add(self, found: Sequence[Violation]) -> None:
        """Count violations, and list the first ones."""
        self.broken += len(found)
        self.violations += found[: max(0, LISTED - len(self.violations))]


Progress = Callable[[Verified], None]


async def verify(
    conn: asyncpg.Connection[Any], signer: Signer, *, only: str | None = None, say: Progress = lambda _: None
) -> list[Verified]:
    """Look at every shop, or at one. The connection is a worker's. `say` hears of each thousand accounts."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        await store.prepare(conn)
        shops = await store.shops(conn)
        found = []
        for number, slug in shops.items():
            if only is None or slug == only:
                found.append(await _Shop(conn, signer, number, slug, say).verified())
        return found


class _Shop:
    """One shop: rows of several tables, walked side by side in the order of customers."""

    def __init__(self, conn: asyncpg.Connection[Any], signer: Signer, number: int, slug: str, say: Progress) -> None:
        self._conn, self._signer, self._number, self._say = conn, signer, number, say
        self._check = ShopCheck(number)
        self._signed: Root | None = None
        self._folded: Root | None = None
        """The last signed root, made anew."""
        self.found = Verified(slug or str(number))
        if not slug:
            self._wrong(13, 0, "there is no such shop")

    def _wrong(self, invariant: int, customer: int, detail: str) -> None:
        self.found.add([Violation(invariant, self._number, customer, detail)])

    async def verified(self) -> Verified:
        """Everything."""
        conn, number = self._conn, self._number
        await self._begin_root()
        entries, lots, shares = store.entries(conn, number), store.lots(conn, number), store.shares(conn, number)
        timers = store.timers(conn, number, TURN_TIMER)
        customers = {"entry": entries, "lot": lots, "share of a hold": shares}
        async for account in store.accounts(conn, number):
            customer = account.who.customer
            await self._stray(customers, customer)
            check = await self._replayed(account, entries)
            account.lots = {lot.lot: lot async for lot in _lots(lots, customer)}
            self.found.lots += len(account.lots)
            kept = [store.share_of(number, row) async for row in shares.of(customer)]
            self.found.add(check.finish(account, account.lots.values(), kept))
            await self._look_for_timer(account, timers)
            self.found.accounts += 1
            if self.found.accounts % 1000 == 0:
                self._say(self.found)
        await self._stray(customers, None)
        self.found.add(list(self._check.finish(await store.contra(conn, number))))
        async for hold in store.holds(conn, number):
            self.found.holds += 1
            self.found.add(list(self._check.hold(hold)))
        self._finish_root()
        self._say(self.found)
        return self.found

    async def _replayed(self, account: Account, entries: store.Rows) -> AccountCheck:
        """All entries of an account; the last one before the cut goes into the root."""
        check, customer, last = AccountCheck(account.who), account.who.customer, None
        async for row in entries.of(customer):
            self.found.entries += 1
            try:
                entry, head = store.entry_of(self._number, row)
            except ValueError:
                self._wrong(1, customer, f"entry {row['n']} has a kind or a bucket that there is not")
                continue
            check.take(entry, head)
            self._check.take(entry)
            if self._folded is not None and entry.booked_at < self._folded.cut:
                last = (entry.n, head)
        if self._folded is not None and last is not None:
            self._folded = roots.folded(self._folded, customer, *last)
        return check

    async def _stray(self, tables: Mapping[str, store.Rows], customer: int | None) -> None:
        """Rows of customers who have no account."""
        for what, rows in tables.items():
            async for row in rows.before(customer):
                self._wrong(13, row[0], f"a {what} has no account")

    async def _look_for_timer(self, account: Account, timers: store.Rows) -> None:
        """Who is armed has a timer, or nothing would ever fall due."""
        name = name_of(account.who.customer)
        async for _ in timers.before(name):
            pass  # a timer that finds nothing to do is no harm
        there = [row async for row in timers.of(name)]
        if account.armed != NEVER and not there:
            self._wrong(14, account.who.customer, f"the account is armed for day {account.armed} and has no timer")

    async def _begin_root(self) -> None:
        """Signatures of all roots; the last one is to be made anew."""
        before = b""
        for n, root in enumerate(await roots_store.of_shop(self._conn, self._number), 1):
            if root.n != n:
                self._wrong(10, 0, f"root {n} is missing")
                return
            if root.signature is None:
                return
            self.found.roots += 1
            if not self._signer.is_ours(root):
                self._wrong(10, 0, f"root {n} has another signature than this platform's secret gives")
            self._signed, self._folded = root, roots.begin(self._number, n, root.cut, before)
            before = root.digest

    def _finish_root(self) -> None:
        if self._signed is None or self._folded is None:
            return
        if (self._signed.digest, self._signed.accounts) != (self._folded.digest, self._folded.accounts):
            self._wrong(10, 0, f"root {self._signed.n} is not that of the heads before its cut")


async def _lots(rows: store.Rows, customer: int) -> AsyncIterator[Lot]:
    async for row in rows.of(customer):
        yield lot_of(row)
