"""Running a contestant as a process of its own, and its peak memory."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import psutil

TIME_LIMIT_SECONDS = 1800


@dataclass
class Run:
    """One contestant's run: what it printed, and its peak resident memory in MiB."""

    name: str
    result: dict[str, Any] = field(default_factory=dict)
    rss_mib: float = 0.0

    @property
    def rate(self) -> float:
        """Events per second."""
        return float(self.result["events"]) / float(self.result["seconds"])


def run_contestant(name: str, module: str, arguments: list[str]) -> Run:
    """Run `python -m module arguments`; it prints one JSON object on its last line.

    Raises RuntimeError with the end of its error output when it fails.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    run = Run(name)
    watcher = threading.Thread(target=_watch_memory, args=(process, run), daemon=True)
    watcher.start()
    try:
        out, err = process.communicate(timeout=TIME_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise RuntimeError(f"{name} did not finish within {TIME_LIMIT_SECONDS} s") from None
    if process.returncode != 0:
        raise RuntimeError(f"{name} ended with {process.returncode}:\n{err[-3000:]}")
    run.result = json.loads(out.strip().splitlines()[-1])
    return run


def _watch_memory(process: subprocess.Popen[str], run: Run) -> None:
    try:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            run.rss_mib = max(run.rss_mib, watched.memory_info().rss / 2**20)
            time.sleep(0.05)
    except psutil.Error:
        return  # it has ended
