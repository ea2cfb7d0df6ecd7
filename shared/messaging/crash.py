"""Named points at which a process can be told to die at once, so that tests can prove what a crash there does.

`MANDEGAR_CRASH_AT=name` kills the process by SIGKILL the first time it passes the point; `name:n` the n-th time.
`name:n:stop` stops it there by SIGSTOP: a zombie, once somebody sends SIGCONT. Unset, a point costs one comparison.
"""

from __future__ import annotations

import os
import signal
import threading

POINTS = frozenset(
    {
        "after_fence",
        "after_ids",
        "after_state",
        "after_outbox",
        "before_commit",
        "after_commit",
        "relay_after_send",
        "relay_after_delete",
        "timer_after_claim",
        "rebuild_after_lock",
        "rebuild_before_commit",
        "send_before_claim",
        "send_after_claim",
        "send_before_call",
        "send_after_call",
        "send_before_end",
        "send_after_end",
    }
)

_VARIABLE = "MANDEGAR_CRASH_AT"


class _Fuse:
    """How often the armed point may still be passed."""

    def __init__(self, setting: str) -> None:
        name, count, kind = [*setting.split(":"), "", ""][:3]
        if name and name not in POINTS:
            raise ValueError(f"{_VARIABLE} must name one of {', '.join(sorted(POINTS))}")
        self.name = name
        self.left = int(count or 1)
        self.signal = signal.SIGSTOP if kind == "stop" else signal.SIGKILL


_fuse = _Fuse(os.environ.get(_VARIABLE, ""))


def at(name: str) -> None:
    """Pass the point. Does not return, or not soon, at the pass at which the process was told to die or to stop."""
    if _fuse.name != name:
        return
    _fuse.left -= 1
    if _fuse.left == 0:
        # To this thread: a signal to the process may be taken by another one, while this one goes on for a moment.
        signal.pthread_kill(threading.get_ident(), _fuse.signal)
