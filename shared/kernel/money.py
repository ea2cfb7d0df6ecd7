"""Money: ISO 4217 code and an integer of minor units. Never a float, never added across currencies."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

MAX_MINOR_UNITS = 10**15
"""Largest absolute amount of one figure: leaves room to add nine thousand of them in an int64."""

# Minor digits that differ from two. IRR is 0 where ISO says 2: nobody has used a hundredth of a rial in decades.
_MINOR_DIGITS = {"IRR": 0, "JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "KWD": 3, "BHD": 3, "OMR": 3, "JOD": 3, "TND": 3}
_TOMAN = "IRT"  # not an ISO code: ten rials, as shops quote prices; converted once, at the edge


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
    """How many decimal places the minor unit has."""
    return _MINOR_DIGITS.get(currency, 2)


def to_minor_units(value: Decimal | str | int, currency: str) -> Money:
    """A decimal amount of a currency as minor units; Toman (IRT) becomes rial times ten.

    Fractions below the minor unit are rounded half-even. Raises MoneyError for what is no number, too large, or
    not a currency code.
    """
    code = currency.strip().upper()
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise MoneyError("currency must be a three-letter ISO 4217 code, or IRT")
    try:
        decimal = Decimal(value)
    except (InvalidOperation, ValueError, TypeError) as error:
        raise MoneyError("amount must be a decimal number") from error
    if not decimal.is_finite():
        raise MoneyError("amount must be finite")
    if decimal.adjusted() > 18:
        raise MoneyError("amount is larger than 10^15 minor units")
    if code == _TOMAN:
        code, decimal = "IRR", decimal * 10
    minor = int(decimal.scaleb(minor_digits(code)).to_integral_value(ROUND_HALF_EVEN))
    if abs(minor) > MAX_MINOR_UNITS:
        raise MoneyError("amount is larger than 10^15 minor units")
    return Money(minor, code)
