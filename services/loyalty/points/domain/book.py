"""The working copy in which operations post: every entry goes through `move`, which keeps lots and balances with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.loyalty.points.domain.buckets import (
    NEVER,
    POINTS_MAX,
    ROUTES,
    Bucket,
    Happening,
    Kind,
    Route,
    happening,
)
from services.loyalty.points.domain.model import Account, Cause, Entry, Hold, Lot, LotKey, Who, in_turn
from services.loyalty.points.domain.terms import DebtPolicy, Terms, due_of

_BALANCES = {Bucket.PENDING: "pending", Bucket.ACTIVE: "active", Bucket.HELD: "held"}


class Balance(NamedTuple):
    """Of an account at a moment."""

    pending: int
    active: int
    held: int
    owed: int


class Telling(NamedTuple):
    """Something a customer notices: entries of one transaction."""

    who: Who
    happening: Happening
    entries: tuple[Entry, ...]
    keys: tuple[LotKey, ...]
    """What the lot of each entry was earned for."""
    starts_day: int
    """When points that wait start, the first of them; NEVER: none waits, or nobody knows."""
    balance: Balance
    """After the operation."""
    cause: Cause


class Expiring(NamedTuple):
    """Points that will expire: announced, not posted."""

    who: Who
    day: int
    """On which it is announced."""
    posting: int
    """The account's last entry."""
    expires_day: int
    lead: int
    points: int
    lots: tuple[int, ...]
    balance: Balance
    cause: Cause


