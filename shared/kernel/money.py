"""Money: ISO 4217 code and an integer of minor units. Never a float, never added across currencies."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from shared.kernel.currencies import MINOR_DIGITS
from shared.kernel.text import fold_digits

MAX_MINOR_UNITS = 10**15
"""Largest absolute amount of one figure: leaves room to add nine thousand of them in an int64."""

_TOMAN = "IRT"  # not an ISO code: ten rials, as shops quote prices; converted once, at the edge
_TOO_LARGE = "amount is larger than 10^15 minor units"
_EXPONENT_MAX = 18
_MARKS = {ord("٫"): ".", ord("٬"): None}  # of numbers in Persian and Arabic
# Digits of the fraction may be many: rounded once, from the exact value, whatever the thread's own context says.
_EXACT = Context(prec=400, Emax=999_999, Emin=-999_999, rounding=ROUND_HALF_EVEN)


class MoneyError(ValueError):
    """The amount or the currency cannot be used; the message names what is wrong and says what to send."""


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` in minor units of `currency` (ISO 4217)."""

    amount: int
    currency: str

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise MoneyError(f"{self.currency} and {other.currency} cannot be added")
        return Money(self.amount + other.amount, self.currency)


def minor_digits(currency: str) -> int:
    """How many decimal places the minor unit has. MoneyError when the code is not a currency of our table."""
    digits = MINOR_DIGITS.get(currency)
    if digits is None:
        raise MoneyError("currency must be a three-letter ISO 4217 code that is in use, or IRT for Toman")
    return digits


def kept_currency(currency: str) -> str:
    """The code under which amounts of `currency` are kept: what is priced in Toman (IRT) is kept in rial."""
    return "IRR" if currency == _TOMAN else currency


def to_minor_units(value: Decimal | str | int, currency: str) -> Money:
    """A decimal amount of a currency as minor units; Toman (IRT) becomes rial times ten.

    Fractions below the minor unit are rounded half-even. Text may hold Persian or Arabic digits, and `٬` between
    thousands with `٫` before the fraction. Raises MoneyError for what is no number, too large, or not a currency.
    """
    code = currency.strip().upper()
    scale = 0
    if code == _TOMAN:
        code, scale = "IRR", 1
    digits = minor_digits(code)
    decimal = _decimal(value)
    if decimal.adjusted() > _EXPONENT_MAX:  # before scaling, which would write out every digit of 1e999999
        raise MoneyError(_TOO_LARGE)
    if decimal.adjusted() < -_EXPONENT_MAX:
        return Money(0, code)
    minor = int(decimal.scaleb(digits + scale, _EXACT).quantize(Decimal(1), ROUND_HALF_EVEN, _EXACT))
    if abs(minor) > MAX_MINOR_UNITS:
        raise MoneyError(_TOO_LARGE)
    return Money(minor, code)


def _decimal(value: Decimal | str | int) -> Decimal:
    if isinstance(value, bool | float):  # a float has lost what was written already
        raise MoneyError("amount must be a decimal number, not a float")
    try:
        decimal = Decimal(_plain(value) if isinstance(value, str) else value)
    except (InvalidOperation, ValueError, TypeError) as error:
        raise MoneyError("amount must be a decimal number") from error
    if not decimal.is_finite():
        raise MoneyError("amount must be finite")
    return decimal


def _plain(text: str) -> str:
    if "_" in text:  # Decimal would skip it
        raise MoneyError("amount must be a decimal number")
    return text if text.isascii() else fold_digits(text).translate(_MARKS)
