"""Numbers of cards: whatever goes wrong at one digit, or with two neighbours, is found out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.loyalty.cards.domain import (
    DRAWN,
    Card,
    Kind,
    Refused,
    State,
    blocked,
    grouped,
    is_bank_number,
    is_right,
    number_of,
    replaced,
    token_hash,
    typed,
    unblocked,
)

NUMBERS = st.integers(0, DRAWN - 1).map(number_of)
NOW = datetime(2026, 3, 21, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
CARD = Card(number_of(1), 7, Kind.DIGITAL, State.ACTIVE, NOW, NOW)


@given(NUMBERS)
def test_a_number_is_right_and_stays_what_it_is_when_typed(number: str) -> None:
    assert len(number) == 16
    assert is_right(number)
    persian = grouped(number).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    assert typed(number) == typed(grouped(number)) == typed(f" {persian}\u200c") == number


@given(NUMBERS, st.integers(0, 15), st.integers(1, 9))
def test_every_single_wrong_digit_is_found(number: str, place: int, off: int) -> None:
    wrong = str((int(number[place]) + off) % 10)
    assert not is_right(number[:place] + wrong + number[place + 1 :])


@given(NUMBERS)
def test_every_two_neighbours_exchanged_are_found(number: str) -> None:
    for place, (one, other) in enumerate(pairwise(number)):
        if one != other:
            assert not is_right(number[:place] + other + one + number[place + 2 :])


@pytest.mark.parametrize("text", ["", "9", "x" * 16, "9" * 15, "9" * 17, "\u0661" * 3, "9000000000010014a"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert typed(text) is None


@pytest.mark.parametrize("token", ["6037990000000006", "6037 9900 0000 0006", "۶۰۳۷-۹۹۰۰-۰۰۰۰-۰۰۰۶", "4" * 19])
def test_a_bank_cards_number_is_no_token(token: str) -> None:
    assert is_bank_number(token)


def test_tokens_are_kept_as_hashes_of_their_shop() -> None:
    assert not is_bank_number("tok_6037990000000006")
    assert token_hash(1, "tok_a") != token_hash(2, "tok_a")
    assert token_hash(1, "tok_a") == token_hash(1, "tok_a")


def test_a_card_is_blocked_unblocked_and_replaced_once() -> None:
    held = blocked(CARD, LATER)
    assert isinstance(held, Card)
    assert (held.state, held.changed_at) == (State.BLOCKED, LATER)
    assert blocked(held, LATER + timedelta(days=1)) == held
    back = unblocked(held, LATER)
    assert isinstance(back, Card)
    assert back.state is State.ACTIVE
    both = replaced(held, number_of(2), LATER)
    assert not isinstance(both, Refused)
    old, fresh = both
    assert (old.state, old.replaced_by) == (State.REPLACED, fresh.number)
    assert (fresh.customer, fresh.state) == (CARD.customer, State.ACTIVE)
    for refused in (blocked(old, LATER), unblocked(old, LATER), replaced(old, number_of(3), LATER)):
        assert isinstance(refused, Refused)
