"""One operation after the other: an account is brought up to the day first, then the operation posts or is refused."""

from __future__ import annotations

import re

from services.loyalty.points.domain.awarding import award, reinstate, schedule
from services.loyalty.points.domain.book import Book
from services.loyalty.points.domain.model import Refusal, Who
from services.loyalty.points.domain.operations import (
    Adjust,
    Award,
    Capture,
    Done,
    GiveBack,
    Operation,
    Reinstate,
    Release,
    Reserve,
    Schedule,
    Spend,
    Turn,
    identities,
)
from services.loyalty.points.domain.spending import adjust, capture, give_back, release, reserve
from services.loyalty.points.domain.turning import turn

_WORD = re.compile(r"[a-z0-9_]{0,40}")


def decide(book: Book, operation: Operation) -> Done | Refusal:
    """Post an operation. A refused one changes nothing; what the clock had due before is done in either case."""
    catch_up(book, operation)
    before = len(book.entries)
    if isinstance(operation, Turn):
        return Done(0)
    if not _WORD.fullmatch(operation.cause.reason):
        return Refusal("reason", "not_a_word")
    book.begin(operation.cause, operation.day)
    answer = _post(book, operation)
    book.end()
    if isinstance(answer, Refusal):
        return answer
    return Done(len(book.entries) - before, answer)


def catch_up(book: Book, operation: Operation) -> None:
    """Do what the clock has had due up to the operation's day, to everybody whom it concerns."""
    for who in _concerned(book, operation):
        if book.accounts[who].armed <= operation.day:
            turn(book, who, operation.day, operation.cause._replace(event_id="", correlation="", reason="", actor=""))


def _concerned(book: Book, operation: Operation) -> list[Who]:
    name = getattr(operation, "hold", "")
    hold = book.holds.get((operation.who.shop, name)) if name else None
    shares = [] if hold is None else [share.who for share in hold.shares]
    return sorted({*identities(operation), *shares})


def _post(book: Book, operation: Operation) -> Refusal | int:
    answer: Refusal | int | None = 0
    match operation:
        case Award():
            answer = award(book, operation)
        case Schedule():
            answer = schedule(book, operation)
        case Reserve() | Spend():
            answer = reserve(book, operation)
        case Capture():
            answer = capture(book, operation)
        case Release():
            answer = release(book, operation)
        case GiveBack():
            answer = give_back(book, operation)
        case Reinstate():
            answer = reinstate(book, operation)
        case Adjust():
            answer = adjust(book, operation)
        case _:
            answer = 0
    return answer or 0
