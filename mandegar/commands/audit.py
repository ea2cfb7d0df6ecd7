"""`mandegar audit`: who read personal data and who wrote what, from the logs of all services."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from enum import StrEnum
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mandegar.failures import CommandFailed
from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory
from mandegar.printing import print_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import asyncpg

    from shared.db.audit import AuditFilter

COLUMNS = ("at", "service", "shop", "actor", "role", "action", "subject", "outcome", "request_id")
_FEW = 20
_LATE = 1_000


class OutcomeName(StrEnum):
    """As `shared.db.audit` has them; named here so that the command line loads nothing for its help."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


ShopSlug = Annotated[str | None, typer.Argument(help="The shop's slug; all shops when not given.")]
ServiceName = Annotated[str | None, typer.Option("--service", help="Only the log of this service.")]
Actor = Annotated[str | None, typer.Option(help="Of this actor: `key:<id>`, `staff:<id>` or `operator`.")]
Action = Annotated[
    str | None, typer.Option(help="Only actions that contain this, such as `/export` or `mandegar privacy`.")
]
Subject = Annotated[str | None, typer.Option(help="About this id.")]
Outcome = Annotated[OutcomeName | None, typer.Option(help="Of this outcome.")]

app = typer.Typer(help="Audit log: who read personal data, who wrote what.", no_args_is_help=True)


@app.command("list")
def list_some(
    shop: ShopSlug = None,
    *,
    service: ServiceName = None,
    actor: Actor = None,
    action: Action = None,
    subject: Subject = None,
    outcome: Outcome = None,
    since: Annotated[str | None, typer.Option(help="From this instant or day on, UTC if it names no offset.")] = None,
    until: Annotated[str | None, typer.Option(help="Before it.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest.")] = 50,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """The newest entries of all services, the newest first."""
    wanted = _wanted(actor, action, subject, outcome, since=since, until=until)
    rows = asyncio.run(_list(directory, service, shop, wanted, limit))
    print_rows(rows, COLUMNS, as_json=as_json)


@app.command()
def tail(
    shop: ShopSlug = None,
    *,
    service: ServiceName = None,
    actor: Actor = None,
    action: Action = None,
    subject: Subject = None,
    outcome: Outcome = None,
    every: Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds between two looks.")] = 1.0,
    seconds: Annotated[float | None, typer.Option("--for", min=0, help="End after so many seconds.")] = None,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """The last entries, then each as it is written, until interrupted. With --json one object a line."""
    wanted = _wanted(actor, action, subject, outcome)
    try:
        asyncio.run(_tail(directory, service, shop, wanted, every=every, seconds=seconds, as_json=as_json))
    except KeyboardInterrupt:
        return


async def _list(
    directory: Path, service: str | None, slug: str | None, wanted: AuditFilter, limit: int
) -> list[dict[str, Any]]:
    from shared.db.audit import entries_over

    rows: list[dict[str, Any]] = []
    async with AsyncExitStack() as opened:
        for name, conn in (await _connected(directory, service, opened)).items():
            shop = await _number(conn, slug)
            rows += [_row(name, one) for one in await entries_over(conn, shop, wanted, limit=limit)]
    return sorted(rows, key=lambda row: row["at"], reverse=True)[:limit]


async def _tail(
    directory: Path,
    service: str | None,
    slug: str | None,
    wanted: AuditFilter,
    *,
    every: float,
    seconds: float | None,
    as_json: bool,
) -> None:
    from shared.db.audit import entries_behind, entries_over

    end = None if seconds is None else monotonic() + seconds
    async with AsyncExitStack() as opened:
        logs = await _connected(directory, service, opened)
        shops = {name: await _number(conn, slug) for name, conn in logs.items()}
        rows: list[dict[str, Any]] = []
        seen: dict[str, set[int]] = {}
        for name, conn in logs.items():
            found = await entries_over(conn, shops[name], wanted, limit=_LATE)
            seen[name] = {one["id"] for one in found}
            rows += [_row(name, one) for one in found[:_FEW]]
        _tell(sorted(rows, key=lambda row: row["at"])[-_FEW:], as_json=as_json)
        while end is None or monotonic() + every <= end:
            await asyncio.sleep(every)
            for name, conn in logs.items():
                # Numbers are given before a transaction commits: one may appear behind those that are told already.
                place = max(seen[name], default=0) - _LATE
                found = await entries_behind(conn, shops[name], wanted, after=place, limit=2 * _LATE)
                _tell([_row(name, one) for one in found if one["id"] not in seen[name]], as_json=as_json)
                seen[name] = {one["id"] for one in found}


async def _connected(
    directory: Path, service: str | None, opened: AsyncExitStack
) -> Mapping[str, asyncpg.Connection[Any]]:
    import asyncpg

    from mandegar.connecting import connection, use
    from mandegar.services import service_main, service_names
    from shared.db.engine import plain_url, server_settings

    if service is not None:
        service_main(service)  # says which there are, where it is none of them
    found = connection(directory)
    use(found)
    logs: dict[str, asyncpg.Connection[Any]] = {}
    for name in [service] if service else service_names():
        settings = server_settings(name, "mandegar-operator")
        conn = await asyncpg.connect(
            plain_url(found.login(name)), timeout=5, command_timeout=8, server_settings=settings
        )
        opened.push_async_callback(conn.close)
        logs[name] = conn
    return logs


async def _number(conn: asyncpg.Connection[Any], slug: str | None) -> int | None:
    if slug is None:
        return None
    number = await conn.fetchval("SELECT number FROM shop WHERE slug = $1", slug)
    if number is None:
        raise CommandFailed(f"there is no shop {slug!r}; `mandegar shops list` shows them")
    return int(number)


def _wanted(
    actor: str | None,
    action: str | None,
    subject: str | None,
    outcome: OutcomeName | None,
    *,
    since: str | None = None,
    until: str | None = None,
) -> AuditFilter:
    from shared.db.audit import AuditFilter

    chosen = None if outcome is None else outcome.value
    return AuditFilter(actor, subject, _instant("--since", since), _instant("--until", until), chosen, action)


def _instant(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandFailed(f"{option}: give a day or an instant, such as 2026-03-21 or 2026-03-21T09:30Z") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _row(service: str, entry: Any) -> dict[str, Any]:
    return {"service": service, **dict(entry)}


def _tell(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    for row in rows:
        if as_json:
            picked = {column: row.get(column) for column in COLUMNS}
            sys.stdout.write(json.dumps(picked, default=str, ensure_ascii=False) + "\n")
        else:
            sys.stdout.write("\t".join(str(row.get(column) or "") for column in COLUMNS) + "\n")
    sys.stdout.flush()


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="audit")
