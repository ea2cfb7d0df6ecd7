"""`mandegar topics`: create the topics that are missing."""

from __future__ import annotations

import typer

from mandegar.options import DEFAULT_DIRECTORY, Directory


def topics(directory: Directory = DEFAULT_DIRECTORY) -> None:
    """Create the topics of all services that are missing, with their settings. Safe to run again."""
    from mandegar.connecting import connection, use
    from mandegar.preparing import create_topics

    found = connection(directory)
    use(found)
    created = create_topics(found)
    print(f"created {', '.join(created)}" if created else "all topics are there")


def register(app: typer.Typer) -> None:
    """Called by mandegar.cli."""
    app.command()(topics)
