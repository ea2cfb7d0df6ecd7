"""`mandegar prepare`: what `mandegar up` does between starting the servers and starting the services."""

from __future__ import annotations

import typer

from mandegar.options import DEFAULT_DIRECTORY, Directory


def prepare(directory: Directory = DEFAULT_DIRECTORY) -> None:
    """Upgrade the tables, create missing topics, add the shop `default` if there is none. Safe to run again."""
    from mandegar.connecting import connection
    from mandegar.preparing import prepare as prepare_all

    prepare_all(connection(directory))
    print("tables, topics and shops are ready")


def register(app: typer.Typer) -> None:
    """Called by mandegar.cli."""
    app.command()(prepare)
