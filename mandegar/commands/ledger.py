"""`mandegar ledger`: whether the points of members are what their entries say."""

from __future__ import annotations

import asyncio
import json
import sys
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mandegar.failures import CommandFailed
from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from services.loyalty.points import Verified

_SAY_EVERY_SECONDS = 2.0
_FETCH_SECONDS = 600.0

app = typer.Typer(help="The ledger of points: entries, balances, holds, signed roots.", no_args_is_help=True)


@app.callback()
def ledger() -> None:
    """Without a callback, the only command would take the group's name."""


@app.command()
def verify(
    *,
    shop: Annotated[str | None, typer.Option(help="Of one shop; of all when not given.")] = None,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Replay all entries and compare everything that rests on them. Exit code 1 when something is broken.

    Reads one snapshot and writes nothing; memory does not grow with the ledger.
    """
    found = asyncio.run(_verify(directory, shop))
    if shop is not None and not found:
        raise CommandFailed(f"there is no shop {shop!r}; `mandegar shops list` shows them")
    if as_json:
        print(json.dumps([_as_json(one) for one in found], ensure_ascii=False))
    else:
        for one in found:
            _print(one)
    if any(one.broken for one in found):
        raise typer.Exit(1)


async def _verify(directory: Path, shop: str | None) -> Sequence[Verified]:
    import asyncpg

    from mandegar.connecting import connection, use
    from services.loyalty.points import Signer, verify
    from shared.db.engine import plain_url, server_settings

    found = connection(directory)
    use(found)
    settings = server_settings("loyalty", "mandegar-operator")
    url = plain_url(found.login("loyalty"))
    conn = await asyncpg.connect(url, timeout=5, command_timeout=_FETCH_SECONDS, server_settings=settings)
    try:
        return await verify(conn, Signer(found.secret_key), only=shop, say=_Saying())
    finally:
        await conn.close()


class _Saying:
    """How far it is, on a terminal's error output, now and then."""

    def __init__(self) -> None:
        self._last = monotonic()

    def __call__(self, found: Verified) -> None:
        if monotonic() - self._last >= _SAY_EVERY_SECONDS:
            self._last = monotonic()
            sys.stderr.write(f"{found.shop}: {found.accounts} accounts, {found.entries} entries\n")


def _print(found: Verified) -> None:
    looked = f"{found.accounts} accounts, {found.entries} entries, {found.lots} lots, {found.holds} holds"
    verdict = "all invariants hold" if not found.broken else f"{found.broken} violations"
    print(f"{found.shop}: {looked}, {found.roots} signed roots: {verdict}")
    for one in _listed(found):
        print(f"  invariant {one['invariant']} ({one['says']}), {one['customer'] or 'the shop'}: {one['detail']}")
    if found.broken > len(found.violations):
        print(f"  and {found.broken - len(found.violations)} more")


def _as_json(found: Verified) -> dict[str, Any]:
    names = ("shop", "accounts", "entries", "lots", "holds", "roots", "broken")
    return {name: getattr(found, name) for name in names} | {"violations": _listed(found)}


def _listed(found: Verified) -> list[dict[str, Any]]:
    from services.loyalty.points import INVARIANTS
    from shared.kernel import CustomerId, customer_id_text

    return [
        {
            "invariant": one.invariant,
            "says": INVARIANTS[one.invariant],
            "customer": customer_id_text(CustomerId(one.customer)) if one.customer else None,
            "detail": one.detail,
        }
        for one in found.violations
    ]


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="ledger")
