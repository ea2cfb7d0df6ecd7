"""`mandegar hooks`: where a shop's own system is told of messages by webhook."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mandegar.operating import asked, show
from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory, KeepHours, Shop

_PATH = "/v1/webhooks/endpoint"

app = typer.Typer(help="Webhooks of journeys and messages: the endpoint that they go to.", no_args_is_help=True)


@app.command("show")
def show_endpoint(shop: Shop, directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """The endpoint of a shop, without its secret."""
    _tell(directory, shop, "GET", "", as_json=as_json)


@app.command("set")
def set_url(
    shop: Shop,
    url: Annotated[str, typer.Argument(help="Such as https://crm.example/hooks.")],
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Have webhooks go there from now on. The first time a secret is drawn, and shown this once."""
    _tell(directory, shop, "PUT", "", {"url": url}, as_json=as_json)


@app.command()
def rotate(
    shop: Shop,
    *,
    keep_hours: KeepHours = 24,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Draw another secret, shown this once."""
    _tell(directory, shop, "POST", "/rotate", {"keep_hours": keep_hours}, as_json=as_json)


@app.command()
def remove(shop: Shop, directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """Send no webhooks any more: such messages are suppressed."""
    _tell(directory, shop, "POST", "/remove", as_json=as_json)


def _tell(directory: Path, shop: str, method: str, path: str, body: Any = None, *, as_json: bool) -> None:
    found = asked(directory, "campaigns", shop, f"{method} {_PATH}{path}", body)
    show(found, as_json=as_json)
    if found.get("secret") and not as_json:
        sys.stderr.write("keep the secret now: it cannot be shown again\n")


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="hooks")
