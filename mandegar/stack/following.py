"""The logs of all processes as one stream of lines, each with the name of its process in front."""

from __future__ import annotations

from pathlib import Path

READ_BYTES_MAX = 262_144


class Follower:
    """New lines of the files `*.log` of a directory since this was made, in the order they are found."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._read = {path: path.stat().st_size for path in logs.glob("*.log")}
        self._rest: dict[Path, str] = {}

    def lines(self) -> list[str]:
        """`name | line` for each whole new line."""
        found: list[str] = []
        for path in sorted(self._logs.glob("*.log")):
            found += [f"{path.stem:<16} | {line}" for line in self._new_lines(path)]
        return found

    def _new_lines(self, path: Path) -> list[str]:
        size = path.stat().st_size
        if size < self._read.get(path, 0):  # the log was set aside and begun anew
            self._read[path], self._rest[path] = 0, ""
        with path.open("rb") as file:
            file.seek(self._read.get(path, 0))
            content = file.read(READ_BYTES_MAX)
        self._read[path] = self._read.get(path, 0) + len(content)
        *whole, rest = (self._rest.get(path, "") + content.decode(errors="replace")).split("\n")
        self._rest[path] = rest
        return whole
