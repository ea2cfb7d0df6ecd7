"""`mandegar pull`: orders read from a shop system's own API, now."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory

if TYPE_CHECKING:
    from services.gateway.pulling import Pulled

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
Since = Annotated[
    datetime | None,
    typer.Option(formats=_FORMATS, help="Orders changed since then, UTC. Default: since the last pull."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Ask and read, send nothing, and keep the place.")]
InLane = Annotated[bool, typer.Option("--backfill", help="As history: behind live traffic, and nobody is messaged.")]


def pull(
    connection: Annotated[str, typer.Argument(help="As `mandegar connections list` shows it.")],
    *,
    since: Since = None,
    dry_run: DryRun = False,
    backfill: InLane = False,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Read the orders of CONNECTION from its shop system, as workers do every few minutes.

    What webhooks brought already has the same ids and counts once. Killed, it goes on after the last page that Kafka
    has. With a first `--since` years ago and `--backfill`, a shop's history comes this way.
    """
    wanted = None if since is None else since.replace(tzinfo=UTC)
    try:
        pulled = asyncio.run(_pull(connection, directory, wanted, dry_run=dry_run, lane=backfill))
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; the next pull goes on from the last page that was sent\n")
        raise typer.Exit(130) from None
    if as_json:
        sys.stdout.write(json.dumps(pulled._asdict() | {"dry_run": dry_run}, default=str) + "\n")
        return
    text = f"{pulled.orders:,} orders changed since {pulled.since:%Y-%m-%d %H:%M} UTC, {pulled.events:,} events"
    print(f"{text} {'read, and not sent' if dry_run else 'sent'} ({pulled.calls:,} calls)")
    if pulled.set_aside:
        print(f"of {pulled.set_aside:,} something could not be read: see mandegar dead-letters list --service gateway")


async def _pull(address: str, directory: Path, since: datetime | None, *, dry_run: bool, lane: bool) -> Pulled:
    from mandegar.connecting import connection, use
    from services.gateway.pulling import Puller
    from services.gateway.settings import GatewaySettings

    use(connection(directory))
    async with Puller.opened(GatewaySettings.load("gateway", role="worker")) as puller:
        return await puller.now(address, since=since, dry_run=dry_run, lane=lane)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(pull)
