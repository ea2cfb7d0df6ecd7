"""`mandegar dead-letters`: what could not be handled: list it, look at it, put it right and hand it in again."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import asyncpg
import typer

from mandegar.failures import CommandFailed
from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory
from mandegar.printing import print_rows

COLUMNS = (
    *("letter_id", "service", "state", "shop", "topic", "partition", "offset", "handler"),
    *("reason", "detail", "recorded_at"),
)
REPLAYED_MAX = 10_000
"""Letters that one command hands in again: so many are listed at once."""
_HELD = """
SELECT id::text FROM dead_letter WHERE state = 'held' AND reason = $1 ORDER BY recorded_at, id LIMIT $2
"""
ResultT = TypeVar("ResultT")


class State(StrEnum):
    """What became of a dead letter."""

    HELD = "held"
    REQUESTED = "requested"
    REPLAYED = "replayed"


app = typer.Typer(help="Dead letters: events that could not be handled.", no_args_is_help=True)


@app.command("list")
def list_all(
    *,
    service: Annotated[str | None, typer.Option(help="Of one service; of all when not given.")] = None,
    state: Annotated[State | None, typer.Option(help="Of one state; of all when not given.")] = None,
    reason: Annotated[str | None, typer.Option(help="Of one reason, such as unknown_shop.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many of each service.")] = 100,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """The newest dead letters: where each stood and why it was refused, never what was in it."""
    rows, has_more = _read(directory, service, state, reason, limit)
    print_rows(sorted(rows, key=lambda row: row["recorded_at"], reverse=True), COLUMNS, as_json=as_json)
    if has_more:
        sys.stderr.write(f"there may be older ones than the newest {limit}: --limit shows more\n")


@app.command()
def show(
    letter_id: Annotated[UUID, typer.Argument(help="As `list` shows it.")],
    *,
    service: Annotated[str | None, typer.Option(help="The service that refused it; looked for when not given.")] = None,
    directory: Directory = DEFAULT_DIRECTORY,
) -> None:
    """Print the body, decrypted, to stdout. It may hold personal data."""
    from shared.messaging.dead_letters import show_letter

    body = _find(directory, service, lambda conn, cipher: show_letter(conn, str(letter_id), cipher))[1]
    sys.stdout.buffer.write(body + b"\n")


@app.command()
def replay(
    letter_id: Annotated[UUID | None, typer.Argument(help="As `list` shows it. Or give --reason.")] = None,
    *,
    reason: Annotated[
        str | None, typer.Option(help="All held ones of a reason: unknown_shop, once the shop was added.")
    ] = None,
    body: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="File with the body put right; as it was if not given."),
    ] = None,
    service: Annotated[str | None, typer.Option(help="The service that refused it; looked for when not given.")] = None,
    directory: Directory = DEFAULT_DIRECTORY,
) -> None:
    """Hand it to the service again. The worker that owns its partition takes it within seconds, with effect once."""
    from shared.messaging.dead_letters import replay_letter

    if (letter_id is None) is (reason is None) or (reason is not None and body is not None):
        raise typer.BadParameter("give either one letter, with --body if it was put right, or --reason")
    if reason is not None:
        _replay_all(directory, service, reason)
        return
    repaired = None if body is None else body.read_bytes().rstrip(b"\n")
    name, _ = _find(directory, service, lambda conn, cipher: replay_letter(conn, str(letter_id), cipher, repaired))
    print(f"asked {name} to handle {letter_id} again")


def _replay_all(directory: Path, service: str | None, reason: str) -> None:
    """So many at a time: each call locks and writes what it asks for in one transaction."""
    from mandegar.connecting import connection
    from mandegar.services import service_names
    from shared.messaging.dead_letters import Cipher, replay_letter

    cipher = Cipher(connection(directory).secret_key)

    async def ask(conn: asyncpg.Connection[Any]) -> int:
        asked = 0
        async with conn.transaction():
            for row in await conn.fetch(_HELD, reason, REPLAYED_MAX):
                with suppress(LookupError, ValueError):  # gone meanwhile, or never sent: nobody could take it
                    await replay_letter(conn, row[0], cipher)
                    asked += 1
        return asked

    total = 0
    for name in [service] if service else service_names():
        if asked := _call(directory, name, ask):
            print(f"asked {name} to handle {asked:,} again")
            total += asked
            if asked == REPLAYED_MAX:
                print("there may be more: call it again")
    if not total:
        print(f"no dead letter is held for the reason {reason}")


def _read(
    directory: Path, service: str | None, state: State | None, reason: str | None, limit: int
) -> tuple[list[dict[str, Any]], bool]:
    """Letters with the names of their service and shop, and whether a service has more than were asked for."""
    from mandegar.services import service_names
    from shared.messaging.dead_letters import list_letters

    searched = limit if reason is None else REPLAYED_MAX

    async def load(conn: asyncpg.Connection[Any]) -> tuple[list[Any], dict[int, str]]:
        letters = await list_letters(conn, state=state, limit=searched)
        return letters, {row[0]: row[1] for row in await conn.fetch("SELECT number, slug FROM shop")}

    rows: list[dict[str, Any]] = []
    has_more = False
    for name in [service] if service else service_names():
        letters, slugs = _call(directory, name, load)
        found = [letter for letter in letters if reason in (None, letter.reason)]
        has_more = has_more or len(letters) == searched or len(found) > limit
        rows += [{**letter._asdict(), "service": name, "shop": slugs.get(letter.shop, "")} for letter in found[:limit]]
    return rows, has_more


def _find(
    directory: Path, service: str | None, work: Callable[[asyncpg.Connection[Any], Any], Awaitable[ResultT]]
) -> tuple[str, ResultT]:
    """Try the services in turn until one has the letter; gives its name and what `work` gave."""
    from mandegar.connecting import connection
    from mandegar.services import service_names
    from shared.messaging.dead_letters import Cipher

    cipher = Cipher(connection(directory).secret_key)
    for name in [service] if service else service_names():
        try:
            return name, _call(directory, name, lambda conn: work(conn, cipher))
        except LookupError:
            continue
        except ValueError as error:
            raise CommandFailed(str(error)) from error
    raise CommandFailed("there is no such dead letter; its body may have been erased after 30 days")


def _call(directory: Path, service: str, work: Callable[[asyncpg.Connection[Any]], Awaitable[ResultT]]) -> ResultT:
    """Call with a connection in the service's schema."""
    from mandegar.connecting import connection
    from mandegar.services import service_main
    from shared.db.engine import plain_url, server_settings

    service_main(service)
    url = plain_url(connection(directory).login(service))

    async def call() -> ResultT:
        conn = await asyncpg.connect(
            url, timeout=5, command_timeout=8, server_settings=server_settings(service, "mandegar-operator")
        )
        try:
            return await work(conn)
        finally:
            await conn.close()

    return asyncio.run(call())


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="dead-letters")
