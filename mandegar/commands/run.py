"""`mandegar run`: one service, one process. How a service scales: more of these, on any machine."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from mandegar.options import DEFAULT_DIRECTORY, Directory


class Role(StrEnum):
    """What the process does: consume events, answer HTTP, or both."""

    WORKER = "worker"
    API = "api"
    ALL = "all"


def run(
    service: Annotated[str, typer.Argument(help="The service's name, such as metrics.")],
    role: Annotated[Role, typer.Option(help="Consume events, answer HTTP, or both.")] = Role.ALL,
    directory: Directory = DEFAULT_DIRECTORY,
) -> None:
    """Run a service in the foreground; SIGTERM drains it. Settings come from the environment (docs/SETTINGS.md)."""
    from mandegar.connecting import connection, use, use_one_login
    from mandegar.running import run_service
    from shared.settings.logins import own_variable

    found = connection(directory, [own_variable(service, "worker"), own_variable(service, "api")])
    if role is Role.ALL:
        use(found)
    else:
        use_one_login(found, service, "api" if role is Role.API else "worker")
    raise typer.Exit(run_service(service, worker=role is not Role.API, api=role is not Role.WORKER))


def register(app: typer.Typer) -> None:
    """Called by mandegar.cli."""
    app.command()(run)
