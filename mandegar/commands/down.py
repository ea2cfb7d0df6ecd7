"""`mandegar down`: stop what `mandegar up` runs."""

from __future__ import annotations

import os
import signal
import time

import typer

from mandegar.failures import CommandFailed
from mandegar.options import DEFAULT_DIRECTORY, Directory

STOP_SECONDS = 60.0


def down(directory: Directory = DEFAULT_DIRECTORY) -> None:
    """Stop the services, then Kafka, then PostgreSQL. The data stays. Nothing running is no failure."""
    from mandegar.stack.state import holder_of

    pid = holder_of(directory)
    if pid is None:
        print(f"nothing runs in {directory.absolute()}")
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while holder_of(directory) == pid or _lives(pid):
        if time.monotonic() > deadline:
            raise CommandFailed(
                f"process {pid} has not stopped within {STOP_SECONDS:.0f} s; end it with `kill -9 {pid}`"
            )
        time.sleep(0.05)
    print("stopped")


def _lives(pid: int) -> bool:
    """Between giving up the directory and being gone, a process takes a moment more."""
    import psutil  # 20 ms that only this needs

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def register(app: typer.Typer) -> None:
    """Called by mandegar.cli."""
    app.command()(down)
