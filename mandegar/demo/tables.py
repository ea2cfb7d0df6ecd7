"""The demo's tables: in each cell what the platform says, `=` or `≠`, and what the recount says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mandegar.demo.comparing import DIFFERENT, SAME

PLAIN_WIDTH = 120
_NAMES = {
    "held": "held customers",
    "start": "held 90 days before",
    "new": "new",
    "won_back": "won back",
    "lost": "lost",
    "crr": "retention rate (CRR)",
    "churn": "churn rate",
    "repeat": "bought twice or more",
    "rpr": "repeat rate (RPR)",
    "rpr_all": "RPR, of all ever",
    "loyal": "more than 4 orders",
    "lcr": "loyal rate (LCR)",
    "orders": "orders",
    "revenue": "revenue",
    "aov": "average order (AOV)",
    "frequency": "orders a customer",
    "lifetime_customers": "customers ever",
    "lifetime_rpr": "RPR over all time",
    "mature": "history long enough",
}
_RATIOS = {"crr", "churn", "rpr", "rpr_all", "lcr", "lifetime_rpr", "rate", "share"}


def console() -> Console:
    """Colours and the terminal's width on a terminal; plain text of a fixed width elsewhere."""
    probe = Console(highlight=False)
    return probe if probe.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)


Answer = tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, str]]
"""What the platform says, what the recount says, and the mark of each field."""


def quarters(answers: Sequence[Answer], width: int) -> list[Table]:
    """Retention by quarter, as many quarters side by side as fit into `width` characters."""
    beside = max(1, (width - 24) // 31)
    tables = []
    for start in range(0, len(answers), beside):
        table = Table(box=None, header_style="bold", pad_edge=False)
        table.add_column("trailing 90 days, at", no_wrap=True)
        shown = answers[start : start + beside]
        for _, counted, _ in shown:
            table.add_column(str(counted["as_of"]), justify="right", no_wrap=True)
        for field, name in _NAMES.items():
            table.add_row(name, *[_cell(field, answer) for answer in shown])
        tables.append(table)
    return tables


def cohorts(title: str, field: str, answers: Mapping[tuple[date, int], Answer]) -> Table:
    """One field of the cohort table: months since the first order down, cohorts across."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(title, no_wrap=True)
    months = sorted({month for _, month in answers})
    firsts = sorted({first for first, _ in answers})
    for first in firsts:
        table.add_column(f"first order {first:%Y-%m}", justify="right", no_wrap=True)
    for month in months:
        table.add_row(f"month {month}", *[_cell(field, answers[first, month]) for first in firsts])
    return table


def return_rates(answers: Sequence[Answer]) -> Table:
    """Return after the first purchase: 30, 60, 90 days."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("second order within", no_wrap=True)
    for name in ("customers", "returned", "rate"):
        table.add_column(name, justify="right", no_wrap=True)
    for answer in answers:
        table.add_row(f"{answer[1]['days']} days", *[_cell(name, answer) for name in ("customers", "returned", "rate")])
    return table


def months(answers: Sequence[Answer]) -> Table:
    """How many customers began to lapse, were lost and came back, by month."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("stages, in stream time", no_wrap=True)
    for name in ("lapsing", "lost", "reactivated"):
        table.add_column(name, justify="right", no_wrap=True)
    for answer in answers:
        table.add_row(answer[1]["month"], *[_cell(name, answer) for name in ("lapsing", "lost", "reactivated")])
    return table


def points(answers: Sequence[Answer]) -> Table:
    """Points earned and expired, and customers who moved up and down the tiers, by month."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("points and tiers", no_wrap=True)
    names = {"earned": "points earned", "expired": "points expired", "up": "tiers up", "down": "tiers down"}
    for name in names.values():
        table.add_column(name, justify="right", no_wrap=True)
    for answer in answers:
        table.add_row(answer[1]["month"], *[_cell(field, answer) for field in names])
    return table


def _cell(field: str, answer: Answer) -> Text:
    said, counted, marks = answer
    text = Text(f"{_shown(field, said.get(field))} {marks[field]} {_shown(field, counted[field])}")
    if marks[field] == DIFFERENT:
        text.stylize("bold red")
    return text


def _shown(field: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        value, field = value.get("amount"), "revenue"
    if isinstance(value, int | float):
        if field == "revenue":
            return f"{value / 100:,.2f}"
        if field in _RATIOS:
            return f"{value:.2%}"
        return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
    return str(value)


def all_same(marks: Mapping[str, str]) -> str:
    """One sign for many marks."""
    return SAME if all(mark == SAME for mark in marks.values()) else DIFFERENT
