"""The stream, its truth and its shops as files of JSON lines."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from mandegar.generating.stream import Stream


def write(stream: Stream, out: Path, truth: Path, shops: Path) -> None:
    """Events in order of arrival to `out`, a fact an order to `truth`, a shop a line to `shops`. Raises OSError."""
    _write_lines(out, stream.lines)
    _write_lines(truth, map(msgspec.json.encode, stream.facts))
    _write_lines(shops, map(msgspec.json.encode, stream.shops))


def _write_lines(path: Path, lines: Iterable[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.writelines(line + b"\n" for line in lines)
