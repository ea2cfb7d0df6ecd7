"""Changes of counters as columns: collected from many formulas, added up, sorted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

_GRID_MAX = 1_000_000  # cells of a dense count: 8 MB for an instant, beyond which sorting is the better way
_CODE_MAX = 2**62
_NEAR = 2**22  # a column that spans more (currencies do) is numbered by its distinct values


class Measure(IntEnum):
    """What a counter counts. `param`, `gap` and `day` as each says; days are ordinals of shop-local dates."""

    FIRSTS = 1
    """First order ever, on day."""
    ENDS = 2
    """Param: window. Somebody stops being held on day, if nothing comes."""
    BACK = 3
    """Param: window. Somebody not held orders again on day."""
    RESTARTS = 4
    """Param: window. The same, with the days since the end in gap, if fewer than the window: no period that counters
    answer holds both the end and the restart otherwise, and rows of day and gap are the dearest to keep."""
    AT_LEAST = 5
    """Param: window, 0 for all time; gap: k. Signed: customers who come to have, or cease to have, k orders in it.
    For k = 1 on basis booked alone: on basis restated FIRSTS, BACK and ENDS say it."""
    RETURNED = 6
    """Param: days. Customers with a second order day within them, on the day of their first."""
    ORDERS = 7
    """By currency, guests included."""
    GUEST_ORDERS = 8
    """By currency."""
    REVENUE = 9
    """By currency, minor units, less refunds, guests included."""
    COHORT_CUSTOMERS = 10
    """Param: month of the first order; day: month (year * 12 + month - 1). Customers who ordered."""
    COHORT_ORDERS = 11
    """The same, their orders by currency."""
    COHORT_REVENUE = 12
    """The same, their revenue by currency."""
    PERIOD_LOST = 15
    """Basis booked alone, as all below. Param: window; gap: period. Signed: customers held the period before day and
    no longer held."""
    PERIOD_NEW = 16
    """Param: window; gap: period. Signed: customers held, not held the period before, and without an older order."""
    RETURN_OLD = 17
    """Param: days. Signed: customers whose first order is so old."""
    RETURN_BACK = 18
    """Param: days. Signed: of those, the ones with a second order day within them."""
    STAGE = 13
    """Param: stage. Signed: customers who come into the stage, or leave it, on day."""
    STAGE_FLOW = 14
    """Param: stage before * 8 + stage. Changes on day; those that were taken back do not count."""


def currency_code(currency: str) -> int:
    """A currency as a number, which sorts as its letters do; 0 for none. ValueError unless it has three letters."""
    if not currency:
        return 0
    if len(currency) != 3 or not currency.isascii():
        raise ValueError("a currency code has three letters")
    return int.from_bytes(currency.encode(), "big")


def currency_letters(codes: Ints) -> npt.NDArray[np.bytes_]:
    """Currencies as three bytes each; what `currency_code` made into numbers."""
    letters: npt.NDArray[np.bytes_] = (codes << 8).astype(">i4").view("S4").astype("S3")
    return letters


@dataclass(frozen=True, slots=True)
class Deltas:
    """Changes of counters: columns of one length."""

    shop: Ints
    measure: Ints
    param: Ints
    currency: Ints
    """As `currency_code` gives it; 0 where the measure has none."""
    day: Ints
    gap: Ints
    value: Ints

    def __len__(self) -> int:
        return len(self.value)


def no_deltas() -> Deltas:
    """Nothing to change."""
    none = np.zeros(0, np.int64)
    return Deltas(none, none, none, none, none, none, none)


class Tally:
    """Collects changes; `deltas` adds up what falls on the same counter."""

    def __init__(self) -> None:
        self._parts: list[Deltas] = []

    def add(
        self,
        measure: Measure,
        shop: Ints,
        day: Ints,
        value: Ints,
        *,
        param: Ints | int = 0,
        gap: Ints | int = 0,
        currency: Ints | int = 0,
    ) -> None:
        """Add `value` at each (shop, param, currency, day, gap). Exact in int64."""
        if not len(day):
            return
        places, sums = _summed((shop, param, currency, day, gap), value)
        columns = [np.broadcast_to(np.asarray(column, np.int64), len(sums)) for column in places]
        kind = np.full(len(sums), int(measure), np.int64)
        self._parts.append(Deltas(columns[0], kind, columns[1], columns[2], columns[3], columns[4], sums))

    def deltas(self) -> Deltas:
        """All changes, as they were collected: `merge` adds up, sorts and drops zeros, once for all slices."""
        return _joined(self._parts)


class _Digit(NamedTuple):
    """One column of a place: its value is `low` + digit, or `values[digit]` where values lie far apart."""

    low: int
    span: int
    values: Ints | None = None


def _summed(place: Sequence[Ints | int], value: Ints) -> tuple[list[Ints | int], Ints]:
    """Equal places added up. Each place becomes one number, with a digit for each column that varies."""
    code, size = np.zeros(len(value), np.int64), 1
    digits: list[_Digit] = []
    for column in place:
        digit, found = _digit(column)
        digits.append(digit)
        size *= digit.span
        if size >= _CODE_MAX:
            return list(place), value  # absurdly far apart: `merge` adds them up
        code = code * digit.span + found
    if size <= _GRID_MAX:
        grid = np.zeros(size, np.int64)
        np.add.at(grid, code, value)
        code = np.flatnonzero(grid)
        sums = grid[code]
    else:
        code, inverse = np.unique(code, return_inverse=True)
        sums = np.zeros(len(code), np.int64)
        np.add.at(sums, inverse, value)
    columns: list[Ints | int] = []
    for digit in reversed(digits):
        code, rest = np.divmod(code, digit.span)
        columns.append(digit.low + rest if digit.values is None else digit.values[rest])
    return columns[::-1], sums


def _digit(column: Ints | int) -> tuple[_Digit, Ints | int]:
    if isinstance(column, int):
        return _Digit(column, 1), 0
    low, high = int(column.min()), int(column.max())
    if high - low <= _NEAR:
        return _Digit(low, high - low + 1), column - low
    values, inverse = np.unique(column, return_inverse=True)
    return _Digit(0, len(values), values), inverse


def merge(parts: Iterable[Deltas]) -> Deltas:
    """Several changes as one: sorted by (shop, measure, param, currency, day, gap), equal ones added, zeros dropped."""
    joined = _joined(list(parts))
    if not len(joined):
        return joined
    columns = [joined.shop, joined.measure, joined.param, joined.currency, joined.day, joined.gap]
    order = np.lexsort(columns[::-1])
    columns = [column[order] for column in columns]
    differs = np.zeros(len(order), bool)
    differs[0] = True
    for column in columns:
        differs[1:] |= column[1:] != column[:-1]
    starts = np.flatnonzero(differs)
    sums = np.add.reduceat(joined.value[order], starts)
    stays = starts[sums != 0]
    shop, measure, param, currency, day, gap = (column[stays] for column in columns)
    return Deltas(shop, measure, param, currency, day, gap, sums[sums != 0])


def _joined(parts: Sequence[Deltas]) -> Deltas:
    if not parts:
        return no_deltas()
    return Deltas(
        shop=np.concatenate([part.shop for part in parts]),
        measure=np.concatenate([part.measure for part in parts]),
        param=np.concatenate([part.param for part in parts]),
        currency=np.concatenate([part.currency for part in parts]),
        day=np.concatenate([part.day for part in parts]),
        gap=np.concatenate([part.gap for part in parts]),
        value=np.concatenate([part.value for part in parts]),
    )
