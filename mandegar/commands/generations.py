"""`mandegar generations`: counters of shops with new settings, being built beside the live ones."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mandegar.failures import CommandFailed
from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory
from mandegar.printing import print_rows

if TYPE_CHECKING:
    from pathlib import Path

    import asyncpg

COLUMNS = ("shop", "live", "building", "phase", "percent", "orders", "customers", "moved", "seconds_left")
_SHOPS = """
SELECT s.slug, s.number, g.number AS live
FROM shop s LEFT JOIN generation g ON g.shop = s.number AND g.live
WHERE $1::text IS NULL OR s.slug = $1 ORDER BY s.slug
"""
_STANDSTILL_SECONDS = 600.0

app = typer.Typer(help="Builds of shops' new settings: how far they are, and the switch.", no_args_is_help=True)


@app.command("list")
def list_all(
    shop: Annotated[str | None, typer.Argument(help="Of one shop; of all when not given.")] = None,
    *,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """The live generation of each shop, and how far the next one is."""
    print_rows(asyncio.run(_read(directory, shop)), COLUMNS, as_json=as_json)


@app.command()
def switch(
    shop: Annotated[str, typer.Argument(help="Slug of the shop.")], *, directory: Directory = DEFAULT_DIRECTORY
) -> None:
    """Switch now to what is built, and do not wait until few changes of orders are left. Its events wait meanwhile."""
    seconds = asyncio.run(_switch(directory, shop))
    print(f"switched: the shop stood still for {seconds:.1f} s")


async def _read(directory: Path, slug: str | None) -> list[dict[str, Any]]:
    from services.metrics.generations import progress_of

    conn = await _connect(directory, 30.0)
    try:
        rows = []
        for row in await conn.fetch(_SHOPS, slug):
            progress = await progress_of(conn, row["number"])
            told: dict[str, Any] = {"shop": row["slug"], "live": row["live"]}
            if progress is not None:
                told |= {
                    "building": progress.generation,
                    "phase": progress.phase.name.lower(),
                    "percent": progress.percent,
                    "orders": progress.orders_done,
                    "customers": progress.customers_done,
                    "moved": progress.moved,
                    "seconds_left": progress.seconds_left,
                }
            rows.append(told)
        if slug is not None and not rows:
            raise CommandFailed(f"there is no shop {slug!r}; `mandegar shops list` shows them")
        return rows
    finally:
        await conn.close()


async def _switch(directory: Path, slug: str) -> float:
    from time import monotonic

    from services.metrics.main import BUILDER
    from shared.db.clock import DatabaseClock
    from shared.db.transaction import OpenTransaction
    from shared.messaging.batch import BatchWork
    from shared.messaging.reference import ShopDirectory

    conn = await _connect(directory, _STANDSTILL_SECONDS)
    try:
        clock, shops = DatabaseClock(), ShopDirectory()
        await clock.keep_right(conn)
        await shops.refresh(conn)
        shop = shops.find(slug) if slug else None
        if shop is None:
            raise CommandFailed(f"there is no shop {slug!r}; `mandegar shops list` shows them")
        began = monotonic()
        async with conn.transaction():
            await conn.execute(f"SET LOCAL statement_timeout = '{_STANDSTILL_SECONDS:.0f}s'")
            work = BatchWork(OpenTransaction(conn, clock.now()), 0, shops)
            if not await BUILDER.switch(work, shop, 0, _STANDSTILL_SECONDS):
                raise CommandFailed("it is not ready, or the shop did not stand still; `mandegar generations list`")
            await work.tx.finish()
        return monotonic() - began
    finally:
        await conn.close()


async def _connect(directory: Path, seconds: float) -> asyncpg.Connection[Any]:
    import asyncpg

    from mandegar.connecting import connection, use
    from shared.db.engine import plain_url, server_settings

    found = connection(directory)
    use(found)
    settings = server_settings("metrics", "mandegar-operator")
    url = plain_url(found.login("metrics"))
    return await asyncpg.connect(url, timeout=5, command_timeout=seconds, server_settings=settings)


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="generations")
