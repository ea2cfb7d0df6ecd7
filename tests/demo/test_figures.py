"""The demo's comparison: it counts every figure, marks what differs, and can be read in a plain terminal."""

from __future__ import annotations

from datetime import date
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from mandegar.demo.asking import Api
from mandegar.demo.comparing import DIFFERENT, SAME, Comparison
from mandegar.demo.figures import COHORTS, CURRENCY, LAST, MONTHS, QUARTER_ENDS, Figures
from mandegar.demo.story import CDNOW
from mandegar.recount import Recount, cdnow_purchases

SHOP = "cdnow"


class RightApi(Api):
    """Answers what the recount says, with one figure changed if asked to."""

    def __init__(self, recount: Recount, wrong: tuple[str, Any] | None = None) -> None:
        self._recount = recount
        self._wrong = wrong

    def _told(self, answer: dict[str, Any]) -> dict[str, Any]:
        if self._wrong is not None and self._wrong[0] in answer:
            answer[self._wrong[0]] = self._wrong[1]
            self._wrong = None
        return answer | {"basis": "restated"}

    async def retention(self, as_of: date, *, window: int, period: int, currency: str) -> dict[str, Any]:
        return self._told(self._recount.retention(SHOP, as_of, window=window, period=period, currency=currency))

    async def series(self, first: date, last: date, *, window: int, period: int, currency: str) -> list[dict[str, Any]]:
        return [await self.retention(day, window=window, period=period, currency=currency) for day in QUARTER_ENDS]

    async def return_rates(self, as_of: date) -> list[dict[str, Any]]:
        return [self._told(self._recount.return_rate(SHOP, as_of, days=days)) for days in (30, 60, 90)]

    async def cohorts(self, first: str, last: str, *, months: int, currency: str) -> list[dict[str, Any]]:
        found = {(c.cohort, c.months_since): c for c in self._recount.cohorts(SHOP, LAST, currency=currency)}
        answer = []
        for cohort in COHORTS:
            size = found[cohort, 0].customers
            cells = []
            for month in range(months):
                cell = found.get((cohort, month))
                customers, orders, revenue = (cell.customers, cell.orders, cell.revenue) if cell else (0, 0, 0)
                money = {"amount": revenue, "currency": currency}
                cells.append(
                    self._told({"customers": customers, "share": customers / size, "orders": orders, "revenue": money})
                )
            answer.append({"month": f"{cohort:%Y-%m}", "customers": size, "cells": cells})
        return answer


@pytest.fixture(scope="module")
def recount() -> Recount:
    return cdnow_purchases(CDNOW, SHOP)


async def played(recount: Recount, wrong: tuple[str, Any] | None = None, width: int = 120) -> tuple[Comparison, str]:
    output = StringIO()
    figures = Figures(RightApi(recount, wrong), recount, SHOP, Console(file=output, width=width))
    for section in (figures.quarters, figures.other_windows, figures.return_rates, figures.cohorts):
        await section()
    return figures.comparison, output.getvalue()


async def test_right_answers_are_all_equal_and_shown_beside_the_recount(recount: Recount) -> None:
    comparison, text = await played(recount)
    fields = len(recount.retention(SHOP, LAST, window=90, period=90, currency=CURRENCY))
    assert comparison.figures == fields * 6 * 6 + 3 * 4 + len(COHORTS) * MONTHS * 4
    assert comparison.summary == f"{comparison.figures:,} figures compared, all equal"
    assert "23,570 = 23,570" in text
    assert "≠" not in text
    assert max(len(line) for line in text.splitlines()) <= 120


@pytest.mark.parametrize(
    "wrong",
    [
        ("held", 23_571),
        ("churn", 0.123),
        ("aov", None),
        ("revenue", {"amount": 1, "currency": "USD"}),
        ("mature", 0),
        ("rate", 0.5),
        ("share", 2.0),
    ],
)
async def test_one_wrong_figure_is_marked_and_named(recount: Recount, wrong: tuple[str, Any]) -> None:
    comparison, text = await played(recount, wrong)
    assert len(comparison.differences) == 1
    assert wrong[0] in comparison.differences[0]
    assert comparison.summary.endswith("1 differ")
    assert ("≠" in text) == (wrong[0] != "share")  # shares are compared and not shown


async def test_a_narrow_terminal_shows_fewer_quarters_side_by_side(recount: Recount) -> None:
    _, text = await played(recount, width=80)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "1,071,805.47 = 1,071,805.47" in text


def test_what_is_left_out_or_of_another_kind_differs() -> None:
    comparison = Comparison()
    assert comparison.compare_all("x", {"a": 1}, {"a": 1, "b": None}) == {"a": SAME, "b": DIFFERENT}
    assert comparison.compare("x", 1.0, 1) == SAME
    assert comparison.compare("x", True, 1) == DIFFERENT
    assert comparison.compare("x", None, 0) == DIFFERENT
    assert comparison.compare("x", 0.1 + 0.2, 0.3) == DIFFERENT
