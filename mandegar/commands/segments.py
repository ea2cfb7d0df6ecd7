"""`mandegar segments`: who of a shop's customers belongs together."""

from __future__ import annotations

from typing import Annotated

import typer

from mandegar.operating import asked, document, listed, show, show_rows
from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory, Shop

COLUMNS = ("id", "title", "version", "made", "changed_at")
MEMBERS = ("customer", "since", "version")
_PATH = "/v1/segments"
_SERVICE = "campaigns"
Segment = Annotated[str, typer.Argument(help="As `mandegar segments list` shows it.")]
Condition = Annotated[
    typer.FileText, typer.Argument(help="A file with the condition as JSON; `-` for stdin.", encoding="utf-8")
]

app = typer.Typer(help="Segments: list, show, members, size, draft, publish.", no_args_is_help=True)


@app.command("list")
def list_all(
    shop: Shop,
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 500,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """All segments, by id."""
    show_rows(listed(directory, _SERVICE, shop, _PATH, limit), COLUMNS, as_json=as_json)


@app.command("show")
def show_one(shop: Shop, segment: Segment, directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """A segment with its condition, how many belong to it, and how far it has been made."""
    show(asked(directory, _SERVICE, shop, f"GET {_PATH}/{segment}"), as_json=as_json)


@app.command()
def members(
    shop: Shop,
    segment: Segment,
    *,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many.")] = 1_000,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Who belongs to it, by id."""
    show_rows(listed(directory, _SERVICE, shop, f"{_PATH}/{segment}/members", limit), MEMBERS, as_json=as_json)


@app.command()
def size(
    shop: Shop,
    condition: Condition,
    *,
    purpose: Annotated[str | None, typer.Option(help="For which they would be sent messages.")] = None,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """For how many a condition holds now. Nothing is kept."""
    body = {"condition": document(condition.read()), "purpose": purpose}
    show(asked(directory, _SERVICE, shop, f"POST {_PATH}/size", body), as_json=as_json)


@app.command()
def draft(
    shop: Shop,
    segment: Annotated[str, typer.Argument(help="A new one's id, or that of one there is.")],
    condition: Condition,
    *,
    title: Annotated[str, typer.Option(help="For people.")],
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Keep a draft of a segment; `publish` makes it hold."""
    body = {"title": title, "condition": document(condition.read())}
    known = {one["id"] for one in listed(directory, _SERVICE, shop, _PATH, 10_000)}
    call, own = (f"PUT {_PATH}/{segment}", {}) if segment in known else (f"POST {_PATH}", {"id": segment})
    show(asked(directory, _SERVICE, shop, call, {**body, **own}), as_json=as_json)


@app.command()
def publish(shop: Shop, segment: Segment, directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """Make the draft the version that holds. Everybody is judged by it in the background."""
    show(asked(directory, _SERVICE, shop, f"POST {_PATH}/{segment}/publish"), as_json=as_json)


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="segments")