class Book:
    """Accounts and holds of one batch, changed in place; what was posted and what is to be told, in order.

    Whoever posts has judged before: a move that is not possible is a fault of the program, never a refusal.
    """

    def __init__(
        self,
        accounts: Mapping[Who, Account],
        holds: Mapping[tuple[int, str], Hold],
        terms: Mapping[int, Terms],
        booked_at: int,
    ) -> None:
        """`terms` by shop."""
        self.accounts = dict(accounts)
        self.holds = dict(holds)
        self.booked_at = booked_at
        self.entries: list[Entry] = []
        self.tellings: list[Telling | Expiring] = []
        self.touched_lots: dict[tuple[Who, int], Lot] = {}
        self.new_lots: set[tuple[Who, int]] = set()
        self.touched_holds: dict[tuple[int, str], None] = {}
        self.touched: dict[Who, None] = {}
        """Accounts whose row is to be written."""
        self._terms = terms
        self._cause = Cause(0)
        self._day = 0
        self._began: dict[Who, int] = {}
        self._told: dict[tuple[Who, Happening], list[Entry]] = {}
        self._announced: list[Expiring] = []
        self.fresh: list[Lot] = []
        """Lots that this operation earned or activated."""

    @property
    def day(self) -> int:
        """The shop's day of the operation in hand."""
        return self._day

    def terms(self, who: Who) -> Terms:
        """Of the account's shop."""
        return self._terms[who.shop]

    def begin(self, cause: Cause, day: int) -> None:
        """An operation begins: its entries are one transaction of each account."""
        self._cause, self._day = cause, day
        self._began, self._told, self.fresh = {}, {}, []

    def add(self, lot: Lot) -> None:
        """A new lot, without points yet."""
        self.accounts[lot.who].lots[lot.lot] = lot
        self.new_lots.add((lot.who, lot.lot))

    def keep(self, hold: Hold) -> None:
        """A hold that is new or was changed."""
        place = (hold.who.shop, hold.hold)
        self.holds[place] = hold
        self.touched_holds[place] = None

    def move(self, route: Route, points: int, lot: Lot, source: str = "") -> None:
        """Post one entry."""
        kind, debit, credit = route
        if not 1 <= points <= POINTS_MAX:
            raise AssertionError(f"{kind.name} of {points} points")
        account, cause = self.accounts[lot.who], self._cause
        for column, sign in ROUTES[route]:
            value = getattr(lot, column) + sign * points
            if value < 0:
                raise AssertionError(f"{kind.name}: {column} of a lot would be {value}")
            setattr(lot, column, value)
        _shift(account, debit, -points)
        _shift(account, credit, points)
        account.version += 1
        n = account.version
        entry = Entry(
            account.who, n, self._began.setdefault(account.who, n), cause.at, self.booked_at, self._day,
            kind, debit, credit, points, lot.lot, lot.expires_day, cause.event_id, source, cause.reason, cause.actor,
        )  # fmt: skip
        self.entries.append(entry)
        self.touched_lots[lot.who, lot.lot] = lot
        self.touched[lot.who] = None
        if kind in (Kind.EARN, Kind.RAISE, Kind.ACTIVATE) and credit is Bucket.ACTIVE:
            self.fresh.append(lot)
        word = happening(kind, debit)
        if word is not None:
            told = self._told.setdefault((account.who, word), [])
            account.told += not told
            told.append(entry)

    def announce(self, who: Who, expires_day: int, lead: int, lots: Sequence[Lot]) -> None:
        """Tell a customer of points that will expire."""
        for lot in lots:
            lot.noticed = lead
            self.touched_lots[who, lot.lot] = lot
        self.touched[who] = None
        points, numbers = sum(lot.remaining for lot in lots), tuple(lot.lot for lot in lots)
        account = self.accounts[who]
        balance, day = balance_of(account), self._day
        self._announced.append(
            Expiring(who, day, account.version, expires_day, lead, points, numbers, balance, self._cause)
        )

    def settle_up(self, who: Who) -> None:
        """What follows from every operation: points past their day expire, debts are repaid as the shop has it."""
        account, terms = self.accounts[who], self.terms(who)
        for lot in sorted(account.lots.values(), key=lambda lot: lot.turn):
            if lot.remaining and lot.expires_day <= self._day:
                self.move((Kind.EXPIRE, Bucket.ACTIVE, Bucket.EXPIRED), lot.remaining, lot)
        if account.owed and account.active:
            fresh = [lot for lot in self.fresh if lot.who == who]
            of = fresh if terms.policy is DebtPolicy.LATER else list(account.lots.values())
            for lot in in_turn(of, self._day):
                points = min(account.owed, lot.remaining)
                if points:
                    self.move((Kind.REPAY, Bucket.ACTIVE, Bucket.OWED), points, lot)

    def end(self) -> None:
        """The operation is over: what it did is told, and accounts are armed for what is due next."""
        for (who, word), entries in self._told.items():
            account = self.accounts[who]
            lots = [account.lots[entry.lot] for entry in entries]
            starts_day = min((lot.starts_day for lot in lots if lot.pending), default=NEVER)
            keys = tuple(lot.key for lot in lots)
            balance = balance_of(account)
            self.tellings.append(Telling(who, word, tuple(entries), keys, starts_day, balance, self._cause))
        self.tellings += self._announced
        for who in self._began:
            self.arm(who)
        self._told, self._began, self._announced = {}, {}, []

    def arm(self, who: Who) -> None:
        """The day that the account is to be looked at. One that stands and is not later stays (timers are lazy)."""
        account, notices = self.accounts[who], self.terms(who).notices
        due = min((due_of(lot, notices) for lot in account.lots.values()), default=NEVER)
        if not self._day < account.armed <= due and account.armed != due:
            account.armed = due
            self.touched[who] = None


def balance_of(account: Account) -> Balance:
    """The balances as they stand."""
    return Balance(account.pending, account.active, account.held, account.owed)


def _shift(account: Account, bucket: Bucket, points: int) -> None:
    if bucket is Bucket.OWED:
        account.owed -= points
        if account.owed < 0:
            raise AssertionError("more was repaid than was owed")
        return
    name = _BALANCES.get(bucket)
    if name is None:
        return
    value = getattr(account, name) + points
    if value < 0:
        raise AssertionError(f"{name} would be {value}")
    setattr(account, name, value)
