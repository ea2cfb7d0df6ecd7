"""Digits, amounts and dates as the readers of a language write them. Pure."""

from __future__ import annotations

from datetime import date, datetime

from persiantools.jdatetime import JalaliDate

from shared.kernel.money import minor_digits

_DIGITS = {"fa": "۰۱۲۳۴۵۶۷۸۹", "ar": "٠١٢٣٤٥٦٧٨٩"}
_GROUP = {"fa": "٬", "ar": "٬"}
_POINT = {"fa": "٫", "ar": "٫"}
_RIGHT_TO_LEFT = frozenset({"fa", "ar", "he", "ur"})


class Formats:
    """Of one language. Persian dates are Jalali; all others are Gregorian."""

    def __init__(self, locale: str) -> None:
        self.locale = locale
        self.language = locale.replace("_", "-").partition("-")[0].lower()
        self.direction = "rtl" if self.language in _RIGHT_TO_LEFT else "ltr"
        self._digits = str.maketrans("0123456789", _DIGITS.get(self.language, "0123456789"))

    def number(self, value: object) -> str:
        """With groups of three."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError("a whole number is needed")
        return f"{value:,}".replace(",", _GROUP.get(self.language, ",")).translate(self._digits)

    def money(self, value: object, currency: object) -> str:
        """Minor units as an amount, with the currency's code."""
        if isinstance(value, bool) or not isinstance(value, int) or not isinstance(currency, str):
            raise TypeError("minor units and a currency are needed")
        places = minor_digits(currency)
        whole, rest = divmod(abs(value), 10**places)
        text = ("-" if value < 0 else "") + self.number(whole)
        if places:
            text += _POINT.get(self.language, ".") + f"{rest:0{places}d}".translate(self._digits)
        return f"{text} {currency}"

    def date(self, value: object) -> str:
        """An ISO date, or an instant with the offset in which it is to be shown."""
        if not isinstance(value, str):
            raise TypeError("a date is needed")
        day = datetime.fromisoformat(value).date() if "T" in value else date.fromisoformat(value)
        if self.language == "fa":
            shown = JalaliDate(day)  # type: ignore[no-untyped-call]  # the package ships no types
            return f"{shown.year:04d}/{shown.month:02d}/{shown.day:02d}".translate(self._digits)
        return day.isoformat().translate(self._digits)
