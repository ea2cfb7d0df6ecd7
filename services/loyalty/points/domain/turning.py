"""The day's turn of an account, in its fixed order: activate, expire, notify. Pure."""

from __future__ import annotations

from itertools import groupby

from services.loyalty.points.domain.book import Book
from services.loyalty.points.domain.buckets import NEVER, Bucket, Kind
from services.loyalty.points.domain.model import Cause, Lot, Who
from services.loyalty.points.domain.terms import due_of, passed


def turn(book: Book, who: Who, day: int, cause: Cause) -> int:
    """All days up to `day` on which something was due, one after the other. How many entries that made.

    It does not matter how late it is done, or how many days at once: each day does what it would have done.
    """
    before = len(book.entries)
    account, terms = book.accounts[who], book.terms(who)
    while (at := min((due_of(lot, terms.notices) for lot in account.lots.values()), default=NEVER)) <= day:
        book.begin(cause._replace(at=terms.start_of(at)), at)
        activate(book, who)
        book.settle_up(who)
        notify(book, who)
        book.end()
        book.arm(who)
    if account.armed <= day:
        book.begin(cause, day)
        book.arm(who)
    return len(book.entries) - before


def activate(book: Book, who: Who) -> None:
    """Points whose waiting is over."""
    for lot in sorted(book.accounts[who].lots.values(), key=lambda lot: (lot.starts_day, lot.turn)):
        if lot.pending and lot.starts_day <= book.day:
            start(book, lot)


def start(book: Book, lot: Lot) -> None:
    """A lot's points can be spent from now on."""
    lot.noticed = passed(book.terms(lot.who).notices, lot.expires_day, book.day)
    book.move((Kind.ACTIVATE, Bucket.PENDING, Bucket.ACTIVE), lot.pending, lot)


def notify(book: Book, who: Who) -> None:
    """Points that will expire, by the day on which they will. Whoever is late tells of the shortest lead only."""
    notices, found = book.terms(who).notices, []
    for lot in book.accounts[who].lots.values():
        left = lot.expires_day - book.day
        leads = [lead for lead in notices if left <= lead < lot.noticed]
        if lot.remaining and left > 0 and leads:
            found.append((lot.expires_day, min(leads), lot.turn, lot))
    for (expires_day, lead), group in groupby(sorted(found, key=lambda one: one[:3]), key=lambda one: one[:2]):
        book.announce(who, expires_day, lead, [one[3] for one in group])
