"""`mandegar bounces`: letters of servers about letters, taken from a mail server's pipe."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import typer

from mandegar.options import DEFAULT_DIRECTORY, Directory

if TYPE_CHECKING:
    import asyncpg

    from shared.kernel import Clock

app = typer.Typer(help="Bounces and complaints that servers write letters about.", no_args_is_help=True)


@app.command()
def take(directory: Directory = DEFAULT_DIRECTORY) -> None:
    """Read one letter from stdin: a delivery report (RFC 3464) or a complaint (RFC 5965). Others are let go.

    A running worker of campaigns joins what it says to its message. For a mail server's pipe, such as
    `bounces: "|mandegar bounces take"` among Postfix's aliases. Exit code 0 also for letters that say nothing, so that
    the server does not send them back.
    """
    from mandegar.gateway import with_service
    from services.campaigns.reports import take_letter

    raw = sys.stdin.buffer.read()

    async def work(pool: asyncpg.Pool[Any], clock: Clock) -> int:
        return await take_letter(pool, raw, clock.now())

    print(f"reports: {asyncio.run(with_service(directory, 'campaigns', work))}")


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="bounces")
