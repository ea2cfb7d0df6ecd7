"""`mandegar lag`: what waits in each service: events of topics, the outbox, timers that are due."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory
from mandegar.printing import print_rows

if TYPE_CHECKING:
    import asyncpg

    from mandegar.connecting import Connection
    from shared.messaging.cluster import LagReader
    from shared.messaging.handling import Service

COLUMNS = ("service", "lane", "topic", "partition", "position", "end", "events", "seconds")
SUMS = ("service", "lane", "topic", "events", "seconds")
LANES = ("live", "history", "outbox", "timers")
"""In the order of the list. Events of topics stand in the first two."""
_CLEAR = "\x1b[H\x1b[2J"


def lag(
    *,
    service: Annotated[str | None, typer.Option(help="Of one service; of all when not given.")] = None,
    by_partition: Annotated[
        bool, typer.Option("--partitions", help="A row for each partition, not each topic.")
    ] = False,
    watch: Annotated[
        float | None, typer.Option(min=0.5, max=3600, help="Look again every so many seconds, until Ctrl-C.")
    ] = None,
    watch_for: Annotated[
        float | None, typer.Option("--for", min=0, help="With --watch: end after so many seconds.")
    ] = None,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """List what is not processed yet, and the age of the oldest of it in seconds.

    Lane `live`: events behind the service's position, which PostgreSQL holds. `history`: the same of imports, which are
    served after live traffic: that it is behind meanwhile is as it should be. `outbox`: events that are written and not
    sent yet. `timers`: those that are due, seconds by the clock that they follow. Empty seconds: not read in time.
    With --watch and --json each look is one line.
    """
    from mandegar.connecting import connection, use
    from mandegar.services import service_main, service_names

    if watch_for is not None and watch is None:
        raise typer.BadParameter("--for goes with --watch")
    found = connection(directory)
    use(found)
    services = [service_main(name).SERVICE for name in ([service] if service else service_names())]
    try:
        asyncio.run(_look(found, services, watch, watch_for, by_partition=by_partition, as_json=as_json))
    except KeyboardInterrupt:
        return


async def _look(
    found: Connection,
    services: list[Service],
    every: float | None,
    seconds: float | None,
    *,
    by_partition: bool,
    as_json: bool,
) -> None:
    """Once, or again and again until the time is over."""
    from shared.messaging.cluster import LagReader

    until = None if seconds is None else monotonic() + seconds
    async with AsyncExitStack() as open_now:
        reader = await open_now.enter_async_context(LagReader({"bootstrap_servers": found.bootstrap_servers}))
        connections = {service.name: await _connect(found, service.name, open_now) for service in services}
        while True:
            rows = [row for one in services for row in await _waiting(one, connections[one.name], reader)]
            if not by_partition:
                rows = _sums(rows)
            columns = COLUMNS if by_partition else SUMS
            if every is None:
                print_rows(rows, columns, as_json=as_json)
                return
            _tell(rows, columns, as_json=as_json)
            if until is not None and monotonic() + every > until:
                return
            await asyncio.sleep(every)


async def _connect(found: Connection, name: str, open_now: AsyncExitStack) -> asyncpg.Connection[Any]:
    import asyncpg

    from shared.db.engine import plain_url, server_settings

    conn = await asyncpg.connect(
        plain_url(found.login(name)),
        timeout=5,
        command_timeout=8,
        server_settings=server_settings(name, "mandegar-operator"),
    )
    open_now.push_async_callback(conn.close)
    return conn


async def _waiting(service: Service, conn: asyncpg.Connection[Any], reader: LagReader) -> list[dict[str, Any]]:
    """Rows of one service, a partition each; one for the outbox."""
    from shared.db.shards import ALL_SHARDS
    from shared.db.timers import overdue
    from shared.messaging.chores import WallClock
    from shared.messaging.cluster import positions_of
    from shared.messaging.relay.store import backlog

    now: datetime = await conn.fetchval("SELECT clock_timestamp()")
    topics = {subscription.topic for subscription in service.subscriptions}
    lags = await reader.read(await positions_of(conn, service.name), topics, now)
    rows: list[dict[str, Any]] = [{"lane": _lane(part.topic), **part._asdict()} for part in lags]
    unsent = await backlog(conn, ALL_SHARDS)
    rows.append({"lane": "outbox", "topic": "", "events": unsent.rows, "seconds": unsent.oldest_seconds})
    if service.timers:
        reaches = await (service.clock or WallClock()).reaches(conn, now, sorted({part.partition for part in lags}))
        late = await overdue(conn, reaches)
        rows += [
            {"lane": "timers", "topic": "", "partition": one.partition, "events": one.timers, "seconds": one.seconds}
            for one in late
        ] or [{"lane": "timers", "topic": "", "events": 0, "seconds": 0.0}]
    return [{"service": service.name, **row} for row in rows]


def _sums(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By service, lane and topic: events add up, seconds are those of the oldest event."""
    sums: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in rows:
        key = (row["service"], row["lane"], row["topic"])
        empty = {"service": key[0], "lane": key[1], "topic": key[2], "events": 0, "seconds": 0.0}
        total = sums.setdefault(key, empty)
        total["events"] += row["events"]
        if row["seconds"] is None or total["seconds"] is None:
            total["seconds"] = None  # not every partition could be read in time
        else:
            total["seconds"] = max(total["seconds"], row["seconds"])
    return sorted(sums.values(), key=lambda total: (total["service"], LANES.index(total["lane"])))


def _tell(rows: list[dict[str, Any]], columns: tuple[str, ...], *, as_json: bool) -> None:
    """One look of several."""
    if as_json:
        picked = [{column: row.get(column) for column in columns} for row in rows]
        sys.stdout.write(json.dumps(picked, default=str) + "\n")
    else:
        sys.stdout.write(_CLEAR if sys.stdout.isatty() else "")
        print_rows(rows, columns)
        sys.stdout.write("\n")
    sys.stdout.flush()


def _lane(topic: str) -> str:
    from shared.contracts.topics import LANES as HISTORY

    return "history" if topic in HISTORY else "live"


def register(app: typer.Typer) -> None:
    """Called by mandegar.cli."""
    app.command()(lag)
