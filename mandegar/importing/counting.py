"""How often each thing was seen, kept on disk: memory stays flat whatever the file's size."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

_SCHEMA = "CREATE TABLE seen (what BLOB PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID"
_COUNT = "INSERT INTO seen VALUES (?, 1) ON CONFLICT (what) DO UPDATE SET times = times + 1 RETURNING times"


class Occurrences:
    """A counter of digests. A context manager; its scratch file goes when it ends."""

    def __init__(self) -> None:
        self._base: sqlite3.Connection | None = None

    def __enter__(self) -> Occurrences:
        return self

    def __exit__(self, *_: object) -> None:
        if self._base is not None:
            self._base.close()
            self._directory.cleanup()

    def count(self, what: bytes) -> int:
        """How often it was counted, this time included."""
        if self._base is None:
            self._directory = tempfile.TemporaryDirectory(prefix="mandegar-import-")
            self._base = sqlite3.connect(Path(self._directory.name) / "seen", isolation_level=None)
            self._base.executescript("PRAGMA journal_mode = off; PRAGMA synchronous = off;" + _SCHEMA)
            self._base.execute("BEGIN")
        found: int = self._base.execute(_COUNT, (what,)).fetchone()[0]
        return found
