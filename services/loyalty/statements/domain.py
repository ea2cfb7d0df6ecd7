"""What accounts say, in words; sums of a shop's ledger. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from services.loyalty.points import Bucket, Kind
from services.loyalty.programmes import Tiers
from shared.kernel import minor_digits

MEMBERS_OWN = (Bucket.PENDING, Bucket.ACTIVE, Bucket.HELD, Bucket.OWED)
SOURCES = {1: "order", 2: "interaction", 3: "correction", 4: "reward"}


class Books(NamedTuple):
    """What became of all points of a shop, up to a day."""

    issued: int
    redeemed: int
    expired: int
    reversed: int
    adjusted: int
    """Taken by corrections, and borne by the shop, less what corrections gave."""

    @property
    def outstanding(self) -> int:
        """What members have, debts taken off: the shop's liability in points."""
        return self.issued - self.redeemed - self.expired - self.reversed - self.adjusted

    @property
    def used_up(self) -> int:
        """Points whose end is known: spent or expired. Breakage is the share of these that expired."""
        return self.redeemed + self.expired


def books_of(sums: Mapping[int, int]) -> Books:
    """From the sums of the shop's own buckets, which points arrive in; what is issued leaves its bucket."""
    return Books(
        -sums.get(Bucket.ISSUED, 0),
        sums.get(Bucket.REDEEMED, 0),
        sums.get(Bucket.EXPIRED, 0),
        sums.get(Bucket.REVERSED, 0),
        sums.get(Bucket.ADJUSTED, 0),
    )


def effect(debit: int, credit: int, points: int) -> int:
    """By how much an entry changes what a member has, debts taken off; 0: it only moves within."""
    return (points if Bucket(credit) in MEMBERS_OWN else 0) - (points if Bucket(debit) in MEMBERS_OWN else 0)


def kind_name(kind: int) -> str:
    """`earn`, `claw_back`, …"""
    return Kind(kind).name.lower()


def bucket_name(bucket: int) -> str:
    """`active`, `issued`, …"""
    return Bucket(bucket).name.lower()


def amount_text(tiers: Tiers, amount: int, currency: str) -> str:
    """So much of what tiers count, as a sentence has it."""
    if tiers.by == "orders":
        return f"{amount} order" if amount == 1 else f"{amount} orders"
    if tiers.by == "points":
        return f"{amount} point" if amount == 1 else f"{amount} points"
    digits = minor_digits(currency)
    whole, rest = divmod(amount, 10**digits)
    return f"{whole}.{rest:0{digits}d} {currency}" if digits else f"{whole} {currency}"


VERBS = {"spend": "Spend", "points": "Earn", "orders": "Place"}
