"""`mandegar cases`: answers that are owed to customers."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mandegar.operating import asked, listed, show, show_rows
from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory, Shop

COLUMNS = ("case", "state", "due_at", "owner", "customer", "cause", "survey", "score", "escalations", "outcome")
_PATH = "/v1/cases"
_SERVICE = "feedback"
Case = Annotated[str, typer.Argument(help="As `mandegar cases list` shows it.")]

app = typer.Typer(help="Cases: list, show, assign, solve, reopen.", no_args_is_help=True)


@app.command("list")
def list_all(
    shop: Shop,
    *,
    state: Annotated[Literal["open", "solved"], typer.Option(help="Those that are.")] = "open",
    owner: Annotated[str | None, typer.Option(help="That this member of staff works on.")] = None,
    late: Annotated[bool, typer.Option("--late", help="That should have been solved by now.")] = False,
    customer: Annotated[str | None, typer.Option(help="Of this customer, any identity.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the most urgent first.")] = 100,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """By their deadline, the most urgent first."""
    wanted = {"state": state, "owner": owner, "customer": customer, "late": late or None}
    show_rows(listed(directory, _SERVICE, shop, _PATH, limit, **wanted), COLUMNS, as_json=as_json)


@app.command("show")
def show_one(shop: Shop, case: Case, directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """A case with what was written of it and all that was done: personal, and entered in the audit log."""
    show(asked(directory, _SERVICE, shop, f"GET {_PATH}/{case}"), as_json=as_json)


@app.command()
def assign(
    shop: Shop,
    case: Case,
    owner: Annotated[str, typer.Argument(help="Subject of a member of staff, such as u-17.")],
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Give it to somebody, whoever had it before."""
    show(asked(directory, _SERVICE, shop, f"POST {_PATH}/{case}/assign", {"owner": owner}), as_json=as_json)


@app.command()
def solve(
    shop: Shop,
    case: Case,
    *,
    outcome: Annotated[str, typer.Option(help="How it ended, such as replaced.")],
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """It is solved; surveys for solved cases ask the customer, in their turn."""
    show(asked(directory, _SERVICE, shop, f"POST {_PATH}/{case}/solve", {"outcome": outcome}), as_json=as_json)


@app.command()
def reopen(shop: Shop, case: Case, directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """Open it again, with a new deadline."""
    show(asked(directory, _SERVICE, shop, f"POST {_PATH}/{case}/reopen"), as_json=as_json)


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="cases")
