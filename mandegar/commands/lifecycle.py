"""`mandegar lifecycle`: the stages of customers as they change, as a marketing tool hears of them."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory

_READ_LIMIT_S = 300.0


def lifecycle(
    *,
    shop: Annotated[str | None, typer.Option(help="Of one shop; of all when not given.")] = None,
    last: Annotated[int, typer.Option(min=0, max=100_000, help="So many of the newest events.")] = 10,
    follow: Annotated[float, typer.Option(min=0, help="Then go on for so many seconds.")] = 0.0,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Print the newest events of `metrics.lifecycle.v1`: who is lapsing, lost, back, and why. JSON is one a line."""
    from mandegar.connecting import connection
    from mandegar.failures import CommandFailed
    from mandegar.listening import ListenError

    found = connection(directory)
    try:
        asyncio.run(_tail(found.bootstrap_servers, shop, last, follow, as_json=as_json))
    except ListenError as error:
        raise CommandFailed(str(error)) from error
    except KeyboardInterrupt:
        return


async def _tail(bootstrap_servers: str, shop: str | None, last: int, follow: float, *, as_json: bool) -> None:
    from mandegar import listening
    from shared.contracts import topics

    line = listening.as_json if as_json else listening.as_text
    async with listening.Listener(bootstrap_servers, topics.METRICS_LIFECYCLE) as listener:
        newest = listening.Newest(last, lambda value: listening.of_shop(value, shop))
        async for heard in listener.history(limit_s=_READ_LIMIT_S):
            newest.hear(heard)
        for value in newest.values():
            sys.stdout.write(line(value) + "\n")
        sys.stdout.flush()
        async for heard in listener.follow(seconds=follow):
            if listening.of_shop(heard.value, shop):
                sys.stdout.write(line(heard.value) + "\n")
                sys.stdout.flush()


def register(app: typer.Typer) -> None:
    """Called by mandegar.cli."""
    app.command()(lifecycle)
