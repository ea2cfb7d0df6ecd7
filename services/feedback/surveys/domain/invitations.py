"""An invitation from the wish to its end. Pure.

WAITING → ASKED → SENT → ANSWERED | DISMISSED | EXPIRED
   │         └──── UNSENT: the message did not go out; it does not count
   ├── WITHDRAWN: what gave rise to it is void; it comes back should that stand again
   └── LAPSED: its turn did not come in time
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from typing import NamedTuple


class State(IntEnum):
    """Of an invitation."""

    WAITING = 0
    ASKED = 1
    SENT = 2
    ANSWERED = 3
    DISMISSED = 4
    EXPIRED = 5
    UNSENT = 6
    WITHDRAWN = 7
    LAPSED = 8


OPEN = frozenset({State.ASKED, State.SENT})
"""An answer is taken."""
COUNTED = frozenset({State.ASKED, State.SENT, State.ANSWERED, State.DISMISSED, State.EXPIRED})
"""The customer was asked."""


class Invitation(NamedTuple):
    """A row of the table."""

    shop: int
    id: str
    customer: int
    survey: str
    occasion: str
    due: datetime
    until: datetime
    state: State
    place: int
    version: int | None = None
    asked_at: datetime | None = None
    sent_at: datetime | None = None
    opened_at: datetime | None = None
    ended_at: datetime | None = None
    expires_at: datetime | None = None
    reason: str = ""
    history: bool = False

    def is_open(self, now: datetime) -> bool:
        """Whether its link takes an answer."""
        return self.state in OPEN and self.expires_at is not None and now < self.expires_at
