"""When a crashed process is started again: a pure policy, clock passed in."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class RestartPolicy:
    """Delays double from `first_seconds` to `longest_seconds`; `crashes_max` within `window_seconds` are too many."""

    first_seconds: float = 0.5
    longest_seconds: float = 15.0
    crashes_max: int = 8
    window_seconds: float = 180.0
    _crashes: list[float] = field(default_factory=list)

    def crashed(self, now: float) -> float | None:
        """Seconds to wait before the next start, or None when it is no use. `now` in seconds of a steady clock."""
        self._crashes = [at for at in self._crashes if now - at < self.window_seconds] + [now]
        if len(self._crashes) > self.crashes_max:
            return None
        return float(min(self.first_seconds * 2 ** (len(self._crashes) - 1), self.longest_seconds))

    @property
    def crashes(self) -> int:
        """How many fall into the window of the last one."""
        return len(self._crashes)
