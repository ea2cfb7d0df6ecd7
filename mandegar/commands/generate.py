"""`mandegar generate`: a dirty stream of order events whose truth is known, for trials, tests and benchmarks."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer


def generate(
    *,
    customers: Annotated[int, typer.Option(min=1, help="Customers of all shops together.")] = 2_000,
    days: Annotated[int, typer.Option(min=1, max=36_500, help="Length of the history.")] = 730,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day.")] = datetime(2014, 1, 1),
    shops: Annotated[int, typer.Option(min=1, max=6, help="How many of the six shops take part.")] = 5,
    received: Annotated[bool, typer.Option("--received", help="Each event says when it was first received.")] = False,
    in_order: Annotated[bool, typer.Option("--in-order", help="Nothing comes late, doubled or shuffled.")] = False,
    bad: Annotated[int, typer.Option(min=0, help="Lines that must be refused, beside all others.")] = 0,
    out: Annotated[Path, typer.Option(help="Events in order of arrival, JSON lines.")] = Path("stream.jsonl"),
    truth: Annotated[Path | None, typer.Option(help="The fact of each order. Default: beside OUT.")] = None,
    shops_file: Annotated[Path | None, typer.Option("--shops-file", help="The shops. Default: beside OUT.")] = None,
) -> None:
    """Write a stream of refunded, cancelled, flapping, late, backdated, doubled and shuffled orders, and its truth.

    Add the shops it names (`mandegar shops add`), then play it with `mandegar replay OUT`.
    """
    import shlex

    from mandegar import generating
    from mandegar.generating.writing import write

    truth = truth or out.with_suffix(".truth.jsonl")
    shops_file = shops_file or out.with_suffix(".shops.jsonl")
    settings = generating.Settings(
        customers=customers,
        days=days,
        seed=seed,
        start=start.date(),
        shops=shops,
        bad=bad,
        received=received,
        in_order=in_order,
    )
    stream = generating.generate(settings)
    write(stream, out, truth, shops_file)
    print(f"{len(stream.lines):,} events of {len(stream.facts):,} orders in {out}; the truth in {truth}")
    for shop in stream.shops:
        options = f"--zone {shop.zone} --currency {shop.currency} --phone-region {shop.phone_region}"
        print(f"mandegar shops add {shop.slug} --name {shlex.quote(shop.name)} {options}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(generate)
