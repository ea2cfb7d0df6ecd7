"""Roots over all heads of a shop's accounts, as they stood at a moment: signed, each on top of the one before. Pure.

A root covers what was booked before its cut. Accounts are folded in the order of their numbers, so that a long list
can be taken in pieces, and whoever has all entries can fold it again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from struct import Struct
from typing import NamedTuple

EVERY = timedelta(hours=1)
SETTLED = timedelta(minutes=5)
"""So long after its cut a root is made: no transaction that began before is still open then."""
_HEAD = Struct(">qi").pack
_STATEMENT = Struct(">hiqq").pack
_NAME = b"mandegar ledger root 1"


class Root(NamedTuple):
    """One root, made or being made."""

    shop: int
    n: int
    cut: int
    """Microseconds since 1970."""
    accounts: int
    """How many have entries before the cut."""
    reached: int
    """The last customer that was folded in."""
    digest: bytes
    signature: bytes | None
    """None: it is being made."""


def begin(shop: int, n: int, cut: int, before: bytes) -> Root:
    """A new root on top of the digest of the one before; empty: there is none."""
    return Root(shop, n, cut, 0, 0, sha256(_NAME + before).digest(), None)


def folded(root: Root, customer: int, n: int, head: bytes) -> Root:
    """With the next account: the number of its last entry before the cut, and that entry's hash."""
    digest = sha256(root.digest + _HEAD(customer, n) + head).digest()
    return root._replace(accounts=root.accounts + 1, reached=customer, digest=digest)


def statement(root: Root) -> bytes:
    """What is signed."""
    return _NAME + _STATEMENT(root.shop, root.n, root.cut, root.accounts) + root.digest


def cut_before(now: datetime) -> datetime:
    """The last cut whose root may be made at a moment."""
    settled = now - SETTLED
    return settled.replace(minute=0, second=0, microsecond=0)


def next_due(now: datetime) -> datetime:
    """When the next root may be made."""
    return cut_before(now) + EVERY + SETTLED
