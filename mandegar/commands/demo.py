"""`mandegar demo`: a real shop's history, replayed and checked figure by figure."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mandegar.options import DEFAULT_DIRECTORY, Directory

if TYPE_CHECKING:
    from rich.console import Console

    from mandegar.connecting import Connection
    from mandegar.demo import Outcome
    from mandegar.demo.loop import Addresses, Walked

START_LIMIT_S = 300.0


def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="End when all is compared; exit code 1 on any difference.")
    ] = False,
    stages: Annotated[
        bool,
        typer.Option("--stages/--no-stages", help="Replay in stream time, and compare every customer's stages too."),
    ] = True,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: Annotated[
        bool, typer.Option("--json", help="Of stages: the newest events as they lie on the topic.")
    ] = False,
) -> None:
    """Start the platform, replay 69,659 real purchases, and show every figure beside a recount by other means.

    Then one customer of a second shop is walked through the whole loop, event by event: lapsing, written to, back,
    earning, asked, answering badly, called. Her letters lie in the inbox whose address is printed.

    Where the platform runs already (`mandegar up`), that one is used and stays up.
    """
    from mandegar.demo.story import CDNOW
    from mandegar.demo.tables import console as make_console
    from mandegar.failures import CommandFailed
    from mandegar.stack.state import holder_of

    if not CDNOW.is_file():
        raise CommandFailed(f"the purchase log is missing ({CDNOW}); run the demo from a checkout of the repository")
    console = make_console()
    runs_already = holder_of(directory) is not None

    def play(*, stays: bool) -> Outcome:
        return _play(directory, console, stays=stays, stages=stages, as_json=as_json)

    outcome = play(stays=True) if runs_already else _play_supervised(directory, lambda: play(stays=not once), once=once)
    if outcome is None or outcome.differences:
        raise CommandFailed("the demo did not come out right" if outcome is None else "some figures differ")


def _play(directory: Path, console: Console, *, stays: bool, stages: bool, as_json: bool) -> Outcome:
    import asyncio

    from mandegar.connecting import connection, use
    from mandegar.demo.asking import ApiError
    from mandegar.demo.loop import LoopBroken, tell_of_walk
    from mandegar.demo.story import Urls, farewell, tell
    from mandegar.failures import CommandFailed
    from mandegar.listening import ListenError
    from mandegar.replaying.arrival import NotArrived
    from mandegar.replaying.clocks import NotOnStreamClock
    from mandegar.replaying.sending import SendError

    addresses = _addresses(directory)
    urls = Urls(addresses.metrics, addresses.loyalty)
    found = connection(directory)
    use(found)
    try:
        outcome = asyncio.run(tell(found, urls, directory, console, stages=stages, as_json=as_json))
        walked = asyncio.run(_walk(found, addresses, console, reader=stays))
    except (ApiError, ListenError, LoopBroken, NotArrived, NotOnStreamClock, SendError) as error:
        raise CommandFailed(str(error)) from error
    if stays:
        farewell(outcome, console)
        if walked is not None:
            tell_of_walk(walked, addresses, console)
    return outcome


async def _walk(found: Connection, addresses: Addresses, console: Console, *, reader: bool) -> Walked | None:
    """The loop; None where letters go to a server that is named, so that nobody could read them here."""
    from mandegar.demo.loop import walk

    if not addresses.inbox:
        console.print("\nThe loop of one customer is left out: letters go to MANDEGAR_SMTP_HOST.", markup=False)
        return None
    walked = await walk(found, addresses, console, reader=reader)
    events = len(walked.events)
    console.print(f"\nthe loop is closed: {events} events in {walked.seconds:.1f} s, each as it must be", style="bold")
    return walked


def _play_supervised(directory: Path, play_it: Callable[[], Outcome], *, once: bool) -> Outcome | None:
    """The supervisor owns the main thread, as its signals need; the demo runs beside it and asks it to stop."""
    from mandegar.preparing import prepare
    from mandegar.services import roles_of, service_names
    from mandegar.stack.supervisor import Supervisor

    roles = [(name, role) for name in service_names() for role in roles_of(name)]
    supervisor = Supervisor(
        directory, roles=roles, prepare=prepare, say=lambda line: print(line, flush=True), with_inbox=True
    )
    outcomes: list[Outcome] = []
    errors: list[Exception] = []
    finished = threading.Event()

    def play() -> None:
        try:
            outcomes.append(play_it())
        except Exception as error:
            errors.append(error)
        if (once or errors) and not finished.is_set():
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=play, name="demo", daemon=True).start()
    try:
        code = supervisor.run(follow=False)
    finally:
        finished.set()
    if errors:
        raise errors[0]
    return outcomes[0] if outcomes and code == 0 else None


def _addresses(directory: Path) -> Addresses:
    """Of the APIs and the inbox, once everything runs."""
    from mandegar.demo.loop import Addresses
    from mandegar.failures import CommandFailed
    from mandegar.stack.status import read_status

    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        status = read_status(directory)
        if status is not None and status.state == "running":
            urls = {process.name: process.url for process in status.processes}
            names = [f"{service}-api" for service in Addresses._fields if service != "inbox"]
            if missing := [name for name in names if name not in urls]:
                raise CommandFailed(f"{' and '.join(missing)} does not run; start all with `mandegar up`")
            return Addresses._make([*(urls[name] for name in names), urls.get("inbox", "")])
        time.sleep(0.1)
    raise CommandFailed(f"the platform did not start within {START_LIMIT_S:.0f} s; see `mandegar status`")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)
