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

COLUMNS = ("key_id", "shop", "name", "scopes", "expires_at", "revoked_at", "used_at")

app = typer.Typer(help="API keys: make, list, rotate, revoke.", no_args_is_help=True)


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

    key, text = asyncio.run(
        with_gateway(
            directory,
            lambda pool, clock: create_key(
                pool, clock, shop, scopes=scope or ["metrics:read"], name=name, expires_at=_end(clock, days)
            ),
        )
    )
    _tell({"key_id": key.key_id, "key": text, "scopes": list(key.scopes)}, as_json=as_json)


@app.command("list")
def list_all(
    shop: Annotated[str | None, typer.Argument(help="The shop's slug; all shops when not given.")] = None,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Keys with their last use, revoked ones included. The keys themselves are not kept anywhere."""
    from mandegar.gateway import key_uses, with_gateway
    from services.gateway.shops import list_keys, list_shops

    async def read(pool: asyncpg.Pool[Any], _clock: Clock) -> tuple[list[ApiKey], list[Shop]]:
        return await list_keys(pool, shop), await list_shops(pool)

    keys, shops = asyncio.run(with_gateway(directory, read))
    uses = asyncio.run(key_uses(directory))
    slugs = {found.number: found.slug for found in shops}
    rows = [_row(key, slugs[key.shop_number], uses.get(key.key_id)) for key in keys]
    print_rows(rows, COLUMNS, as_json=as_json)


@app.command()
def rotate(
    key_id: Annotated[str, typer.Argument(help="As `mandegar keys list` shows it.")],
    *,
    keep_hours: Annotated[
        int, typer.Option(min=0, max=720, help="So long the old key goes on working; 0 ends it at once.")
    ] = 24,
    days: Annotated[
        int | None, typer.Option(min=1, max=3660, help="The new key expires after so many days; else with the old one.")
    ] = None,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Make a key that takes the place of another, which goes on for a day. It is shown this once."""
    from mandegar.gateway import with_gateway
    from services.gateway.shops import rotate_key

    key, text, old = asyncio.run(
        with_gateway(
            directory,
            lambda pool, clock: rotate_key(
                pool, clock, key_id, keep=timedelta(hours=keep_hours), expires_at=_end(clock, days)
            ),
        )
    )
    told = {"key_id": key.key_id, "key": text, "scopes": list(key.scopes), "replaces": old.key_id}
    _tell({**told, "old_expires_at": str(old.expires_at)}, as_json=as_json)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="As `mandegar keys list` shows it.")],
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Revoke a key; APIs refuse it within seconds."""
    from mandegar.gateway import with_gateway
    from services.gateway.shops import revoke_key

    key = asyncio.run(with_gateway(directory, lambda pool, clock: revoke_key(pool, clock, key_id)))
    if as_json:
        sys.stdout.write(json.dumps({"key_id": key.key_id, "revoked_at": str(key.revoked_at)}) + "\n")
    else:
        print(f"revoked {key.key_id}")


def _end(clock: Clock, days: int | None) -> datetime | None:
    return None if days is None else clock.now().astimezone(UTC) + timedelta(days=days)


def _tell(made: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(made) + "\n")
    else:
        sys.stdout.write(made["key"] + "\n")
        sys.stderr.write("keep it now: it cannot be shown again\n")


def _row(key: ApiKey, slug: str, used_at: datetime | None) -> dict[str, Any]:
    own = {column: getattr(key, column) for column in COLUMNS if column not in ("shop", "used_at")}
    return {"shop": slug, **own, "used_at": used_at}


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="keys")
