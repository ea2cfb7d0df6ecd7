"""Error rows: a table like the one they come from, with what is wrong and what to do; corrected, it is imported."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from mandegar.replaying import BadRow

COLUMNS = ("error_line", "error_column", "error_reason", "error_remedy")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class RefusedRow(BadRow):
    """A row that was left out, with its cells. `field` is the heading of its column, as the file has it."""

    cells: tuple[str, ...] = ()


class ErrorRows:
    """The file of error rows; it exists only where there are any. A context manager.

    UTF-8 with a byte order mark, which spreadsheets need; cells that one would take for a formula get an apostrophe,
    which an import takes off again.
    """

    def __init__(self, path: Path, header: list[str]) -> None:
        self.path = path
        self._header = header
        self._stream: TextIO | None = None
        self.count = 0

    def __enter__(self) -> ErrorRows:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()

    def write(self, row: BadRow) -> None:
        """Add a row."""
        if self._stream is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.path.open("w", encoding="utf-8-sig", errors="replace", newline="")
            csv.writer(self._stream).writerow((*COLUMNS, *self._header))
        cells = row.cells if isinstance(row, RefusedRow) else ()
        told = (str(row.line), row.field, row.reason, row.remedy)
        csv.writer(self._stream).writerow([_harmless(cell) for cell in (*told, *cells)])
        self.count += 1


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
