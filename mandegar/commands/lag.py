"""`mandegar lag`: how far each service is behind, in events and in seconds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory
from mandegar.printing import print_rows

if TYPE_CHECKING:
    from mandegar.connecting import Connection

COLUMNS = ("service", "lane", "topic", "partition", "position", "end", "events", "seconds")
SUMS = ("service", "lane", "topic", "events", "seconds")


def lag(
    *,
    service: Annotated[str | None, typer.Option(help="Of one service; of all when not given.")] = None,
    by_partition: Annotated[
        bool, typer.Option("--partitions", help="A row for each partition, not each topic.")
    ] = False,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """List what is not processed yet: events, and the age of the oldest of them in seconds.

    Lane `history` is served after `live`: that it is behind during an import is as it should be.
    """
    from mandegar.connecting import connection, use
    from mandegar.services import service_names

    found = connection(directory)
    use(found)
    names = [service] if service else service_names()
    rows = asyncio.run(_read(found, names))
    if not by_partition:
        rows = _sums(rows)
    print_rows(rows, COLUMNS if by_partition else SUMS, as_json=as_json)


async def _read(found: Connection, names: list[str]) -> list[dict[str, Any]]:
    import asyncpg

    from mandegar.services import service_main
    from shared.db.engine import plain_url, server_settings
    from shared.kernel import SystemClock
    from shared.messaging.cluster import LagReader, positions_of

    rows: list[dict[str, Any]] = []
    async with LagReader({"bootstrap_servers": found.bootstrap_servers}) as reader:
        for name in names:
            topics = {subscription.topic for subscription in service_main(name).SERVICE.subscriptions}
            url = plain_url(found.login(name))
            conn = await asyncpg.connect(
                url, timeout=5, command_timeout=8, server_settings=server_settings(name, "mandegar-operator")
            )
            try:
                positions = await positions_of(conn, name)
            finally:
                await conn.close()
            lags = await reader.read(positions, topics, SystemClock().now())
            rows += [{"service": name, "lane": _lane(part.topic), **part._asdict()} for part in lags]
    return rows


def _sums(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By service and topic: events add up, seconds are those of the oldest event."""
    sums: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        key = (row["service"], row["topic"])
        empty = {"service": key[0], "lane": row["lane"], "topic": key[1], "events": 0, "seconds": 0.0}
        total = sums.setdefault(key, empty)
        total["events"] += row["events"]
        if row["seconds"] is None or total["seconds"] is None:
            total["seconds"] = None  # not every partition could be read in time
        else:
            total["seconds"] = max(total["seconds"], row["seconds"])
    return sorted(sums.values(), key=lambda total: (total["service"], total["lane"] == "history"))


def _lane(topic: str) -> str:
    from shared.contracts.topics import LANES

    return "history" if topic in LANES else "live"


def register(app: typer.Typer) -> None:
    """Called by mandegar.cli."""
    app.command()(lag)
