"""A table as numbered rows, whatever wrote it: its encoding, its delimiter, spreadsheets' own habits."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mandegar.replaying import MappingError
from mandegar.replaying.reading import LINE_LIMIT, Row, csv_records, detect_delimiter, open_bytes

_BLOCK = 1 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*')
_FORMULA_TEXT = re.compile(r'="(.*)"', re.DOTALL)
_GUARDED = ("'=", "'+", "'-", "'@", "'\t")


class Table(NamedTuple):
    """How a file is read, and its headings."""

    path: Path
    encoding: str
    delimiter: str
    header: list[str]
    first_line: int
    """Where the headings stand: line 2 behind a spreadsheet's `sep=;`."""


def open_table(path: Path, encoding: str | None, delimiter: str | None) -> Table:
    """Find out how the file is written. Raises MappingError for an empty file or an encoding that does not fit."""
    used = _marked(path) or encoding or detect_encoding(path)  # a mark is surer than a mapping made of another table
    try:
        with _text(path, used) as text:
            first = text.readline(LINE_LIMIT)
            told = _SEPARATOR_LINE.fullmatch(first)
            line = first if told is None else text.readline(LINE_LIMIT)
    except (LookupError, UnicodeError) as error:
        raise MappingError(f"{path.name} is not in the encoding {used}; name it with --encoding") from error
    sign = delimiter or (told[1] if told else detect_delimiter(line))
    if len(sign) != 1 or sign in '"\r\n':
        raise MappingError(f"--delimiter {sign!r}: give comma, semicolon, tab, pipe, or one other character")
    header = [clean_cell(heading) for heading in next(csv.reader([line], delimiter=sign), [])]
    if not any(header):
        raise MappingError(f"{path.name} has no line of headings")
    return Table(path, used, sign, header, 1 if told is None else 2)


def _marked(path: Path) -> str | None:
    """The encoding that a byte order mark tells."""
    with open_bytes(path) as stream:
        head = stream.read(4)
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def detect_encoding(path: Path) -> str:
    """By its byte order mark, by how its lines end, else UTF-8; what is not UTF-8 is taken for Windows-1256."""
    if marked := _marked(path):
        return marked
    with open_bytes(path) as stream:
        head = stream.read(4096)
        # A zero beside the end of a line is half of it; elsewhere it is dirt of a cell.
        at = head.find(b"\n")
        if at >= 0 and head[at - 1 : at] == b"\x00" and at % 2:
            return "utf-16-be"
        if at >= 0 and head[at + 1 : at + 2] == b"\x00" and at % 2 == 0:
            return "utf-16-le"
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            decoder.decode(head)
            while block := stream.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "windows-1256"
    return "utf-8"


def rows_of(table: Table) -> Iterator[Row]:
    """Every record below the headings that is not empty, with the number of its last line; cells are cleaned."""
    with _text(table.path, table.encoding) as text:
        for _ in range(table.first_line):
            text.readline()
        for number, cells, trouble in csv_records(text, table.delimiter):
            line = number + table.first_line
            if trouble:
                yield Row(line, [], "", trouble)
            elif any(cell.strip() for cell in cells):
                # Text is kept of what cannot be split alone: cells are written out again by themselves.
                yield Row(line, [clean_cell(cell) for cell in cells], "")


def clean_cell(cell: str) -> str:
    """A cell without what spreadsheets and our own files of errors put around it: `="0912…"`, `'+98…`."""
    text = cell.strip().strip("\ufeff\u200e\u200f")
    if text.startswith('="'):
        found = _FORMULA_TEXT.fullmatch(text)
        return found[1].strip() if found else text
    return text[1:] if text.startswith(_GUARDED) else text


def _text(path: Path, encoding: str) -> io.TextIOWrapper:
    raw = open_bytes(path)
    try:
        return io.TextIOWrapper(raw, encoding=encoding, errors="surrogateescape", newline="")
    except LookupError:
        raw.close()
        raise
