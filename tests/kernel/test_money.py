"""Money: exact, in minor units of our own table."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel import MAX_MINOR_UNITS, Money, MoneyError, minor_digits, to_minor_units
from shared.kernel.currencies import MINOR_DIGITS


@pytest.mark.parametrize(
    ("value", "currency", "amount", "code"),
    [
        ("12.34", "usd ", 1234, "USD"),
        (12, "EUR", 1200, "EUR"),
        ("250000", "IRR", 250_000, "IRR"),
        ("250000", "IRT", 2_500_000, "IRR"),
        ("0.5", "IRT", 5, "IRR"),
        ("1.234", "KWD", 1234, "KWD"),
        ("980", "JPY", 980, "JPY"),
        ("0.005", "USD", 0, "USD"),
        ("0.015", "USD", 2, "USD"),
        ("-0.025", "USD", -2, "USD"),
        ("1e3", "USD", 100_000, "USD"),
        ("۱۲٬۳۴۵٫۶۷", "USD", 1_234_567, "USD"),
        ("١٢٣", "IRR", 123, "IRR"),
        (" 5 ", "USD", 500, "USD"),
        ("1e-999999", "USD", 0, "USD"),
        ("10000000000000", "USD", MAX_MINOR_UNITS, "USD"),
    ],
)
def test_an_amount_becomes_minor_units(value: str | int, currency: str, amount: int, code: str) -> None:
    assert to_minor_units(value, currency) == Money(amount, code)


@pytest.mark.parametrize(
    "value", ["", "abc", "NaN", "Infinity", "1_000", "1,000", "0x10", "1e16", "1e999999", "9" * 300]
)
def test_what_is_no_usable_amount_is_refused_without_repeating_it(value: str) -> None:
    with pytest.raises(MoneyError) as refused:
        to_minor_units(value, "USD")
    assert len(value) < 3 or value not in str(refused.value)


def test_a_float_is_refused_because_it_has_lost_what_was_written() -> None:
    for value in (0.1, True):
        with pytest.raises(MoneyError):
            to_minor_units(value, "USD")  # type: ignore[arg-type]  # what callers must not do


@pytest.mark.parametrize("currency", ["", "XTS", "ABC", "XAU", "US", "USDX", "۱۲۳", "CLF"])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    with pytest.raises(MoneyError):
        to_minor_units("1", currency)
    with pytest.raises(MoneyError):
        minor_digits(currency)


def test_the_table_has_every_currency_in_use() -> None:
    assert len(MINOR_DIGITS) == 166
    assert all(len(code) == 3 and code.isupper() for code in MINOR_DIGITS)
    assert {code for code, digits in MINOR_DIGITS.items() if digits == 3} == {
        "BHD",
        "IQD",
        "JOD",
        "KWD",
        "LYD",
        "OMR",
        "TND",
    }
    assert {MINOR_DIGITS[code] for code in ("IRR", "JPY")} == {0}


@given(st.decimals(-(10**12), 10**12, places=6), st.sampled_from(sorted(MINOR_DIGITS)))
def test_rounding_is_to_the_nearest_and_half_to_even(value: Decimal, currency: str) -> None:
    exact = Fraction(value) * 10 ** MINOR_DIGITS[currency]
    assert to_minor_units(value, currency).amount == round(exact)
    assert to_minor_units(str(value), currency).amount == round(exact)


def test_money_of_two_currencies_is_never_added() -> None:
    assert Money(1, "USD") + Money(2, "USD") == Money(3, "USD")
    with pytest.raises(MoneyError):
        Money(1, "USD") + Money(1, "EUR")
