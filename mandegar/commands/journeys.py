"""`mandegar journeys`: what a shop's customers are led through, as versioned data."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from mandegar.operating import asked, document, listed, show, show_rows
from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory, Shop

COLUMNS = ("id", "state", "version", "edition", "changed_at", "author")
RUNS = ("run", "customer", "state", "step", "version", "key", "control", "variant", "entered_at", "due")
READY = ("id", "name", "languages", "about")
_PATH = "/v1/journeys"
_SERVICE = "campaigns"
Journey = Annotated[str, typer.Argument(help="As `mandegar journeys list` shows it.")]
Most = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]
RunState = Literal["running", "completed", "goal", "exit", "killed", "erased"]

app = typer.Typer(help="Journeys: list, show, runs, files, publish, pause, resume, kill.", no_args_is_help=True)


@app.command("list")
def list_all(
    shop: Shop, *, limit: Most = 500, directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False
) -> None:
    """All journeys, by id."""
    show_rows(listed(directory, _SERVICE, shop, _PATH, limit), COLUMNS, as_json=as_json)


@app.command("show")
def show_one(shop: Shop, journey: Journey, directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """A journey with its draft, and how many of its runs are in which state."""
    found = asked(directory, _SERVICE, shop, f"GET {_PATH}/{journey}")
    counts = asked(directory, _SERVICE, shop, f"GET {_PATH}/{journey}/counts")
    show({**found, "runs": counts}, as_json=as_json)


@app.command()
def runs(
    shop: Shop,
    journey: Journey,
    *,
    state: Annotated[RunState | None, typer.Option(help="Only those.")] = None,
    limit: Most = 100,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Runs, in the order in which they were entered."""
    found = listed(directory, _SERVICE, shop, f"{_PATH}/{journey}/runs", limit, state=state)
    show_rows(found, RUNS, as_json=as_json)


@app.command()
def export(shop: Shop, journey: Journey, directory: Directory = DEFAULT_DIRECTORY) -> None:
    """A journey as a file, to stdout."""
    found = asked(directory, _SERVICE, shop, f"GET {_PATH}/{journey}/export")
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")


@app.command("import")
def import_file(
    shop: Shop,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="As `export` writes it.")],
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Keep a file as a draft; `publish` makes a version of it."""
    body = document(file.read_text(encoding="utf-8"))
    show(asked(directory, _SERVICE, shop, f"POST {_PATH}/import", body), as_json=as_json)


@app.command()
def publish(shop: Shop, journey: Journey, directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """Make the draft the version that new runs enter."""
    _change(directory, shop, journey, "publish", as_json=as_json)


@app.command()
def pause(shop: Shop, journey: Journey, directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """Let nobody enter, have runs stand still, and send none of their messages."""
    _change(directory, shop, journey, "pause", as_json=as_json)


@app.command()
def resume(shop: Shop, journey: Journey, directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """Go on where it was paused."""
    _change(directory, shop, journey, "resume", as_json=as_json)


@app.command()
def kill(
    shop: Shop,
    journey: Journey,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """End a journey and all of its runs, for good."""
    if not yes:
        typer.confirm(f"end {journey} of {shop} and all of its runs for good?", abort=True, err=True)
    _change(directory, shop, journey, "kill", as_json=as_json)


@app.command()
def ready(shop: Shop, directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """Journeys that are ready-made."""
    found = asked(directory, _SERVICE, shop, f"GET {_PATH}/ready")
    show_rows(found["items"], READY, as_json=as_json)


@app.command()
def install(
    shop: Shop,
    journey: Annotated[str, typer.Argument(help="As `mandegar journeys ready` shows it.")],
    *,
    purpose: Annotated[str, typer.Option(help="That customers must have consented to.")] = "marketing",
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Make a draft of a ready-made one, with its templates."""
    show(asked(directory, _SERVICE, shop, f"POST {_PATH}/ready/{journey}", {"purpose": purpose}), as_json=as_json)


def _change(directory: Path, shop: str, journey: str, what: str, *, as_json: bool) -> None:
    show(asked(directory, _SERVICE, shop, f"POST {_PATH}/{journey}/{what}"), as_json=as_json)


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="journeys")
