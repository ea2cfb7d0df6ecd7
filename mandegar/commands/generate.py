"""`mandegar generate`: streams whose truth is known, for trials, tests and benchmarks.

Without `--shop` dirty orders of several shops; with it the lives of one shop's customers, in all that they do.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from mandegar.options import DEFAULT_DIRECTORY, Directory

_START = datetime(2014, 1, 1)
_NO_SEASON = "none"


class Target(StrEnum):
    """Where lives go."""

    file = "file"
    kafka = "kafka"
    collector = "collector"


ShopOption = Annotated[str | None, typer.Option(help="Slug: lives of this one shop's customers, not dirty orders.")]
ToOption = Annotated[Target, typer.Option(help="Of lives: OUT, the raw topics, or gateway's collector.")]
Language = Annotated[list[str] | None, typer.Option(help="Of lives: fa, en, ar; the most spoken first.")]
Season = Annotated[list[str] | None, typer.Option(help="Of lives: nowruz, yalda, ramadan, black-friday, none.")]
Key = Annotated[str, typer.Option(envvar="MANDEGAR_COLLECTOR_KEY", help="Of the collector: scope collect:write.")]


def generate(
    *,
    shop: ShopOption = None,
    customers: Annotated[int, typer.Option(min=1, help="Customers of all shops together.")] = 2_000,
    days: Annotated[int, typer.Option(min=1, max=36_500, help="Length of the history.")] = 730,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day.")] = _START,
    shops: Annotated[int, typer.Option(min=1, max=6, help="How many of the six shops take part.")] = 5,
    received: Annotated[bool, typer.Option("--received", help="Each event says when it was first received.")] = False,
    in_order: Annotated[bool, typer.Option("--in-order", help="Nothing comes late, doubled or shuffled.")] = False,
    bad: Annotated[int, typer.Option(min=0, help="Lines that must be refused, beside all others.")] = 0,
    out: Annotated[Path, typer.Option(help="Events in order of arrival, JSON lines.")] = Path("stream.jsonl"),
    truth: Annotated[Path | None, typer.Option(help="What is true in the end. Default: beside OUT.")] = None,
    shops_file: Annotated[Path | None, typer.Option("--shops-file", help="The shops. Default: beside OUT.")] = None,
    to: ToOption = Target.file,
    zone: Annotated[str, typer.Option(help="Of lives: the shop's zone.")] = "Asia/Tehran",
    currency: Annotated[str, typer.Option(help="Of lives: in which the shop quotes.")] = "IRT",
    language: Language = None,
    season: Season = None,
    collector: Annotated[str, typer.Option(help="Address of gateway.")] = "http://127.0.0.1:8000",
    key: Key = "",
    directory: Directory = DEFAULT_DIRECTORY,
) -> None:
    """Write a stream of events, and its truth.

    Without --shop: refunded, cancelled, flapping, late, backdated, doubled and shuffled orders. Add the shops it names
    (`mandegar shops add`), then play it with `mandegar replay OUT`.

    With --shop: all that this shop's customers do: visits, carts bought and left, orders, deliveries, refunds, letters,
    answers to surveys; more of it before Nowruz and Yalda. Written to OUT, or sent where --to says.
    """
    truth = truth or out.with_suffix(".truth.jsonl")
    settings = {"customers": customers, "days": days, "seed": seed, "start": start.date(), "in_order": in_order}
    if shop is None:
        if to is not Target.file:
            raise typer.BadParameter("--to is for lives: name their --shop. Orders are sent by `mandegar replay`")
        files = (out, truth, shops_file or out.with_suffix(".shops.jsonl"))
        _write_orders(files, {**settings, "shops": shops, "bad": bad, "received": received})
        return
    if received or bad or shops_file is not None:
        raise typer.BadParameter("--received, --bad and --shops-file go with orders, without --shop")
    if to is Target.collector and not key:
        raise typer.BadParameter("--to collector needs --key: `mandegar keys create SHOP --scope collect:write`")
    settings |= {"shop": shop, "zone": zone, "currency": currency}
    settings |= {"languages": tuple(language)} if language else {}
    settings |= {"seasons": tuple(one for one in season if one != _NO_SEASON)} if season else {}
    _deliver_lives(
        settings, to, {"out": out, "truth": truth, "directory": directory, "collector": collector, "key": key}
    )


def _write_orders(files: tuple[Path, Path, Path], settings: dict[str, Any]) -> None:
    import shlex

    from mandegar import generating
    from mandegar.generating.writing import write

    stream = generating.generate(generating.Settings(**settings))
    write(stream, *files)
    print(f"{len(stream.lines):,} events of {len(stream.facts):,} orders in {files[0]}; the truth in {files[1]}")
    for shop in stream.shops:
        options = f"--zone {shop.zone} --currency {shop.currency} --phone-region {shop.phone_region}"
        print(f"mandegar shops add {shop.slug} --name {shlex.quote(shop.name)} {options}")


def _deliver_lives(settings: dict[str, Any], to: Target, where: dict[str, Any]) -> None:
    from mandegar import playing
    from mandegar.failures import CommandFailed
    from mandegar.generating.lives import Market
    from mandegar.replaying.sending import SendError

    try:
        market = Market(**settings)
        deliver = {
            Target.file: lambda lives: playing.to_file(lives, where["out"], where["truth"]),
            Target.kafka: lambda lives: playing.to_kafka(lives, _kafka(where["directory"])),
            Target.collector: lambda lives: playing.to_collector(lives, where["collector"], where["key"]),
        }[to]
        for line in playing.tell(market, deliver):
            print(line)
    except (playing.CollectorRefused, SendError, ValueError) as error:
        raise CommandFailed(str(error)) from error


def _kafka(directory: Path) -> str:
    from mandegar.connecting import connection

    return connection(directory).bootstrap_servers


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(generate)
