"""`mandegar connections`: by which shop systems send their webhooks, and are asked for orders."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory
from mandegar.printing import print_rows

if TYPE_CHECKING:
    import asyncpg

    from services.gateway.webhooks import Connected
    from services.gateway.webhooks.secrets import Vault
    from shared.kernel import Clock

COLUMNS = ("shop", "vendor", "name", "address", "path", "secrets", "created_at", "rotated_at")
PULLS = ("shop", "vendor", "name", "address", "base", "reached", "pulled_at", "due_at", "failures", "trouble")
ResultT = TypeVar("ResultT")

Address = Annotated[str, typer.Argument(help="As `mandegar connections list` shows it.")]
FromStdin = Annotated[
    bool,
    typer.Option(
        "--secret-stdin",
        help="Read the secret from stdin, so that it stands in no list of processes and no history of a shell.",
    ),
]

app = typer.Typer(help="Connections to shop systems: their webhooks, and their APIs.", no_args_is_help=True)


@app.command()
def add(
    shop: Annotated[str, typer.Argument(help="The shop's slug.")],
    vendor: Annotated[str, typer.Argument(help="shopify, woocommerce, bigcommerce or magento.")],
    *,
    name: Annotated[str, typer.Option(help="What to call it; the shop system's name if not given.")] = "",
    secret_stdin: FromStdin = False,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Make a connection and print where webhooks go. A secret that is drawn is shown this once."""
    from services.gateway.webhooks import add_connection

    secret = _from_stdin() if secret_stdin else None
    made, text = _run(
        directory,
        lambda pool, clock, vault: add_connection(pool, clock, vault, shop, vendor, name=name, secret=secret),
    )
    _tell(made, text if secret is None else "", as_json=as_json)


@app.command("list")
def list_all(
    shop: Annotated[str | None, typer.Argument(help="The shop's slug; all shops when not given.")] = None,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Connections, without their secrets."""
    from services.gateway.webhooks import list_connections

    found = _run(directory, lambda pool, _clock, _vault: list_connections(pool, shop))
    print_rows([_row(one) for one in found], COLUMNS, as_json=as_json)


@app.command()
def rotate(
    address: Address,
    *,
    secret_stdin: FromStdin = False,
    drop_previous: Annotated[
        bool, typer.Option("--drop-previous", help="No new secret: only the present one holds from now on.")
    ] = False,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Give it another secret. The one before holds as well until `--drop-previous`, or the next rotation."""
    from services.gateway.webhooks import rotate_connection

    secret = _from_stdin() if secret_stdin else None
    changed, text = _run(
        directory,
        lambda pool, clock, vault: rotate_connection(
            pool, clock, vault, address, secret=secret, drop_previous=drop_previous
        ),
    )
    _tell(changed, text if secret is None else "", as_json=as_json)


@app.command()
def remove(address: Address, directory: Directory = DEFAULT_DIRECTORY) -> None:
    """Remove it: within seconds its webhooks are answered with 404."""
    from services.gateway.webhooks import remove_connection

    _run(directory, lambda pool, clock, _vault: remove_connection(pool, clock, address))
    print(f"removed {address}")


@app.command()
def api(
    address: Address,
    base: Annotated[str, typer.Argument(help="Such as https://shop.example; see docs/CONNECTING.md.")],
    *,
    loopback: Annotated[bool, typer.Option("--loopback", help="It is on this machine: for trying out alone.")] = False,
    directory: Directory = DEFAULT_DIRECTORY,
) -> None:
    """Read orders from the shop system's API as well. The token is read from stdin; WooCommerce's is ck_…:cs_…."""
    from services.gateway.pulling import set_api

    token = _from_stdin()
    _run(
        directory,
        lambda pool, clock, vault: set_api(pool, clock, vault, address, base=base, token=token, loopback=loopback),
    )
    print(f"workers pull {address} from now on; `mandegar pull {address} --dry-run` tries it")


@app.command()
def pulls(directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """How far each connection was pulled, and what is wrong with it."""
    from services.gateway.pulling import list_pulls

    found = _run(directory, lambda pool, _clock, vault: list_pulls(pool, vault))
    print_rows([{column: getattr(one, column) for column in PULLS} for one in found], PULLS, as_json=as_json)


def _run(directory: Path, work: Callable[[asyncpg.Pool[Any], Clock, Vault], Awaitable[ResultT]]) -> ResultT:
    from mandegar.connecting import connection
    from mandegar.gateway import with_gateway
    from services.gateway.webhooks.secrets import Vault

    vault = Vault(connection(directory).secret_key)
    return asyncio.run(with_gateway(directory, lambda pool, clock: work(pool, clock, vault)))


def _from_stdin() -> str:
    return sys.stdin.readline().strip()


def _tell(made: Connected, secret: str, *, as_json: bool) -> None:
    if as_json:
        told = _row(made) | ({"secret": secret} if secret else {})
        sys.stdout.write(json.dumps(told, default=str) + "\n")
        return
    print(f"send webhooks to  {made.path}")
    if secret:
        print(f"secret            {secret}")
        sys.stderr.write("keep the secret now: it cannot be shown again\n")
    if made.secrets > 1:
        sys.stderr.write(
            f"the secret before holds as well: mandegar connections rotate {made.address} --drop-previous\n"
        )


def _row(made: Connected) -> dict[str, Any]:
    return {column: getattr(made, column) for column in COLUMNS}


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="connections")
