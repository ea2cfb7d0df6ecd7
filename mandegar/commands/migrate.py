"""`mandegar migrate`: bring the tables of all services to this version."""

from __future__ import annotations

from typing import Annotated

import typer

from mandegar.options import DEFAULT_DIRECTORY, Directory


def migrate(
    service: Annotated[list[str] | None, typer.Argument(help="Services; all when none is named.")] = None,
    directory: Directory = DEFAULT_DIRECTORY,
) -> None:
    """Create or upgrade the tables. Safe to run again, and from several machines at once."""
    from mandegar.connecting import connection, use
    from mandegar.preparing import migrate_service
    from mandegar.services import service_main, service_names

    found = connection(directory)
    use(found)
    for name in service or service_names():
        service_main(name)  # an unknown name is told before anything is done
        migrate_service(name, found)
        print(f"{name}: up to date")


def register(app: typer.Typer) -> None:
    """Called by mandegar.cli."""
    app.command()(migrate)
