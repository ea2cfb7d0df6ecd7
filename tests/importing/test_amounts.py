"""Amounts in three scripts, with marks either way: read as meant, asked for where that is not known."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mandegar.importing.amounts import find_mark, read_amount, read_currency
from mandegar.replaying.fields import FieldError

_ARABIC = str.maketrans("0123456789,.", "٠١٢٣٤٥٦٧٨٩٬٫")


def amount(text: str, mark: str = ".", currency: str = "USD", unit: str = "major") -> Decimal:
    return read_amount("amount", text, currency, mark, unit)  # type: ignore[arg-type] # texts of a table


@pytest.mark.parametrize(
    ("text", "mark", "expected"),
    [
        ("1234.56", ".", "1234.56"),
        ("1,234.56", ".", "1234.56"),
        ("1.234,56", ",", "1234.56"),
        ("1 234,56 €", ",", "1234.56"),
        ("1'234.50", ".", "1234.5"),
        ("$12", ".", "12"),
        ("US$ 12.5", ".", "12.5"),
        ("۱۲۳٬۴۵۶٫۵ تومان", ".", "123456.5"),
        ("١٢٣٬٤٥٦", ",", "123456"),
        ("۲۵۰,۰۰۰ ریال", ".", "250000"),
        ("12,34,567.8", ".", "1234567.8"),
        ("(0.00)", ".", "0"),
    ],
)
def test_an_amount_is_read_as_shops_write_it(text: str, mark: str, expected: str) -> None:
    assert amount(text, mark) == Decimal(expected)


@pytest.mark.parametrize(
    "text", ["", "free", "1.2.3", "1,23", "1,2345", "12a5", "1.5E+05", "NaN", "--5", "1e400", "Rs.500"]
)
def test_what_is_no_amount_is_refused_and_never_guessed(text: str) -> None:
    with pytest.raises(FieldError):
        amount(text)


@pytest.mark.parametrize("text", ["-5", "(5.00)", "−5", "$-5", "-$5"])
def test_a_negative_amount_names_where_refunds_go(text: str) -> None:
    with pytest.raises(FieldError, match="negative") as refused:
        amount(text)
    assert "refund_amount" in refused.value.remedy


def test_minor_units_follow_the_currency() -> None:
    assert amount("1250", unit="minor") == Decimal("12.50")
    assert amount("1250", currency="KWD", unit="minor") == Decimal("1.250")
    assert amount("1250", currency="IRR", unit="minor") == Decimal(1250)
    with pytest.raises(FieldError, match="fraction"):
        amount("12.5", unit="minor")


@pytest.mark.parametrize(
    ("cells", "currency", "mark"),
    [
        (["1,234.56", "1,234"], "EUR", "."),
        (["1.234,56", "1.234"], "EUR", ","),
        (["12,5", "1.234"], "EUR", ","),
        (["1.234.567", "1.234"], "EUR", ","),
        (["1.234"], "EUR", None),
        (["1,234"], "EUR", "."),
        (["1.234", "1,234"], "EUR", None),
        (["12.5", "12,5"], "EUR", None),
        (["1.234"], "IRR", ","),
        (["1.234"], "KWD", None),
        (["250000", "", "۲۵۰٬۰۰۰"], "IRR", "."),
    ],
)
def test_a_file_settles_its_decimal_mark_or_says_that_nothing_does(
    cells: list[str], currency: str, mark: str | None
) -> None:
    assert find_mark(cells, currency).mark == mark


@given(st.decimals(0, 10**9, places=2), st.sampled_from([".", ","]), st.booleans(), st.booleans())
def test_every_amount_is_read_back_however_it_is_written(
    value: Decimal, mark: str, grouped: bool, arabic: bool
) -> None:
    text = f"{value:,.2f}" if grouped else f"{value:.2f}"
    if arabic:
        text = text.translate(_ARABIC)
    elif mark == ",":
        text = text.translate(str.maketrans(",.", ".,"))
    assert amount(text, mark) == value


def test_currencies_are_known_by_name_and_by_sign_where_it_means_one() -> None:
    assert read_currency("تومان", "USD") == "IRT"
    assert read_currency("ريال", "USD") == "IRR"
    assert read_currency("€", "USD") == "EUR"
    assert read_currency("$", "CAD") == "CAD"
    assert read_currency("$", "EUR") == "$"
    assert read_currency("", "kwd") == "KWD"
