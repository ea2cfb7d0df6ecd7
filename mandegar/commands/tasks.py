"""`mandegar tasks`: what staff have to do for customers."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mandegar.operating import asked, listed, show, show_rows
from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory, Shop

COLUMNS = ("task", "state", "due", "owner", "customer", "via", "campaign", "title", "outcome")
_PATH = "/v1/tasks"
Task = Annotated[str, typer.Argument(help="As `mandegar tasks list` shows it.")]
Outcome = Annotated[str, typer.Option(help="A word for machines, such as reached.")]
Text = Annotated[str, typer.Option(help="For staff; goes with an erasure.")]

app = typer.Typer(help="Tasks of staff: list, show, claim, done, cancel.", no_args_is_help=True)


@app.command("list")
def list_all(
    shop: Shop,
    *,
    state: Annotated[Literal["open", "done", "cancelled"], typer.Option(help="Those that are.")] = "open",
    owner: Annotated[str | None, typer.Option(help="Whose, as `staff:u-17`; '' for nobody's.")] = None,
    customer: Annotated[str | None, typer.Option(help="Of this customer, any identity.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the first due first.")] = 100,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Those that are due first come first."""
    found = listed(directory, "campaigns", shop, _PATH, limit, state=state, owner=owner, customer=customer)
    show_rows(found, COLUMNS, as_json=as_json)


@app.command("show")
def show_one(shop: Shop, task: Task, directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """What is to be done, and how it stands."""
    show(asked(directory, "campaigns", shop, f"GET {_PATH}/{task}"), as_json=as_json)


@app.command()
def claim(
    shop: Shop,
    task: Task,
    *,
    take_over: Annotated[bool, typer.Option("--take-over", help="From whoever has it.")] = False,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Take a task, as the operator."""
    body = {"take_over": take_over}
    show(asked(directory, "campaigns", shop, f"POST {_PATH}/{task}/claim", body), as_json=as_json)


@app.command()
def done(
    shop: Shop,
    task: Task,
    *,
    outcome: Outcome,
    text: Text = "",
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """It is done, and what came of it."""
    body = {"outcome": outcome, "text": text}
    show(asked(directory, "campaigns", shop, f"POST {_PATH}/{task}/done", body), as_json=as_json)


@app.command()
def cancel(
    shop: Shop,
    task: Task,
    *,
    outcome: Outcome,
    text: Text = "",
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """It will not be done, and why."""
    body = {"outcome": outcome, "text": text}
    show(asked(directory, "campaigns", shop, f"POST {_PATH}/{task}/cancel", body), as_json=as_json)


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="tasks")
