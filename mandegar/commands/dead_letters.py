"""`mandegar dead-letters`: what could not be handled: list it, look at it, put it right and hand it in again."""

from __future__ import annotations

import asyncio
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory
from mandegar.printing import print_rows

if TYPE_CHECKING:
    from mandegar.letters import Came, Desk, Found

COLUMNS = (
    *("letter_id", "service", "state", "shop", "topic", "partition", "offset", "handler"),
    *("reason", "detail", "recorded_at", "attempt"),
)
CAME = ("letter_id", "service", "topic", "partition", "offset", "outcome", "again", "reason", "detail")
_WAITING = "still waiting: they stay asked for until a worker of their service takes them; `mandegar status` shows it"
_UNREADABLE = "unreadable: sealed with another MANDEGAR_SECRET_KEY, so held again; set the one of then, or drop them"

LetterId = Annotated[UUID, typer.Argument(help="As `list` shows it.")]
ChosenId = Annotated[UUID | None, typer.Argument(help="As `list` shows it. Or choose by the options.")]
Service = Annotated[str | None, typer.Option(help="The service that refused it; every one when not given.")]
Topic = Annotated[str | None, typer.Option(help="Those that stood on this topic.")]
Reason = Annotated[str | None, typer.Option(help="Those refused for this reason, such as unknown_shop.")]


class State(StrEnum):
    """What became of a dead letter."""

    HELD = "held"
    REQUESTED = "requested"
    REPLAYED = "replayed"


app = typer.Typer(help="Dead letters: events that could not be handled.", no_args_is_help=True)


@app.command("list")
def list_all(
    *,
    service: Service = None,
    topic: Topic = None,
    reason: Reason = None,
    state: Annotated[State | None, typer.Option(help="Of one state; of all when not given.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many of each service.")] = 100,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """The newest dead letters: where each stood and why it was refused, never what was in it."""
    from mandegar.letters import Asked, Desk

    async def read() -> tuple[list[Found], bool]:
        async with Desk.open(directory) as desk:
            return await desk.newest(Asked(service, topic, reason, state), limit)

    found, more = asyncio.run(read())
    print_rows([one.row() for one in found], COLUMNS, as_json=as_json)
    if more:
        sys.stderr.write(f"there may be older ones than the newest {limit}: --limit shows more\n")


@app.command()
def show(
    letter_id: LetterId,
    *,
    service: Service = None,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Print the body, decrypted, to stdout; with --json where it stood and why it was refused as well.

    It may hold personal data.
    """
    from mandegar.letters import Desk

    async def read() -> tuple[Found, bytes]:
        async with Desk.open(directory) as desk:
            found = await desk.find(str(letter_id), service)
            return found, await desk.body(found)

    found, body = asyncio.run(read())
    if as_json:
        row = found.row()
        told = {column: row[column] for column in COLUMNS} | {"body": body.decode(errors="replace")}
        sys.stdout.write(json.dumps(told, default=str, ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.buffer.write(body + b"\n")


@app.command()
def retry(
    letter_id: ChosenId = None,
    *,
    service: Service = None,
    topic: Topic = None,
    reason: Reason = None,
    body: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="File with the body put right; as it was if not given."),
    ] = None,
    wait: Annotated[float, typer.Option(min=0, max=600, help="Wait so many seconds for what comes of it.")] = 30.0,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Let the service handle it again, and say what came of it: one letter, or all held ones that the options choose.

    The worker that owns the partition takes them within seconds, in the order in which they stood there, with effect
    once however often this is asked. What is refused again is a new dead letter. Exit code 1 unless all were handled.
    """
    if body is not None and letter_id is None:
        raise typer.BadParameter("--body goes with one letter")

    async def work() -> list[Came]:
        from mandegar.letters import Desk

        async with Desk.open(directory) as desk:
            chosen = await _chosen(desk, letter_id, service, topic, reason)
            if letter_id is None:
                chosen = await desk.ask_all(chosen)
            else:
                await desk.ask(chosen[0], None if body is None else body.read_bytes().rstrip(b"\n"))
            return await desk.await_outcomes(chosen, wait)

    _check_choice(letter_id, topic, reason)
    came = asyncio.run(work())
    _tell(came, as_json=as_json)
    if any(one.outcome != "handled" for one in came) and wait:
        raise typer.Exit(1)


@app.command()
def drop(
    letter_id: ChosenId = None,
    *,
    service: Service = None,
    topic: Topic = None,
    reason: Reason = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Delete it with its body: one letter, or all held ones that the options choose. Its event never takes effect.

    That it was refused stays on the topic `dead-letters.v1`.
    """
    _check_choice(letter_id, topic, reason)

    async def work() -> list[Found]:
        from mandegar.letters import Desk

        async with Desk.open(directory) as desk:
            chosen = await _chosen(desk, letter_id, service, topic, reason)
            if chosen and not yes:
                await asyncio.to_thread(typer.confirm, f"delete {len(chosen)} for good?", abort=True, err=True)
            for found in chosen:
                await desk.drop(found)
            return chosen

    dropped = asyncio.run(work())
    print_rows([one.row() for one in dropped], COLUMNS, as_json=as_json)
    sys.stderr.write(f"dropped {len(dropped):,}\n")


def _check_choice(letter_id: UUID | None, topic: str | None, reason: str | None) -> None:
    if (letter_id is None) is (topic is None and reason is None):
        raise typer.BadParameter("give either one letter, or --reason or --topic")


async def _chosen(
    desk: Desk, letter_id: UUID | None, service: str | None, topic: str | None, reason: str | None
) -> list[Found]:
    from mandegar.letters import CHOSEN_MAX, Asked

    if letter_id is not None:
        return [await desk.find(str(letter_id), service)]
    found, more = await desk.newest(Asked(service, topic, reason, State.HELD), CHOSEN_MAX)
    if more:
        sys.stderr.write(f"there may be more than these {len(found):,}: call it again\n")
    return found


def _tell(came: list[Came], *, as_json: bool) -> None:
    print_rows([one.row() for one in came], CAME, as_json=as_json)
    counts = {outcome: sum(one.outcome == outcome for one in came) for outcome in ("handled", "refused")}
    sys.stderr.write(f"handled {counts['handled']:,}, refused again {counts['refused']:,}\n")
    for outcome, remedy in (("waiting", _WAITING), ("unreadable", _UNREADABLE)):
        if any(one.outcome == outcome for one in came):
            sys.stderr.write(f"{remedy}\n")


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="dead-letters")
