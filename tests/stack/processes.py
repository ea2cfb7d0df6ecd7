"""Running the command line, and looking for processes of a data directory, by command line or working directory."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]


def mandegar(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`mandegar …` to its end, with what is given added to the environment and no servers named by it else."""
    named = ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL", "MANDEGAR_SECRET_KEY", "MANDEGAR_DIRECTORY")
    kept = {name: value for name, value in os.environ.items() if name not in named}
    return subprocess.run(
        [sys.executable, "-m", "mandegar", *arguments],
        cwd=ROOT,
        env={**kept, **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=200,
    )


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


def throw_away(directory: Path) -> None:
    """Have the data of stopped servers removed: gigabytes in many files, which nobody has to wait for."""
    subprocess.Popen(["rm", "-rf", str(directory)], start_new_session=True)


def wait_until(condition: Callable[[], bool], seconds: float) -> float:
    """Wait for a condition and give how long it took; AssertionError when time is up."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - began
