"""Which figures the demo asks for and compares; each section asks the API, asks the recount, and shows both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from rich.console import Console

from mandegar.demo import tables
from mandegar.demo.asking import Api, ApiError
from mandegar.demo.comparing import Comparison
from mandegar.recount import Recount

FIRST, LAST = date(1997, 1, 1), date(1998, 6, 30)
QUARTER_ENDS = (
    *(date(1997, 3, 31), date(1997, 6, 30), date(1997, 9, 30), date(1997, 12, 31)),
    *(date(1998, 3, 31), LAST),
)
CURRENCY = "USD"
COHORTS = (date(1997, 1, 1), date(1997, 2, 1), date(1997, 3, 1))
MONTHS = 18
_OTHER_QUESTIONS = ((30, 30), (180, 90), (365, 30), (365, 365), (45, 200))
"""(window, period) beside the quarter's; no counters are kept for the last one, so orders are scanned."""


class Figures:
    """One comparison of a shop's figures, section by section."""

    def __init__(self, api: Api, recount: Recount, shop: str, console: Console) -> None:
        self.comparison = Comparison()
        self._api = api
        self._recount = recount
        self._shop = shop
        self._console = console

    async def quarters(self) -> None:
        """Retention at each quarter's end, over trailing 90 days, from one answer of the series."""
        said = await self._api.series(FIRST, LAST, window=90, period=90, currency=CURRENCY)
        if [point["as_of"] for point in said] != [day.isoformat() for day in QUARTER_ENDS]:
            raise ApiError("the series does not hold the six quarter ends")
        answers: list[tables.Answer] = []
        for point, day in zip(said, QUARTER_ENDS, strict=True):
            counted = self._retention(day, 90, 90)
            answers.append((point, counted, self.comparison.compare_all(f"{day} 90/90", point, counted)))
        for table in tables.quarters(answers, self._console.width):
            self._console.print(table)
            self._console.print()

    async def other_windows(self) -> None:
        """The same fields for other windows and periods, one line each."""
        for window, period in _OTHER_QUESTIONS:
            marks: dict[str, str] = {}
            for day in QUARTER_ENDS:
                said = await self._api.retention(day, window=window, period=period, currency=CURRENCY)
                found = self.comparison.compare_all(
                    f"{day} {window}/{period}", said, self._retention(day, window, period)
                )
                marks |= {f"{day} {field}": mark for field, mark in found.items()}
            sign = tables.all_same(marks)
            self._console.print(f"window {window:>3} days, period {period:>3}: {len(marks)} figures {sign} recount")
        self._console.print()

    async def return_rates(self) -> None:
        """Return after the first purchase, at the end of the history."""
        said = {rate["days"]: rate for rate in await self._api.return_rates(LAST)}
        answers: list[tables.Answer] = []
        for days in (30, 60, 90):
            counted = self._recount.return_rate(self._shop, LAST, days=days)
            answer = said.get(days, {})
            answers.append((answer, counted, self.comparison.compare_all(f"return within {days}", answer, counted)))
        self._console.print(tables.return_rates(answers))
        self._console.print()

    async def cohorts(self) -> None:
        """Customers and revenue by month of first order and months since; orders and shares are compared unseen."""
        answer = await self._api.cohorts("1997-01", "1997-03", months=MONTHS, currency=CURRENCY)
        said = {
            (date.fromisoformat(cohort["month"] + "-01"), month): cell or {}
            for cohort in answer
            for month, cell in enumerate(cohort["cells"])
        }
        answers: dict[tuple[date, int], tables.Answer] = {}
        for key, counted in self._counted_cells().items():
            cell = said.get(key, {})
            name = f"cohort {key[0]:%Y-%m} month {key[1]}"
            answers[key] = (cell, counted, self.comparison.compare_all(name, cell, counted))
        for field, title in (("customers", "customers in"), ("revenue", f"revenue, {CURRENCY}, in")):
            self._console.print(tables.cohorts(title, field, answers))
            self._console.print()

    def _retention(self, day: date, window: int, period: int) -> dict[str, Any]:
        return self._recount.retention(self._shop, day, window=window, period=period, currency=CURRENCY)

    def _counted_cells(self) -> Mapping[tuple[date, int], dict[str, Any]]:
        found = {
            (cell.cohort, cell.months_since): cell
            for cell in self._recount.cohorts(self._shop, LAST, currency=CURRENCY)
        }
        cells = {}
        for key in [(cohort, month) for cohort in COHORTS for month in range(MONTHS)]:
            size = found[key[0], 0].customers
            cell = found.get(key)
            customers, orders, revenue = (cell.customers, cell.orders, cell.revenue) if cell else (0, 0, 0)
            money = {"amount": revenue, "currency": CURRENCY}
            cells[key] = {"customers": customers, "share": customers / size, "orders": orders, "revenue": money}
        return cells
