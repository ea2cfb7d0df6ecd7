"""Files of rows that cannot be used. They exist only where there are any."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import msgspec

from mandegar.replaying.messages import BadRow


class BadRows(ABC):
    """Where rows go that cannot be used: a context manager, entered anew for each run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._stream: TextIO | None = None

    def __enter__(self) -> Self:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._stream is not None:
            self._stream.close()

    def write(self, row: BadRow) -> None:
        """Add a row."""
        if self._stream is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self._begin()
        self._add(self._stream, row)
        self.count += 1

    @abstractmethod
    def _begin(self) -> TextIO:
        """The file, with what stands above its rows."""

    @abstractmethod
    def _add(self, stream: TextIO, row: BadRow) -> None:
        """Write one row."""


class JsonBadRows(BadRows):
    """As JSON lines."""

    def _begin(self) -> TextIO:
        return self.path.open("w", encoding="utf-8")

    def _add(self, stream: TextIO, row: BadRow) -> None:
        stream.write(msgspec.json.encode(row).decode() + "\n")
