"""Accounts, lots, holds and entries: what the ledger is made of. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from hashlib import blake2b
from typing import NamedTuple

from services.loyalty.points.domain.buckets import NEVER, Bucket, Kind

NOTHING_TOLD = 32_767
GENESIS = bytes(32)
"""Head of an account without entries."""


class Source(IntEnum):
    """What kind of thing points are earned for."""

    ORDER = 1
    INTERACTION = 2
    CORRECTION = 3
    REWARD = 4
    """Rewards, gifts, referrals, challenges: what the shop grants."""


class Who(NamedTuple):
    """An account: an identity of a shop's customer."""

    shop: int
    customer: int


class LotKey(NamedTuple):
    """What a lot was earned for. A lot is earned once for it."""

    source_kind: int
    source: str
    """Order id, interaction, adjustment."""
    line: str
    """Of the order; empty: the whole."""
    rule: str
    version: int
    """Of the programme."""


def lot_id(key: LotKey) -> int:
    """The lot's number within its account: 63 bits of a hash, so that the primary key is what keeps it unique."""
    return number_of(*key)


def number_of(source_kind: int, source: str, line: str, rule: str, version: int) -> int:
    """The same, of the values of a key."""
    # A plain number: an enumeration is asked how it is to be written, which takes longer than all the rest.
    text = f"{int(source_kind)}\x1f{source}\x1f{line}\x1f{rule}\x1f{version}"
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") >> 1


@dataclass(slots=True)
class Lot:
    """Points earned for one thing, and what became of them. A working copy is changed by `Book` alone."""

    who: Who
    lot: int
    key: LotKey
    at: int
    """When it was earned, microseconds since 1970."""
    starts_day: int
    """Pending until this day begins; NEVER: until somebody says."""
    expires_day: int
    """Spent on days before; NEVER."""
    noticed: int = NOTHING_TOLD
    """The shortest lead in days at which its expiry was announced."""
    earned: int = 0
    pending: int = 0
    remaining: int = 0
    held: int = 0
    spent: int = 0
    repaid: int = 0
    expired: int = 0
    reversed: int = 0
    adjusted: int = 0
    owed: int = 0
    forgiven: int = 0

    @property
    def taken(self) -> int:
        """What was clawed back of it, in whatever way."""
        return self.reversed + self.owed + self.forgiven

    @property
    def standing(self) -> int:
        """What its source is worth as far as the ledger knows."""
        return self.earned - self.taken

    @property
    def turn(self) -> tuple[int, int, int, int]:
        """In which order lots are spent: first what expires first, then what was earned first."""
        return (self.expires_day, self.at, self.who.customer, self.lot)


@dataclass(slots=True)
class Account:
    """Balances of an identity, as cached beside its entries."""

    who: Who
    pending: int = 0
    active: int = 0
    held: int = 0
    owed: int = 0
    """A debt: the balance of OWED with its sign turned."""
    version: int = 0
    """How many entries there are."""
    told: int = 0
    """How many events there were for them."""
    head: bytes = GENESIS
    """Hash of the last entry."""
    armed: int = NEVER
    """The day at whose start a timer looks at the account, or an earlier one."""
    lots: dict[int, Lot] = field(default_factory=dict)
    """Those that may still matter, and those that were asked for."""

    def copy(self) -> Account:
        """Another one with lots of its own."""
        return replace(self, lots={number: replace(lot) for number, lot in self.lots.items()})


class HoldState(IntEnum):
    """How a hold stands. It ends once."""

    OPEN = 1
    CAPTURED = 2
    RELEASED = 3
    LAPSED = 4
    """Released because its time was over."""
    ADJUSTED = 5
    """No hold: what a correction by staff took."""


@dataclass(slots=True)
class Share:
    """What a hold, or spend, took of one lot."""

    who: Who
    lot: int
    points: int
    restored: int = 0


@dataclass(slots=True)
class Hold:
    """Points taken aside for a redemption, or spent by it, lot by lot."""

    who: Who
    """Who asked; the shares may be of other identities of the same person."""
    hold: str
    points: int
    state: HoldState
    until: int
    """When it lapses while open, microseconds since 1970; 0: spent at once."""
    shares: list[Share] = field(default_factory=list)

    @property
    def restored(self) -> int:
        """How much of it was given back."""
        return sum(share.restored for share in self.shares)

    def copy(self) -> Hold:
        """Another one with shares of its own."""
        return replace(self, shares=[replace(share) for share in self.shares])


class Cause(NamedTuple):
    """What had an operation done."""

    at: int
    """When it occurred, microseconds since 1970."""
    event_id: str = ""
    correlation: str = ""
    origin: str = "live"
    reason: str = ""
    """A short word. Entries stay for ever: what people write stands where it can be erased."""
    actor: str = ""
    """`staff:…`, `key:…`; empty: the platform."""


class Entry(NamedTuple):
    """One line of the ledger. Those with the same `transaction` were posted together."""

    who: Who
    n: int
    """Numbers the account's entries from 1 on."""
    transaction: int
    """Number of its first entry."""
    at: int
    booked_at: int
    day: int
    """The shop's day that its clock had come to."""
    kind: Kind
    debit: Bucket
    credit: Bucket
    points: int
    lot: int
    expires_day: int
    """Of the lot, once this entry was posted."""
    cause: str
    source: str
    """The hold, where points were taken or given back; the adjustment."""
    reason: str
    actor: str


class Refusal(NamedTuple):
    """Why nothing was done. Data, not an error: whoever asked is told."""

    field: str
    reason: str
    """A short word: `insufficient`, `unknown_hold`, `hold_ended`, `out_of_range`, `other_content`, `too_late`."""


def in_turn(lots: Sequence[Lot], day: int) -> list[Lot]:
    """Lots that points can be taken of on a day, in the order in which they are."""
    return sorted((lot for lot in lots if lot.remaining and lot.expires_day > day), key=lambda lot: lot.turn)
