"""Error rows: a table like the one they come from, with what is wrong and what to do; corrected, it is imported."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from mandegar.replaying import BadRow, BadRows

COLUMNS = ("error_line", "error_column", "error_reason", "error_remedy")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class RefusedRow(BadRow):
    """A row that was left out, with its cells. `field` is the heading of its column, as the file has it."""

    cells: tuple[str, ...] = ()


class ErrorRows(BadRows):
    """The file of error rows.

    UTF-8 with a byte order mark, which spreadsheets need, and the delimiter of the table that they come from, so that a
    mapping of the one reads the other; cells that one would take for a formula get an apostrophe,
    which an import takes off again.
    """

    def __init__(self, path: Path, header: list[str], delimiter: str = ",") -> None:
        super().__init__(path)
        self._header, self._delimiter = header, delimiter

    def _begin(self) -> TextIO:
        stream = self.path.open("w", encoding="utf-8-sig", errors="replace", newline="")
        csv.writer(stream, delimiter=self._delimiter).writerow((*COLUMNS, *self._header))
        return stream

    def _add(self, stream: TextIO, row: BadRow) -> None:
        cells = row.cells if isinstance(row, RefusedRow) else ()
        told = (str(row.line), row.field, row.reason, row.remedy)
        csv.writer(stream, delimiter=self._delimiter).writerow([_harmless(cell) for cell in (*told, *cells)])


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
