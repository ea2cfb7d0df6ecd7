"""`mandegar up`: the whole on this machine, in the foreground or behind it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from mandegar.failures import CommandFailed
from mandegar.options import DEFAULT_DIRECTORY, Directory

START_SECONDS = 180.0
"""A first start on a fresh machine fetches Kafka."""


def up(
    directory: Directory = DEFAULT_DIRECTORY,
    detach: Annotated[bool, typer.Option("--detach", help="Return when all answers, and run on behind.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not print the logs of the processes.")] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Run these services; may be repeated. `none`: servers only.")
    ] = None,
) -> None:
    """Start Kafka, PostgreSQL and all services, and stay; Ctrl-C stops them in order.

    With KAFKA_BOOTSTRAP_SERVERS and DATABASE_URL set, those servers are used and only the services are started.
    Without them e-mail goes to an inbox with a page, on this machine, unless MANDEGAR_SMTP_HOST names a server.
    """
    from mandegar.preparing import prepare  # late, like the rest: the services' libraries take half a second
    from mandegar.services import roles_of, service_names
    from mandegar.stack.supervisor import Supervisor

    if detach:
        _detach(directory.absolute(), only or [])
        return
    wanted = service_names() if only is None else [name for name in only if name != "none"]
    roles = [(name, role) for name in wanted for role in roles_of(name)]
    needed = prepare if roles else None
    supervisor = Supervisor(
        directory,
        roles=roles,
        prepare=needed,
        say=lambda line: print(line, flush=True),
        with_inbox="campaigns" in wanted,
    )
    raise typer.Exit(supervisor.run(follow=not quiet))


def _detach(directory: Path, only: list[str]) -> None:
    """Start ourselves again, in a session of our own, and wait for the status to say `running`."""
    from mandegar.stack.state import DirectoryLock
    from mandegar.stack.status import read_status

    lock = DirectoryLock(directory)
    lock.take()  # in use: say so here and now
    lock.release()
    logs = directory / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / "supervisor.log"
    began = log.stat().st_size if log.exists() else 0
    services = [part for name in only for part in ("--only", name)]
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "mandegar", "up", "--quiet", "--directory", str(directory), *services],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        status = read_status(directory)
        if status is not None and status.pid == process.pid and status.state == "running":
            break
        if process.poll() is not None:
            raise CommandFailed(_since(log, began).removeprefix("error: ") or f"it ended at once; see {log}")
        time.sleep(0.1)
    else:
        process.terminate()
        raise CommandFailed(f"it did not start within {START_SECONDS:.0f} s; see {log}")
    print(_since(log, began))
    print(
        "stop it with: mandegar down"
        + ("" if directory == DEFAULT_DIRECTORY.absolute() else f" --directory {directory}")
    )


def _since(log: Path, position: int) -> str:
    return log.read_bytes()[position:].decode(errors="replace").strip("\n")


def register(app: typer.Typer) -> None:
    """Called by mandegar.cli."""
    app.command()(up)
