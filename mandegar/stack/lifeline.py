"""How a service process ends with its supervisor: it holds the read end of a pipe that the supervisor never writes."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time

from mandegar.stack.privileges import die_with_parent

LIFELINE = "MANDEGAR_LIFELINE"
"""Environment variable with the number of the inherited file descriptor. Set by the supervisor alone."""
DRAIN_SECONDS = 4.0


def hold() -> None:
    """Watch the pipe, if there is one: on its end drain as after SIGTERM, and end for good 4 s later.

    On Linux the kernel also kills the process at once when its parent ends: what a supervisor's crash leaves behind
    must not depend on this process being able to run (it may be stopped by SIGSTOP).
    """
    number = os.environ.pop(LIFELINE, "")
    if not number.isdecimal():
        return
    die_with_parent(signal.SIGKILL)
    threading.Thread(target=_watch, args=(int(number),), name="lifeline", daemon=True).start()


def _watch(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        while os.read(descriptor, 1024):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(DRAIN_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
