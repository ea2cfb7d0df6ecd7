"""A sink that keeps what it is sent, and can fail on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from mandegar.replaying import BadRow, Message, Progress, Source, messages_of


class Interrupted(Exception):
    """What stops a recording sink."""


class RecordingSink:
    """From the `fail_at`-th call on the messages arrive and their acknowledgement is lost."""

    def __init__(self, fail_at: int | None = None) -> None:
        self.received: list[Message] = []
        self._calls = 0
        self._fail_at = fail_at

    async def send(self, messages: Sequence[Message]) -> None:
        self._calls += 1
        await asyncio.sleep(0)
        self.received += messages
        if self._fail_at is not None and self._calls >= self._fail_at:
            raise Interrupted


def quiet() -> Progress:
    return Progress("test", 0, stream=StringIO())


def write_csv(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def rows_of(source: Source) -> tuple[list[Message], list[BadRow]]:
    """Every entry of a file, messages and bad rows apart."""
    messages: list[Message] = []
    bad: list[BadRow] = []
    for entry in messages_of(source):
        if isinstance(entry, BadRow):
            bad.append(entry)
        else:
            messages.append(entry)
    return messages, bad
