"""A file as numbered rows: CSV with any usual delimiter, or JSON lines; plain or gzip."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, cast

Form = Literal["csv", "jsonl"]
BLANKS = " "
"""As delimiter: columns apart by runs of blanks."""
LINE_LIMIT = 1_048_576
"""Bytes of one JSON line, and characters of one CSV cell: what is longer is no order."""


class Row(NamedTuple):
    """One record of the file. `cells` is empty where the row could not be read; `error` then says why."""

    line: int
    cells: list[str]
    text: str
    error: str = ""


def digest_of(path: Path) -> str:
    """SHA-256 (hex) of the file as it lies on disk."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def form_of(path: Path) -> Form:
    """JSON lines by suffix, or where the first sign is `{`; CSV otherwise."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    if suffixes and suffixes[-1] in (".jsonl", ".ndjson", ".json"):
        return "jsonl"
    with open_bytes(path) as stream:
        return "jsonl" if stream.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else "csv"


def open_bytes(path: Path) -> BinaryIO:
    """The content, unpacked where it is gzip (by its magic number, whatever its name)."""
    with path.open("rb") as probe:
        packed = probe.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path, "rb") if packed else path.open("rb"))


def detect_delimiter(header: str) -> str:
    """The delimiter that stands most often in the header line; runs of blanks where there is none."""
    counts = {sign: header.count(sign) for sign in (",", ";", "\t", "|")}
    best = max(counts, key=lambda sign: counts[sign])
    return best if counts[best] else BLANKS


def csv_rows(path: Path, delimiter: str | None) -> Iterator[Row]:
    """Header first, then every record that is not empty, with the number of its (last) line in the file."""
    with open_bytes(path) as raw:
        text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="")
        first = text.readline()
        sign = delimiter or detect_delimiter(first)
        yield Row(1, next(_split(iter([first]), sign), []), first.rstrip("\r\n"))
        yield from _blank_rows(text) if sign == BLANKS else _delimited_rows(text, sign)


def _split(lines: Iterator[str], sign: str) -> Iterator[list[str]]:
    if sign == BLANKS:
        return (line.split() for line in lines)
    return csv.reader(lines, delimiter=sign)


def _blank_rows(text: io.TextIOWrapper) -> Iterator[Row]:
    for number, line in enumerate(text, start=2):
        if cells := line.split():
            yield Row(number, cells, line.strip())


def _delimited_rows(text: io.TextIOWrapper, sign: str) -> Iterator[Row]:
    for line, cells, trouble in csv_records(text, sign):
        if trouble:
            yield Row(line + 1, [], "", trouble)
        elif any(cells):
            yield Row(line + 1, cells, sign.join(cells))


def csv_records(lines: Iterable[str], sign: str) -> Iterator[tuple[int, list[str], str]]:
    """Number of the last line, cells, and what is wrong with a record that cannot be split; then it goes on."""
    csv.field_size_limit(LINE_LIMIT)
    reader = csv.reader(lines, delimiter=sign)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, [], f"{error}; look for a quotation mark that is never closed"
        else:
            yield reader.line_num, cells, ""


def json_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of every line that is not empty; a line over the limit comes cut off, and so unreadable."""
    with open_bytes(path) as stream:
        number = 0
        while line := stream.readline(LINE_LIMIT):
            number += 1
            if not line.endswith(b"\n") and len(line) == LINE_LIMIT:
                while (rest := stream.readline(LINE_LIMIT)) and not rest.endswith(b"\n"):
                    pass
                line = line[:1000]
            if stripped := line.strip():
                yield number, stripped
