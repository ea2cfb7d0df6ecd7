"""How many messages are claimed together. Pure."""

from __future__ import annotations

_BEGIN = 20


class Portion:
    """As many as are sent within a time.

    A claim and its end cost the same dozen statements each, whatever is in them: together messages are cheaper. But
    each waits for the whole, and what dies with us in the middle is UNKNOWN. So the number doubles while that takes
    little time, and halves once it takes too much.
    """

    def __init__(self, *, most: int, least: int, seconds: float = 1.0) -> None:
        """`least`: how many are sent side by side; fewer would be no quicker."""
        self._most, self._least, self._seconds = most, min(least, most), seconds
        self.limit = max(self._least, min(_BEGIN, most))

    def took(self, seconds: float, *, full: bool) -> None:
        """Some were claimed and sent in so much time. `full`: as many as the limit, so that more may wait."""
        if seconds > self._seconds:
            self.limit = max(self._least, self.limit // 2)
        elif full and seconds < self._seconds / 2:
            self.limit = min(self._most, self.limit * 2)
