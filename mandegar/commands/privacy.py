"""`mandegar privacy`: what is known of a person, handed out; and its erasure."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from mandegar.options import DEFAULT_DIRECTORY, Directory, Shop

if TYPE_CHECKING:
    from services.gateway.privacy.domain import Reason
    from shared.kernel import CustomerId

Customer = Annotated[str, typer.Argument(help="The platform's own id of the customer, thirteen characters.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
REASONS = ("request", "objection", "withdrawn", "unlawful", "inactive")
_TRUNCATE = "delete from raw topics what is taken in, of all shops? A backup from before cannot be carried on from them"

app = typer.Typer(help="Privacy: export and erase what is known of a person.", no_args_is_help=True)


@app.command()
def export(
    shop: Shop,
    customer: Customer,
    *,
    output: Annotated[Path | None, typer.Option(help="File to write, readable by you alone; else stdout.")] = None,
    directory: Directory = DEFAULT_DIRECTORY,
) -> None:
    """All that every service holds of a person, as JSON."""
    from mandegar.gateway import customer_number

    found = asyncio.run(_export(directory, shop, customer_number(customer)))
    text = json.dumps(found, default=str, ensure_ascii=False, indent=2) + "\n"
    if output is None:
        sys.stdout.write(text)
        return
    output.touch(mode=0o600)
    output.chmod(0o600)
    output.write_text(text, encoding="utf-8")


@app.command()
def erase(
    shop: Shop,
    customer: Customer,
    *,
    reason: Annotated[str, typer.Option(help=f"One of {', '.join(REASONS)}.")] = "request",
    reference: Annotated[str, typer.Option(help="Number of the request in your own files; nothing personal.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Yes = False,
    directory: Directory = DEFAULT_DIRECTORY,
) -> None:
    """Erase a person, with all identities. Prints the certificate so far; `certificate` shows it later."""
    from mandegar.failures import CommandFailed
    from mandegar.gateway import customer_number, with_gateway
    from services.gateway.privacy import request_erasure

    if reason not in REASONS:
        raise CommandFailed(f"--reason: one of {', '.join(REASONS)}")
    number = customer_number(customer)
    if not dry_run and not yes:
        typer.confirm(f"erase {customer} of {shop} for good? --dry-run says what would go", abort=True, err=True)
    found = asyncio.run(
        with_gateway(
            directory,
            lambda pool, clock: request_erasure(
                pool, clock, shop, number, reason=cast("Reason", reason), reference=reference, dry_run=dry_run
            ),
        )
    )
    _print(found)


@app.command()
def certificate(
    shop: Shop,
    erasure: Annotated[str, typer.Argument(help="Id of the erasure, as `erase` printed it.")],
    directory: Directory = DEFAULT_DIRECTORY,
) -> None:
    """What became of an erasure: who answered when, what is gone, what stays and why."""
    from mandegar.gateway import with_gateway
    from services.gateway.privacy import show_erasure

    _print(asyncio.run(with_gateway(directory, lambda pool, clock: show_erasure(pool, clock, shop, erasure))))


@app.command("truncate-raw")
def truncate_raw(*, yes: Yes = False, directory: Directory = DEFAULT_DIRECTORY) -> None:
    """Delete from raw topics what is taken in already, of all shops, instead of waiting for its days to pass."""
    from mandegar.connecting import connection
    from mandegar.gateway import with_gateway
    from services.gateway.privacy import note_raw_cleared, raw_positions
    from shared.messaging.cluster import truncate

    servers = connection(directory).bootstrap_servers
    if not yes:
        typer.confirm(_TRUNCATE, abort=True, err=True)

    async def work(pool: Any, clock: Any) -> tuple[int, int]:
        now = clock.now()
        cut = await truncate(servers, await raw_positions(pool))
        return cut, await note_raw_cleared(pool, now)

    cut, erasures = asyncio.run(with_gateway(directory, work))
    print(f"partitions cut: {cut}; certificates that say so now: {erasures}")


async def _export(directory: Path, shop: str, customer: CustomerId) -> dict[str, Any]:
    from mandegar.gateway import with_gateway, with_service
    from services.campaigns.privacy import export_person as profile_of
    from services.feedback.privacy import export_person as answers_of
    from services.gateway.privacy import export_person
    from services.loyalty.privacy import export_person as points_of
    from services.metrics.privacy import export_person as facts_of
    from shared.kernel import parse_customer_id

    person = await with_gateway(directory, lambda pool, _clock: export_person(pool, shop, customer))
    identities = [parse_customer_id(one["customer"]) for one in person["identities"]]

    found = {"shop": shop, "customer": person["customer"], "gateway": person}
    others = {"metrics": facts_of, "loyalty": points_of, "campaigns": profile_of, "feedback": answers_of}
    for service, held in others.items():

        async def gather(pool: Any, _clock: Any, held: Any = held) -> list[dict[str, Any]]:
            return [await held(pool, shop, one) for one in identities]

        found[service] = await with_service(directory, service, gather)
    return found


def _print(found: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(found, default=str, ensure_ascii=False, indent=2) + "\n")


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="privacy")
