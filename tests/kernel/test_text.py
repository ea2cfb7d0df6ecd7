"""Folding: two spellings of one value become one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel import fold, fold_digits, fold_letters


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("علي كريمي", "علی کریمی"),
        ("می‌خواهم", "میخواهم"),
        ("۰۹۱۲۳۴۵۶۷۸۹", "09123456789"),
        ("٠٩١٢", "0912"),
        ("０９１２", "0912"),
        ("  Ali@Example.COM\u200f ", "ali@example.com"),
        ("محـــمد", "محمد"),
        ("مُحَمَّد", "محمد"),
        ("ﻋﻠﻲ", "علی"),
        ("رضا\u00a0 احمدی", "رضا احمدی"),
        ("STRASSE", "straße"),
        ("e\u0301", "é"),
        ("\ufeffA-17", "a-17"),
    ],
)
def test_two_spellings_fold_to_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("رحمة", "رحمه"), ("آرش", "ارش"), ("ali", "alı"), ("a b", "ab"), ("1", "l")]
)
def test_what_differs_stays_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_digits_and_letters_fold_apart() -> None:
    assert fold_digits("كد ۱۲٣") == "كد 123"
    assert fold_letters(" كد  ۱۲ ABC ") == "کد ۱۲ ABC"


@given(st.text())
def test_folding_again_changes_nothing(text: str) -> None:
    for folding in (fold, fold_letters, fold_digits):
        assert folding(folding(text)) == folding(text)


@given(st.integers(0, 10**15))
def test_a_number_in_any_digits_is_the_same_number(number: int) -> None:
    for zero in (0x0660, 0x06F0, 0xFF10):
        assert int(fold_digits("".join(chr(zero + int(d)) for d in str(number)))) == number
