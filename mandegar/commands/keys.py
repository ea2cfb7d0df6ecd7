"""`mandegar keys`: API keys of a shop."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory
from mandegar.printing import print_rows

if TYPE_CHECKING:
    import asyncpg

    from shared.contracts.keys import ApiKey
    from shared.contracts.shops import Shop
    from shared.kernel import Clock

COLUMNS = ("key_id", "shop", "name", "scopes", "expires_at", "revoked_at")

app = typer.Typer(help="API keys: make, list, revoke.", no_args_is_help=True)


@app.command()
def create(
    shop: Annotated[str, typer.Argument(help="The shop's slug.")] = "default",
    *,
    scope: Annotated[list[str] | None, typer.Option("--scope", help="May be repeated; metrics:read when none.")] = None,
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    days: Annotated[
        int | None, typer.Option(min=1, max=3660, help="It expires after so many days; never if not given.")
    ] = None,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it. It is shown this once: only its hash is kept."""
    from mandegar.gateway import with_gateway
    from services.gateway.shops import create_key
    from shared.kernel import SystemClock

    now: datetime = SystemClock().now().astimezone(UTC)
    expires_at = None if days is None else now + timedelta(days=days)
    key, text = asyncio.run(
        with_gateway(
            directory,
            lambda pool, clock: create_key(
                pool, clock, shop, scopes=scope or ["metrics:read"], name=name, expires_at=expires_at
            ),
        )
    )
    if as_json:
        sys.stdout.write(json.dumps({"key_id": key.key_id, "key": text, "scopes": list(key.scopes)}) + "\n")
    else:
        sys.stdout.write(text + "\n")
        sys.stderr.write("keep it now: it cannot be shown again\n")


@app.command("list")
def list_all(
    shop: Annotated[str | None, typer.Argument(help="The shop's slug; all shops when not given.")] = None,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Keys, revoked ones included. The keys themselves are not kept anywhere."""
    from mandegar.gateway import with_gateway
    from services.gateway.shops import list_keys, list_shops

    async def read(pool: asyncpg.Pool[Any], _clock: Clock) -> tuple[list[ApiKey], list[Shop]]:
        return await list_keys(pool, shop), await list_shops(pool)

    keys, shops = asyncio.run(with_gateway(directory, read))
    slugs = {found.number: found.slug for found in shops}
    print_rows([_row(key, slugs[key.shop_number]) for key in keys], COLUMNS, as_json=as_json)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="As `mandegar keys list` shows it.")],
    directory: Directory = DEFAULT_DIRECTORY,
) -> None:
    """Revoke a key; APIs refuse it within seconds."""
    from mandegar.gateway import with_gateway
    from services.gateway.shops import revoke_key

    key = asyncio.run(with_gateway(directory, lambda pool, clock: revoke_key(pool, clock, key_id)))
    print(f"revoked {key.key_id}")


def _row(key: ApiKey, slug: str) -> dict[str, Any]:
    return {"shop": slug, **{column: getattr(key, column) for column in COLUMNS if column != "shop"}}


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="keys")
