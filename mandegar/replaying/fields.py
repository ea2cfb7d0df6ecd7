"""Single cells of a file as values: instants, amounts. Every refusal names what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.kernel import DayOrdinal, MoneyError, Zone, to_minor_units

# Persian and Arabic digits, and their decimal and thousands signs, as spreadsheets of the region write them.
_FOLD = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩٫٬", "01234567890123456789.,")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_COMPACT = re.compile(r"\d{8}")
_EPOCH = re.compile(r"\d{10}|\d{13}")
_SLASHED = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(.*)", re.DOTALL)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


class FieldError(ValueError):
    """A cell cannot be used: which field, why, and what to do."""

    def __init__(self, field: str, reason: str, remedy: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
        self.remedy = remedy


def moment_reader(zone: str, date_format: str | None) -> Callable[[str], datetime]:
    """A function from a cell to an aware instant.

    Without an offset the text is local time of `zone`; without a time it is the first instant of that day there.
    `date_format` (strptime) settles what would be ambiguous, such as 03/04/2024. Raises ValueError for an unknown
    zone; the returned function raises FieldError.
    """
    days = Zone(zone)
    info = ZoneInfo(zone)

    @lru_cache(maxsize=4096)  # exports repeat their dates far more often than they change them
    def read(text: str) -> datetime:
        folded = text.strip().translate(_FOLD)
        try:
            moment = _parse(folded, date_format, days, info)
        except (ValueError, OverflowError) as error:
            remedy = f"write it as {date_format}" if date_format else "write 2024-03-31T14:05:00, or give --date-format"
            raise FieldError("occurred_at", "is no date or time that is understood", remedy) from error
        if not _EARLIEST <= moment < _LATEST:
            raise FieldError("occurred_at", "lies outside 1970 to 2199", "check the year, or give --date-format")
        return moment

    return read


def _parse(text: str, date_format: str | None, days: Zone, info: tzinfo) -> datetime:
    if date_format is not None:
        parsed = datetime.strptime(text, date_format)
        if parsed.tzinfo is not None:
            return parsed.astimezone(UTC)
        has_time = any(code in date_format for code in ("%H", "%I", "%X", "%c", "%T"))
        return _local(parsed, info) if has_time else days.start_of(DayOrdinal(parsed.toordinal()))
    if _EPOCH.fullmatch(text):
        scale = 1 if len(text) == 10 else 1000
        return _EARLIEST + timedelta(seconds=int(text) // scale, milliseconds=int(text) % scale if scale > 1 else 0)
    if _COMPACT.fullmatch(text):
        return days.start_of(DayOrdinal(date.fromisoformat(text).toordinal()))
    if slashed := _SLASHED.fullmatch(text):
        year, month, day, rest = slashed.groups()
        text = f"{year}-{month:0>2}-{day:0>2}{rest}"
    if len(text) == 10:
        return days.start_of(DayOrdinal(date.fromisoformat(text).toordinal()))
    parsed = datetime.fromisoformat(text.removesuffix(" UTC") + "+00:00" if text.endswith(" UTC") else text)
    return parsed.astimezone(UTC) if parsed.tzinfo is not None else _local(parsed, info)


def _local(parsed: datetime, info: tzinfo) -> datetime:
    # A local time that was skipped by the clock is read with the offset before the jump, and so falls just after it:
    # on the same day even where the jump is at midnight.
    return parsed.replace(tzinfo=info).astimezone(UTC)


def read_amount(text: str, currency: str) -> Decimal:
    """A cell as an amount of the major unit, zero or more. Raises FieldError."""
    folded = text.strip().translate(_FOLD)
    if _GROUPED.fullmatch(folded):
        folded = folded.replace(",", "")
    try:
        amount = Decimal(folded)
    except InvalidOperation as error:
        raise FieldError("amount", "is no decimal number", "write it as 1234.56, without a currency sign") from error
    try:
        to_minor_units(amount, currency)
    except MoneyError as error:
        field = "currency" if "currency" in str(error) else "amount"
        raise FieldError(field, str(error), "correct the cell") from error
    if amount < 0:
        raise FieldError("amount", "is negative", "refunds are events of their own: use JSON lines with Order Refunded")
    return amount
