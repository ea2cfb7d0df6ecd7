"""Listings: a table on a terminal, tab-separated lines elsewhere, JSON when asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any


def print_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool = False) -> None:
    """Print the columns of the rows, in this order. JSON keeps types; text writes None as an empty cell."""
    if as_json:
        picked = [{column: row.get(column) for column in columns} for row in rows]
        sys.stdout.write(json.dumps(picked, default=str, ensure_ascii=False, indent=1) + "\n")
    elif sys.stdout.isatty():
        _print_table(rows, columns)
    else:
        for cells in [list(columns), *[[_text(row.get(column)) for column in columns] for row in rows]]:
            sys.stdout.write("\t".join(cells) + "\n")


def in_words(value: Any) -> str:
    """One value on a line of its own: what has parts as JSON."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return "" if value is None else _text(value)


def _print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    from rich.console import Console  # 50 ms that a script's call need not pay
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        numeric = bool(rows) and all(isinstance(row.get(column), int | float | None) for row in rows)
        table.add_column(column.replace("_", " "), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*[_text(row.get(column)) for column in columns])
    Console(markup=False, highlight=False).print(table)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(_text(part) for part in value)
    return str(value).replace("\t", " ").replace("\n", " ")
