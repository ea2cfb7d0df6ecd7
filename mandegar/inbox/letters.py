"""The letters that came, newest last, no more than a bounded number."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from shared.kernel import Clock

LETTERS_MAX = 500
"""Older ones are forgotten."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter as it was received."""

    number: int
    received_at: datetime
    sender: str
    to: tuple[str, ...]
    """By the envelope."""
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    """Empty: there is none."""

    @property
    def subject(self) -> str:
        """Of its headers."""
        return next((value for name, value in self.headers if name.lower() == "subject"), "")

    def as_json(self) -> dict[str, Any]:
        """What `/letters.json` gives."""
        return {
            "number": self.number,
            "received_at": self.received_at.isoformat(),
            "from": self.sender,
            "to": list(self.to),
            "subject": self.subject,
            "headers": [list(header) for header in self.headers],
            "text": self.text,
            "html": self.html,
        }


class Letters:
    """Used by the server for e-mail and by the pages, which are of different threads."""

    def __init__(self, clock: Clock, letters_max: int = LETTERS_MAX) -> None:
        self._clock = clock
        self._kept: deque[Letter] = deque(maxlen=letters_max)
        self._count = 0
        self._lock = threading.Lock()

    def add(self, sender: str, to: Sequence[str], content: bytes) -> Letter:
        """Keep one. Raises what the parser raises for what is no letter at all."""
        parsed = message_from_bytes(content, policy=policy.default)
        headers = tuple((name, str(value)) for name, value in parsed.items())
        text, html = _part(parsed, "plain"), _part(parsed, "html")
        with self._lock:
            self._count += 1
            letter = Letter(self._count, self._clock.now(), sender, tuple(to), headers, text, html)
            self._kept.append(letter)
        return letter

    def all(self, to: str = "") -> list[Letter]:
        """The newest first; those to one address, or all."""
        with self._lock:
            found = list(self._kept)
        return [letter for letter in reversed(found) if not to or to in letter.to]

    def of(self, number: int) -> Letter | None:
        """One, unless it was never there or is forgotten."""
        return next((letter for letter in self.all() if letter.number == number), None)


def _part(parsed: EmailMessage, kind: str) -> str:
    part = parsed.get_body(preferencelist=(kind,))  # "plain" of a letter with attachments, too
    if part is None:
        return ""
    content = part.get_content()
    return content if isinstance(content, str) else ""
