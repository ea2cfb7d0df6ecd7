"""Figures side by side: what the platform says, what the recount says, and whether they agree. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SAME, DIFFERENT = "=", "≠"


class Comparison:
    """Counts what was compared, and remembers what differs."""

    def __init__(self) -> None:
        self.figures = 0
        self.differences: list[str] = []

    def compare(self, name: str, said: Any, counted: Any) -> str:
        """`=` or `≠`. Equal means identical: both sides divide the same whole numbers, so there is no tolerance."""
        self.figures += 1
        if type(said) is type(counted) and said == counted:
            return SAME
        if _is_number(said) and _is_number(counted) and said == counted:
            return SAME
        self.differences.append(f"{name}: the platform says {said!r}, the recount {counted!r}")
        return DIFFERENT

    def compare_all(self, name: str, said: Mapping[str, Any], counted: Mapping[str, Any]) -> dict[str, str]:
        """Every field that the recount knows; one that the platform leaves out differs."""
        return {
            field: self.compare(f"{name} {field}", said.get(field, "nothing"), value)
            for field, value in counted.items()
        }

    @property
    def summary(self) -> str:
        """One line."""
        if self.differences:
            return f"{self.figures:,} figures compared, {len(self.differences):,} differ"
        return f"{self.figures:,} figures compared, all equal"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
