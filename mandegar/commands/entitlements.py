"""`mandegar entitlements`: where a shop is told of what is granted elsewhere, and what could not be told."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory, KeepHours, Shop
from mandegar.printing import print_rows

if TYPE_CHECKING:
    from pathlib import Path

    import asyncpg

    from services.loyalty.entitlements import Delivery, Endpoint, Kept, Vault
    from shared.kernel import Clock

ENDPOINT = ("shop", "url", "set_at", "rotated_at", "previous_until", "gone_at", "waiting", "failed")
DELIVERIES = ("delivery", "what", "state", "attempts", "last_status", "trouble", "made_at", "due_at", "ended_at")
_ROWS_MAX = 10_000
ResultT = TypeVar("ResultT")


app = typer.Typer(help="Webhooks that tell of entitlements: their endpoint, their deliveries.", no_args_is_help=True)


@app.command()
def show(shop: Shop, directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """The endpoint of a shop, without its secret, and how many deliveries wait or have failed."""
    from services.loyalty.entitlements import show_endpoint

    kept = _run(directory, lambda pool, _clock, _vault: show_endpoint(pool, shop))
    print_rows([_endpoint(shop, kept)], ENDPOINT, as_json=as_json)


@app.command("set")
def set_url(
    shop: Shop,
    url: Annotated[str, typer.Argument(help="Such as https://game.example/hooks; see docs/REWARDS.md.")],
    *,
    loopback: Annotated[bool, typer.Option("--loopback", help="It is on this machine: for trying out alone.")] = False,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Have a shop told there from now on. The first time a secret is drawn, and shown this once."""
    from services.loyalty.entitlements import set_endpoint

    made = _run(directory, lambda pool, clock, vault: set_endpoint(pool, clock, vault, shop, url, loopback=loopback))
    _tell(shop, made, as_json=as_json)


@app.command()
def rotate(
    shop: Shop,
    *,
    keep_hours: KeepHours = 24,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Draw another secret, shown this once."""
    from services.loyalty.entitlements import rotate_secret

    keep = timedelta(hours=keep_hours)
    made = _run(directory, lambda pool, clock, vault: rotate_secret(pool, clock, vault, shop, keep))
    _tell(shop, made, as_json=as_json)


@app.command()
def remove(shop: Shop, directory: Directory = DEFAULT_DIRECTORY) -> None:
    """Tell the shop nothing any more: what waits has failed."""
    from services.loyalty.entitlements import remove_endpoint

    _run(directory, lambda pool, clock, _vault: remove_endpoint(pool, clock, shop))
    print(f"nothing is told to {shop} any more")


@app.command()
def deliveries(
    shop: Shop,
    *,
    state: Annotated[
        Literal["waiting", "delivered", "failed"] | None, typer.Option(help="Only those; all when not given.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=_ROWS_MAX, help="At most so many, the oldest first.")] = 100,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """What was told, or could not be."""
    from services.loyalty.entitlements import State, list_deliveries

    wanted = None if state is None else State[state.upper()]
    found = _run(directory, lambda pool, _clock, _vault: list_deliveries(pool, shop, wanted, limit))
    print_rows([_delivery(one) for one in found], DELIVERIES, as_json=as_json)


@app.command()
def retry(
    shop: Shop,
    delivery: Annotated[str, typer.Argument(help="As `mandegar entitlements deliveries` shows it.")],
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Send one that failed again."""
    from services.loyalty.entitlements import retry_delivery

    one = _run(directory, lambda pool, clock, _vault: retry_delivery(pool, clock, shop, delivery))
    print_rows([_delivery(one)], DELIVERIES, as_json=as_json)


def _run(directory: Path, work: Callable[[asyncpg.Pool[Any], Clock, Vault], Awaitable[ResultT]]) -> ResultT:
    from mandegar.connecting import connection
    from mandegar.gateway import with_service
    from services.loyalty.entitlements import Vault

    vault = Vault(connection(directory).secret_key)
    return asyncio.run(with_service(directory, "loyalty", lambda pool, clock: work(pool, clock, vault)))


def _tell(shop: str, made: Endpoint, *, as_json: bool) -> None:
    if as_json:
        told = _endpoint(shop, made.kept) | ({"secret": made.secret} if made.secret else {})
        sys.stdout.write(json.dumps(told, default=str) + "\n")
        return
    print(f"entitlements are told to  {made.kept.url}")
    if made.secret:
        print(f"secret                    {made.secret}")
        sys.stderr.write("keep the secret now: it cannot be shown again\n")


def _endpoint(shop: str, kept: Kept) -> dict[str, Any]:
    return {"shop": shop, **kept._asdict()}


def _delivery(one: Delivery) -> dict[str, Any]:
    said = {name: getattr(one, name) for name in DELIVERIES if name not in ("delivery", "state")}
    return {"delivery": str(one.place), "state": one.state.name.lower(), **said}


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="entitlements")
