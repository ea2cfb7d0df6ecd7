"""`mandegar customers`: find a person, gather what the services know of them, merge two and part them again."""

from __future__ import annotations

import asyncio
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mandegar.failures import CommandFailed
from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory
from mandegar.printing import in_words, print_rows

if TYPE_CHECKING:
    import asyncpg

    from services.gateway.identity import Identity, Owner
    from shared.contracts.shops import Shop
    from shared.kernel import Clock, CustomerId

FOUND = ("customer", "canonical", "found_by", "created_at")
PERSONAL = ("shop_customer_id", "name", "email", "phone")
_NOBODY = "nobody of this shop is known by it; what a shop's settings block as an identifier leads to nobody either"

ShopSlug = Annotated[str, typer.Argument(help="The shop's slug.")]
Reason = Annotated[str, typer.Option(help="Kept with it.")]
CustomerText = Annotated[str, typer.Argument(help="The platform's own id, thirteen characters, as `find` shows it.")]

app = typer.Typer(help="Customers: find one, gather what is known, merge, part, export, erase.", no_args_is_help=True)


@app.command()
def find(
    shop: ShopSlug,
    *,
    value: Annotated[
        str | None,
        typer.Option(
            help="What to look for. Better on stdin or at the prompt: here it lands in the shell's history and in the "
            "list of processes."
        ),
    ] = None,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Find customers by the shop's own customer id, a phone or an e-mail, in whatever form it is written.

    The value is read from stdin, or asked for. Exit code 1 when it leads to nobody.
    """
    from mandegar.connecting import connection
    from mandegar.gateway import with_gateway
    from services.gateway.identity import Marker, find_owners
    from shared.kernel import customer_id_text

    asked = _value() if value is None else value.strip()
    if not asked:
        raise CommandFailed("nothing was given to look for: a customer id of the shop, a phone or an e-mail")
    marker = Marker(connection(directory).secret_key.encode())

    async def read(pool: asyncpg.Pool[Any], _clock: Clock) -> list[Owner]:
        return await find_owners(pool, marker, await _shop(pool, shop), asked)

    owners = asyncio.run(with_gateway(directory, read))
    rows = [
        {
            "customer": customer_id_text(owner.customer),
            "canonical": customer_id_text(owner.canonical),
            "found_by": owner.kind.name.lower(),
            "created_at": owner.created_at,
        }
        for owner in owners
    ]
    print_rows(rows, FOUND, as_json=as_json)
    if not rows:
        sys.stderr.write(f"{_NOBODY}\n")
        raise typer.Exit(1)


@app.command()
def show(
    shop: ShopSlug,
    customer: CustomerText,
    *,
    personal: Annotated[
        bool, typer.Option("--personal", help="Print name and contacts too, and not only whether they are known.")
    ] = False,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Gather what the services know of the person: identities, figures, points, consents, messages, answers, cases."""
    from mandegar.gateway import customer_number

    told = asyncio.run(_gather(directory, shop, customer_number(customer), personal=personal))
    if as_json:
        sys.stdout.write(json.dumps(told, default=str, ensure_ascii=False, indent=1) + "\n")
        return
    for part, known in told.items():
        for name, found in (known or {"": "nothing is kept of this customer"}).items():
            print(f"{part:<10}{name:<24}{in_words(found)}")


@app.command()
def merge(
    shop: ShopSlug,
    customer: CustomerText,
    into: Annotated[str, typer.Argument(help="The customer who goes on; orders of both then count as theirs.")],
    *,
    reason: Reason = "",
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Merge a customer into another. Nothing is lost: `unmerge` parts them again."""
    from mandegar.gateway import customer_number, with_gateway
    from services.gateway.identity import merge_customers

    one, other = customer_number(customer), customer_number(into)

    async def work(pool: asyncpg.Pool[Any], clock: Clock) -> bool:
        return await merge_customers(pool, clock, await _shop(pool, shop), one, into=other, reason=reason)

    _told(asyncio.run(with_gateway(directory, work)), "merged", "they are one person already", as_json=as_json)


@app.command()
def unmerge(
    shop: ShopSlug,
    customer: CustomerText,
    *,
    reason: Reason = "",
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Part a customer from the one it was merged into. Events do not join the two again."""
    from mandegar.gateway import customer_number, with_gateway
    from services.gateway.identity import unmerge_customer

    number = customer_number(customer)

    async def work(pool: asyncpg.Pool[Any], clock: Clock) -> bool:
        return await unmerge_customer(pool, clock, await _shop(pool, shop), number, reason=reason)

    _told(asyncio.run(with_gateway(directory, work)), "parted", "it is not merged", as_json=as_json)


async def _gather(directory: Path, slug: str, customer: CustomerId, *, personal: bool) -> dict[str, Any]:
    from mandegar.gateway import with_gateway
    from services.gateway.identity import person_of

    async def read(pool: asyncpg.Pool[Any], _clock: Clock) -> tuple[Shop, Any]:
        shop = await _shop(pool, slug)
        return shop, await person_of(pool, shop, customer)

    shop, known = await with_gateway(directory, read)
    if known is None:
        raise CommandFailed(f"shop {slug} has no such customer; `mandegar customers find {slug}` finds one")
    identity, whole = known
    told = _identity(identity, personal=personal)
    told["identities"] = [_ids(one) for one in whole.identities]
    told["merges"] = [_ids(one) for one in whole.done]
    told["suggestions"] = [_ids(one) for one in whole.conflicts]
    identities = [one.customer for one in whole.identities]
    return {
        "identity": told,
        "metrics": await _metrics(directory, shop, customer),
        **{name: await _standing(directory, name, shop, identities) for name in ("loyalty", "campaigns", "feedback")},
    }


def _identity(identity: Identity, *, personal: bool) -> dict[str, Any]:
    told = _ids(identity)
    if not personal:
        told |= {name: told[name] is not None for name in PERSONAL}
    return told


def _ids(found: Any) -> dict[str, Any]:
    """A named tuple with customers' ids as text."""
    from shared.kernel import customer_id_text

    told: dict[str, Any] = found._asdict()
    named = [name for name in ("customer", "canonical", "other", "merged_into") if told.get(name) is not None]
    return told | {name: customer_id_text(told[name]) for name in named}


async def _metrics(directory: Path, shop: Shop, customer: CustomerId) -> dict[str, Any] | None:
    """As `GET /v1/customers/{id}` of metrics answers; None when nothing is counted of them."""
    from mandegar.gateway import with_service
    from services.metrics.lifecycle.api.customer import answer_of
    from shared.db import read_transaction
    from shared.kernel import ShopId

    async def read(pool: asyncpg.Pool[Any], clock: Clock) -> Any:
        async with read_transaction(pool, ShopId(shop.number)) as reads:
            return await answer_of(reads, shop, clock, customer)

    answer = await with_service(directory, "metrics", read)
    return None if answer is None else answer.model_dump(mode="json")


async def _standing(directory: Path, service: str, shop: Shop, identities: list[CustomerId]) -> dict[str, Any] | None:
    """How the person stands with a service; None when it knows nothing of them."""
    from mandegar.gateway import with_service
    from shared.db import read_transaction
    from shared.kernel import ShopId

    standing_of = import_module(f"services.{service}.privacy").standing_of

    async def read(pool: asyncpg.Pool[Any], _clock: Clock) -> Any:
        async with read_transaction(pool, ShopId(shop.number)) as reads:
            return await standing_of(reads, ShopId(shop.number), identities)

    found: dict[str, Any] | None = await with_service(directory, service, read)
    return found


async def _shop(pool: asyncpg.Pool[Any], slug: str) -> Shop:
    from services.gateway.shops import list_shops

    for shop in await list_shops(pool):
        if shop.slug == slug:
            return shop
    raise CommandFailed(f"there is no shop {slug!r}; `mandegar shops list` shows them")


def _told(moved: bool, done: str, as_it_was: str, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({"changed": moved}) + "\n")
    else:
        print(done if moved else f"nothing changed: {as_it_was}")


def _value() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("customer id, phone or e-mail", err=True)).strip()
    return sys.stdin.readline().strip()


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    from mandegar.commands import privacy

    for command in (privacy.export, privacy.erase):  # what is done to a customer is looked for here too
        app.command()(command)
    cli.add_typer(app, name="customers")
