"""Progress for people: a bar on a terminal, a plain line every few seconds elsewhere, nothing when asked for JSON."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

_PLAIN_EVERY_S = 2.0


class Progress:
    """Lines done of `lines` (0 where unknown). Quiet when `silent`."""

    def __init__(
        self,
        label: str,
        lines: int,
        *,
        silent: bool = False,
        stream: TextIO | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._label = label
        self._lines = lines
        self._silent = silent
        self._stream = stream or sys.stderr
        self._monotonic = monotonic
        self._started = self._spoke = monotonic()
        self._bar: Bar | None = None
        if not silent and self._stream.isatty():
            columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
            self._bar = Bar(*columns, TextColumn("{task.fields[note]}"), console=Console(file=self._stream))
            self._task = self._bar.add_task(label, total=lines or None, note="")
            self._bar.start()

    def update(self, line: int, sent: int, bad: int) -> None:
        """The replay has read up to `line`; `sent` events are acknowledged and `bad` rows were left out."""
        now = self._monotonic()
        if self._bar is not None:
            self._bar.update(self._task, completed=line, note=self._note(sent, bad, now))
        elif not self._silent and now - self._spoke >= _PLAIN_EVERY_S:
            self._spoke = now
            share = f" {line * 100 // self._lines} %" if self._lines else ""
            self._say(f"{self._label}:{share} {self._note(sent, bad, now)}")

    def finish(self, sent: int, bad: int) -> None:
        """The last word; the bar goes away."""
        note = self._note(sent, bad, self._monotonic())
        if self._bar is not None:
            self._bar.update(self._task, completed=self._lines, note=note)
        elif not self._silent:
            self._say(f"{self._label}: done, {note}")
        self.close()

    def close(self) -> None:
        """Give the terminal back; also after an error."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _note(self, sent: int, bad: int, now: float) -> str:
        rate = sent / max(now - self._started, 1e-6)
        return f"{sent:,} events ({rate:,.0f}/s)" + (f", {bad:,} bad rows" if bad else "")

    def _say(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()
