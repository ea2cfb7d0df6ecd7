"""Running a contestant as a process of its own, and its peak memory."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from mandegar.stack import Stack

ROOT = Path(__file__).resolve().parents[1]
TIME_LIMIT_SECONDS = 1800
KILL_LIMIT_SECONDS = 120.0


class Killed(NamedTuple):
    """What a contestant had handled when it was killed, and how long after its start it first told of work."""

    handled: int
    seconds_to_work: float


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


def run_contestant(name: str, module: str, arguments: list[str], *, python: str = sys.executable) -> Run:
    """Run `python -m module arguments`; it prints one JSON object on its last line.

    Raises RuntimeError with the end of its error output when it fails.
    """
    process = _start(python, module, arguments, stderr=subprocess.PIPE)
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


def kill_contestant(module: str, arguments: list[str], *, after: int, python: str = sys.executable) -> Killed:
    """Start a contestant, and kill it (-9) once it told that it has handled so many events; or let it end before."""
    process = _start(python, module, arguments, stderr=subprocess.DEVNULL)
    started, first = time.perf_counter(), 0.0
    deadline = threading.Timer(KILL_LIMIT_SECONDS, process.kill)
    deadline.start()
    handled = 0
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if not line.startswith("{"):
                continue  # a library's own words
            first = first or time.perf_counter()
            told = json.loads(line)
            handled = told.get("handled", handled)
            if handled >= after or "events" in told:
                break
    finally:
        deadline.cancel()
        process.kill()
        process.communicate()
    return Killed(handled, first - started if first else KILL_LIMIT_SECONDS)


def processes_of(stack: Stack) -> dict[str, psutil.Process]:
    """The servers, by name."""
    return {"Kafka": psutil.Process(stack.kafka.server.pid), "PostgreSQL": psutil.Process(stack.postgres.server.pid)}


def processor_seconds(process: psutil.Process) -> float:
    """Processor time so far, with that of its children, those that have ended too: a database's backends."""
    found = 0.0
    for one in (process, *process.children(recursive=True)):
        times = one.cpu_times()
        found += times.user + times.system + times.children_user + times.children_system
    return found


def _start(python: str, module: str, arguments: list[str], *, stderr: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [python, "-m", module, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True
    )


def _watch_memory(process: subprocess.Popen[str], run: Run) -> None:
    try:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            run.rss_mib = max(run.rss_mib, watched.memory_info().rss / 2**20)
            time.sleep(0.05)
    except psutil.Error:
        return  # it has ended
