"""What an import would do: the mapping, orders as they would be read, and every problem counted. Sends nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

from mandegar.importing.mapping import Mapping
from mandegar.importing.orders import Imported, read_orders
from mandegar.importing.planning import Plan
from mandegar.importing.reading import Table
from mandegar.replaying import BadRow

SAMPLE_ORDERS = 5
_PROBLEMS_MAX = 1_000


def preview(plan: Plan) -> dict[str, Any]:
    """Reads the whole file, in little memory. Nothing of a person stands in it but order numbers."""
    sample: list[dict[str, Any]] = []
    problems: Counter[tuple[str, str, str]] = Counter()
    types: Counter[str] = Counter()
    first_line: dict[tuple[str, str, str], int] = {}
    earliest = latest = None
    bad = 0
    for entry in () if plan.open else read_orders(plan):
        if isinstance(entry, BadRow):
            bad += 1
            problem = (entry.field, entry.reason, entry.remedy)
            if problem in problems or len(problems) < _PROBLEMS_MAX:
                problems[problem] += 1
                first_line.setdefault(problem, entry.line)
            continue
        types[entry.type] += 1
        earliest = entry.occurred_at if earliest is None else min(earliest, entry.occurred_at)
        latest = entry.occurred_at if latest is None else max(latest, entry.occurred_at)
        if len(sample) < SAMPLE_ORDERS:
            sample.append(_shown(entry))
    return {
        "file": str(plan.table.path),
        "written": _written(plan.table, plan.mapping),
        "columns": plan.mapping.columns,
        "unused": plan.unused,
        "open": list(plan.open),
        "orders": sum(types.values()),
        "cancelled": types["Order Cancelled"],
        "from": earliest,
        "to": latest,
        "error_rows": bad,
        "problems": [
            {"column": column, "reason": reason, "remedy": remedy, "rows": count, "first_line": first_line[key]}
            for key, count in problems.most_common(20)
            for column, reason, remedy in [key]
        ],
        "sample": sample,
    }


def _written(table: Table, mapping: Mapping) -> dict[str, str | None]:
    return {
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "dates": mapping.dates,
        "calendar": mapping.calendar,
        "decimal": mapping.decimal,
        "amounts": mapping.amounts,
    }


def _shown(order: Imported) -> dict[str, Any]:
    shown = order._asdict()
    del shown["messages"]
    shown["amount"] = str(order.amount)
    return shown
