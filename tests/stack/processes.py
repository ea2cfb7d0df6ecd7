"""Looking for processes of a data directory, by command line or working directory."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import psutil


def processes_of(directory: Path) -> list[str]:
    """Every living process that names the directory in its command line or works in it, and not this one."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid == psutil.Process().pid or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if str(directory) in " ".join([*process.cmdline(), process.cwd()]):
                found.append(f"{process.pid} {process.name()} {' '.join(process.cmdline())[:400]}")
    return found


def wait_until(condition: Callable[[], bool], seconds: float) -> float:
    """Wait for a condition and give how long it took; AssertionError when time is up."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - began
