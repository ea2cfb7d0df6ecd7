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
    while holder_of(directory) == pid:
        if time.monotonic() > deadline:
            raise CommandFailed(
                f"process {pid} has not stopped within {STOP_SECONDS:.0f} s; end it with `kill -9 {pid}`"
            )
        time.sleep(0.05)
    print("stopped")


def register(app: typer.Typer) -> None:
    """Called by mandegar.cli."""
    app.command()(down)
