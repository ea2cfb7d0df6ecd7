"""What the supervisor tells about itself: one small file, written whole at each change, read by `mandegar status`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from mandegar.stack.state import holder_of


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """One process: `state` is waiting, running, stopping, stopped or failed."""

    name: str
    state: str
    pid: int | None = None
    restarts: int = 0
    url: str = ""
    """Where an API answers people; "" for others."""
    metrics_url: str = ""
    """Where a worker tells its figures; "" for others."""


@dataclass(frozen=True, slots=True)
class Status:
    """The supervisor and all it owns. `state` is starting, running or stopping."""

    pid: int
    state: str
    bootstrap_servers: str
    database: str
    """Address without the password."""
    processes: tuple[ProcessStatus, ...]

    def as_json(self) -> str:
        return json.dumps(asdict(self), indent=1)


def write_status(directory: Path, status: Status) -> None:
    """Replace the file in one step: a reader sees the old one or the new one."""
    fresh = directory / "status.new"
    fresh.write_text(status.as_json())
    fresh.replace(directory / "status.json")


def read_status(directory: Path) -> Status | None:
    """The status of the running supervisor; None when none runs, or when it has not told yet."""
    pid = holder_of(directory)
    try:
        told = json.loads((directory / "status.json").read_text())
    except (OSError, ValueError):
        return None
    if pid is None or told["pid"] != pid:
        return None
    processes = tuple(ProcessStatus(**process) for process in told.pop("processes"))
    return Status(processes=processes, **told)


def clear_status(directory: Path) -> None:
    """Nothing runs any more."""
    (directory / "status.json").unlink(missing_ok=True)
