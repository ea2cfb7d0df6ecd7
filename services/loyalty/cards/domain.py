"""Numbers of cards, and what may become of a card. Pure.

A number has 16 digits: a 9, fourteen drawn at random, and a check digit by Damm's table, which finds every single wrong
digit and every two neighbours exchanged. Programmes of banks do not begin with 9.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import IntEnum
from hashlib import blake2b
from typing import NamedTuple

from shared.kernel import fold_digits

DRAWN = 10**14
"""How many numbers there are."""
ACTIVE_MAX = 5
"""Cards of one identity that are in use at a time."""
BANK_CARDS_MAX = 10
_FIRST = "9"
_LENGTH = 16
_BETWEEN = re.compile(r"[\s\-\u200c\u200e\u200f]+")
_NUMBER = re.compile(r"\d{16}", re.ASCII)
_PAN = re.compile(r"\d{12,19}", re.ASCII)
# A quasigroup without fixed squares (Damm 2004): the last digit of a right number leads back to 0.
_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


class State(IntEnum):
    """What a card is now."""

    ACTIVE = 1
    BLOCKED = 2
    REPLACED = 3


class Kind(IntEnum):
    """What a card is made of."""

    DIGITAL = 1
    PHYSICAL = 2


class Card(NamedTuple):
    """A card of an identity."""

    number: str
    customer: int
    kind: Kind
    state: State
    issued_at: datetime
    changed_at: datetime
    replaced_by: str = ""


def check_digit(digits: str) -> str:
    """What makes a number of these digits right."""
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return str(interim)


def number_of(drawn: int) -> str:
    """The number of a card, from a random whole number below `DRAWN`."""
    digits = _FIRST + f"{drawn:014d}"
    return digits + check_digit(digits)


def is_right(number: str) -> bool:
    """Whether the digits fit one another. Nothing is said of whether there is such a card."""
    return bool(_NUMBER.fullmatch(number)) and check_digit(number) == "0"


def typed(text: str) -> str | None:
    """The number that somebody typed or scanned, in any digits, with spaces or hyphens; None: it cannot be one."""
    number = _BETWEEN.sub("", fold_digits(text))
    return number if is_right(number) else None


def grouped(number: str) -> str:
    """As it stands on a card."""
    return " ".join(number[at : at + 4] for at in range(0, _LENGTH, 4))


def is_bank_number(token: str) -> bool:
    """Whether a token looks like the number of a bank card, which nobody is to hand over."""
    return _PAN.fullmatch(_BETWEEN.sub("", fold_digits(token))) is not None


def token_hash(shop: int, token: str) -> bytes:
    """What is kept of a token: enough to know it again, not enough to use it."""
    return blake2b(f"{shop}:{token}".encode(), digest_size=32).digest()


class Refused(NamedTuple):
    """Why a card stays as it is."""

    code: str
    detail: str


def blocked(card: Card, now: datetime) -> Card | Refused:
    """The card once it identifies nobody any more."""
    if card.state is State.REPLACED:
        return Refused("card-replaced", "the card was replaced by another, which is the one to block")
    return card if card.state is State.BLOCKED else card._replace(state=State.BLOCKED, changed_at=now)


def unblocked(card: Card, now: datetime) -> Card | Refused:
    """The card in use again."""
    if card.state is State.REPLACED:
        return Refused("card-replaced", "the card was replaced by another and cannot come back")
    return card if card.state is State.ACTIVE else card._replace(state=State.ACTIVE, changed_at=now)


def replaced(card: Card, number: str, now: datetime) -> tuple[Card, Card] | Refused:
    """The card that is out of use, and the one in its place."""
    if card.state is State.REPLACED:
        return Refused("card-replaced", "the card was replaced already; its customer's cards show by which")
    fresh = Card(number, card.customer, card.kind, State.ACTIVE, now, now)
    return card._replace(state=State.REPLACED, changed_at=now, replaced_by=number), fresh
