"""Amounts as shops write them: digits of three scripts, thousands and decimal marks either way, signs of currencies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from mandegar.importing.mapping import DecimalMark, Unit
from mandegar.replaying.fields import FieldError
from shared.kernel import MoneyError, fold, fold_digits, kept_currency, minor_digits, to_minor_units

# Arabic and Persian text has marks of its own, which are never in doubt.
_OWN_MARKS = str.maketrans({"٬": "\u2019", "٫": "\ue000"})
_BLANKS = re.compile("[\\s\u00a0\u202f'\u2019\u200e\u200f\u061c]")
_OUTSIDE = re.compile(r"^([(\-+−]?)[^\d(\-+−.,\ue000]*([\-+−]?)(.*?)(\)?)[^\d)]*$", re.DOTALL)
_PLAIN = re.compile(r"\d+(?:\ue000\d+)?")
_FORM = re.compile(r"\d[\d.,]*")
_SCIENTIFIC = re.compile(r"\d[eE][+-]?\d")
_GROUPS = {",": re.compile(r"\d{1,3}(,\d{2,3})*,\d{3}|\d*"), ".": re.compile(r"\d{1,3}(\.\d{2,3})*\.\d{3}|\d*")}
_DOLLARS = {"AUD", "CAD", "HKD", "NZD", "SGD", "USD"}
_CURRENCY_NAMES = {
    fold(name): code
    for code, names in {
        "IRT": ("تومان", "تومن", "toman", "tomans"),
        "IRR": ("ریال", "﷼", "rial", "rials", "ریال ایران"),
        "EUR": ("€", "euro", "یورو", "يورو"),
        "GBP": ("£",),
        "AED": ("درهم", "د.إ", "درهم إماراتي"),
        "SAR": ("ر.س", "ريال سعودي", "sr"),
        "TRY": ("₺", "lira", "لیر"),
        "USD": ("us$", "دلار", "دولار"),
    }.items()
    for name in names
}


class MarkFinding(NamedTuple):
    """What a file's amounts tell of their decimal mark."""

    mark: DecimalMark | None
    """None: nothing settles it, or the amounts contradict one another."""
    doubtful: int
    """Amounts that could be read both ways, such as 1.234."""


def find_mark(cells: Iterable[str], currency: str) -> MarkFinding:
    """What the amounts of a file settle."""
    told = {".": 0, ",": 0}
    doubtful = {".": 0, ",": 0}
    for cell in cells:
        core = _core(cell)
        if core is None or _FORM.fullmatch(core[1]) is None:
            continue
        mark, is_sure = _evidence(core[1])
        if mark is not None:
            (told if is_sure else doubtful)[mark] += 1
    count = sum(doubtful.values())
    if told["."] and told[","]:
        return MarkFinding(None, count + min(told.values()))
    if told["."] or told[","]:
        return MarkFinding("." if told["."] else ",", 0)
    if not count:
        return MarkFinding(".", 0)
    return MarkFinding(_settled(doubtful, currency), count)


def _settled(doubtful: dict[str, int], currency: str) -> DecimalMark | None:
    """Of amounts with three digits behind their only mark: how many places the currency has may settle it."""
    if doubtful["."] and doubtful[","]:
        return None
    try:
        places = minor_digits(kept_currency(currency))
    except MoneyError:
        places = 2
    if places == 3:
        return None
    if places == 0:  # nobody writes fractions of it: the mark stands between thousands
        return "," if doubtful["."] else "."
    return None if doubtful["."] else "."


def read_amount(field: str, text: str, currency: str, mark: DecimalMark, unit: Unit = "major") -> Decimal:
    """A cell as an amount of the major unit, zero or more. Raises FieldError."""
    if _SCIENTIFIC.search(text):
        raise FieldError(field, "was shortened by a spreadsheet", "format the column as a number, and export again")
    core = _core(text)
    number = None if core is None else _number(core[1], mark)
    if core is None or number is None:
        raise FieldError(field, "is no amount that is understood", "write it as 1234.56, or name the mark: --decimal")
    is_negative, _ = core
    if is_negative and number:
        raise FieldError(field, "is negative", "give refunds a column of their own: refund_amount")
    try:
        if unit == "minor":
            if number != number.to_integral_value():
                raise FieldError(field, "has a fraction, though amounts are in minor units", "give --amounts major")
            number = number.scaleb(-minor_digits(kept_currency(currency)))
        to_minor_units(number, currency)
    except MoneyError as error:
        raise FieldError("currency" if "currency" in str(error) else field, str(error), "correct the cell") from error
    return number


def read_currency(text: str, default: str) -> str:
    """A cell as a code: ISO 4217, or a name or sign that means one currency."""
    if not text:
        return default.upper()
    folded = fold(text)
    if folded == "$" and default.upper() in _DOLLARS:
        return default.upper()
    return _CURRENCY_NAMES.get(folded, text.upper())


def _core(cell: str) -> tuple[bool, str] | None:
    """(negative, digits with their marks), without signs of currencies around them; None where there are none."""
    text = _BLANKS.sub("", fold_digits(cell).translate(_OWN_MARKS))
    found = _OUTSIDE.fullmatch(text)
    if found is None or not found[3]:
        return None
    return found[1] in ("(", "-", "−") or found[2] in ("-", "−"), found[3].rstrip(".,")


def _number(core: str, mark: DecimalMark) -> Decimal | None:
    if _PLAIN.fullmatch(core):
        return Decimal(core.replace("\ue000", "."))
    if _FORM.fullmatch(core) is None:
        return None
    between: DecimalMark = "," if mark == "." else "."
    whole, _, fraction = core.partition(mark)
    if _GROUPS[between].fullmatch(whole) is None or (fraction and not fraction.isdigit()):
        return None
    return Decimal(f"{whole.replace(between, '') or '0'}.{fraction or '0'}")


def _evidence(core: str) -> tuple[DecimalMark | None, bool]:
    """(decimal mark, whether that is sure) by one number; where it is not sure, the mark that it has."""
    marks = [sign for sign in core if sign in ".,"]
    if not marks:
        return None, False
    last: DecimalMark = "." if marks[-1] == "." else ","
    other: DecimalMark = "," if last == "." else "."
    if len(set(marks)) == 2:
        return last, True
    if len(marks) > 1:
        return other, True
    before, _, behind = core.partition(last)
    if len(behind) != 3 or len(before) > 3 or before in ("", "0"):
        return last, True
    return last, False
