"""`mandegar status`: what runs, and whether it answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import typer

from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory
from mandegar.printing import print_rows

if TYPE_CHECKING:
    from mandegar.stack.status import ProcessStatus


def status(directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """List the processes of the running stack; of workers, how many events they are behind, those of history apart.

    Exit code 1 when nothing runs or something does not answer.
    """
    from mandegar.failures import CommandFailed
    from mandegar.stack.state import holder_of
    from mandegar.stack.status import read_status

    found = read_status(directory)
    if found is None:
        where = directory.absolute()
        if holder_of(directory) is not None:
            raise CommandFailed(f"the servers in {where} are still starting; try again in a few seconds")
        raise CommandFailed(f"nothing runs in {where}; start it with `mandegar up`")
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(_row, found.processes))
    rows.insert(0, {"name": "supervisor", "state": found.state, "pid": found.pid, "restarts": 0, "address": ""})
    addresses = {"Kafka": found.bootstrap_servers, "PostgreSQL": found.database}
    for row in rows:
        row["address"] = row["address"] or addresses.get(row["name"], "")
    print_rows(rows, ("name", "state", "pid", "restarts", "behind", "history", "address"), as_json=as_json)
    if found.state != "running" or any(row["state"] not in ("running", "ready") for row in rows):
        raise typer.Exit(1)


def _row(process: ProcessStatus) -> dict[str, Any]:
    from mandegar.stack.lagging import behind
    from mandegar.stack.supervisor import answers

    state, lag = process.state, None
    if process.url and state == "running":
        state = "ready" if answers(f"{process.url}/readyz") else "not answering"
    if process.metrics_url and state == "running":
        lag = behind(process.metrics_url)
    return {
        "name": process.name,
        "state": state,
        "pid": process.pid,
        "restarts": process.restarts,
        "behind": lag and lag.live,
        "history": lag and lag.history,
        "address": process.url,
    }


def register(app: typer.Typer) -> None:
    """Called by mandegar.cli."""
    app.command()(status)
