"""`mandegar surveys`: what a shop's customers are asked."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from mandegar.operating import asked, document, show, show_rows
from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory, Shop

COLUMNS = ("survey", "version", "kind", "active", "published_at", "author")
INVITATIONS = ("survey", "state", "occasion", "due", "sent_at", "opened_at", "ended_at")
_PATH = "/v1/surveys"
_SERVICE = "feedback"
Survey = Annotated[str, typer.Argument(help="As `mandegar surveys list` shows it.")]

app = typer.Typer(help="Surveys: list, show, ready, publish, invitations.", no_args_is_help=True)


@app.command("list")
def list_all(shop: Shop, directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """All surveys in their last versions."""
    found = asked(directory, _SERVICE, shop, f"GET {_PATH}")
    show_rows(found["items"], COLUMNS, as_json=as_json)


@app.command("show")
def show_one(
    shop: Shop,
    survey: Survey,
    *,
    version: Annotated[int | None, typer.Option(min=1, help="Its number; without one the last.")] = None,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """A survey: its questions, whom it asks and when."""
    show(asked(directory, _SERVICE, shop, f"GET {_PATH}/{survey}", version=version), as_json=as_json)


@app.command()
def ready(shop: Shop, directory: Directory = DEFAULT_DIRECTORY) -> None:
    """Surveys that are ready to be published, as JSON by their names: take one, change it, `publish` it."""
    found = asked(directory, _SERVICE, shop, f"GET {_PATH}/ready")
    sys.stdout.write(json.dumps(found["surveys"], ensure_ascii=False, indent=2) + "\n")


@app.command()
def publish(
    shop: Shop,
    survey: Annotated[str, typer.Argument(help="A new one's name, or that of one there is.")],
    file: Annotated[typer.FileText, typer.Argument(help="The survey as JSON; `-` for stdin.", encoding="utf-8")],
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """A new survey, or the next version of one, for whoever is asked from now on."""
    body = {**document(file.read()), "survey": survey}
    show(asked(directory, _SERVICE, shop, f"POST {_PATH}", body), as_json=as_json)


@app.command()
def invitations(
    shop: Shop,
    customer: Annotated[str, typer.Argument(help="The platform's own id, thirteen characters.")],
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """What a customer was asked, and what came of it."""
    found = asked(directory, _SERVICE, shop, "GET /v1/invitations", customer=customer)
    show_rows(found["items"], INVITATIONS, as_json=as_json)


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="surveys")
