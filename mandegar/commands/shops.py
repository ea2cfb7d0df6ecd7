"""`mandegar shops`: the shops of this installation. One shop, `default`, is there from the start."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory
from mandegar.printing import print_rows

if TYPE_CHECKING:
    from services.gateway.shops import ShopSettings

COLUMNS = (
    *("number", "slug", "name", "zone", "currency", "calendar"),
    *("week_start", "phone_region", "windows", "loyal_over", "benchmark"),
)

app = typer.Typer(help="Shops: list them, add one or change its settings.", no_args_is_help=True)


@app.command("list")
def list_all(directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """All shops, by number."""
    from mandegar.gateway import with_gateway
    from services.gateway.shops import list_shops

    shops = asyncio.run(with_gateway(directory, lambda pool, _clock: list_shops(pool)))
    print_rows([_row(shop) for shop in shops], COLUMNS, as_json=as_json)


@app.command()
def add(
    slug: Annotated[str, typer.Argument(help="Short name in lower case, as it stands in events.")],
    *,
    name: Annotated[str | None, typer.Option(help="Name for people.")] = None,
    zone: Annotated[str | None, typer.Option(help="IANA zone of the shop's days, such as Asia/Tehran.")] = None,
    currency: Annotated[str | None, typer.Option(help="ISO 4217 code of its usual currency.")] = None,
    calendar: Annotated[str | None, typer.Option(help="Calendar of its months: gregorian or jalali.")] = None,
    phone_region: Annotated[
        str | None, typer.Option(help="Region of phones without a country code. Default: the zone's country.")
    ] = None,
    window: Annotated[
        list[int] | None, typer.Option("--window", help="A retention window in days, kept ready; may be repeated.")
    ] = None,
    loyal_over: Annotated[int | None, typer.Option(help="Orders beyond which a customer counts as loyal.")] = None,
    week_start: Annotated[
        int | None, typer.Option(min=0, max=6, help="First day of its weeks: 0 is Monday, 5 Saturday, 6 Sunday.")
    ] = None,
    benchmark: Annotated[
        str | None, typer.Option(help="Industry whose published retention stands beside its own, such as retail.")
    ] = None,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Add a shop, or change settings of the one with this slug; what is not given stays as it is."""
    from mandegar.gateway import with_gateway
    from services.gateway.shops import add_shop

    given: dict[str, Any] = {
        "name": name,
        "zone": zone,
        "currency": currency,
        "calendar": calendar,
        "phone_region": phone_region,
        "windows": tuple(window) if window else None,
        "loyal_over": loyal_over,
        "week_start": week_start,
        "benchmark": benchmark,
    }
    settings: ShopSettings = {key: value for key, value in given.items() if value is not None}  # type: ignore[assignment]  # the keys are those above
    shop = asyncio.run(with_gateway(directory, lambda pool, clock: add_shop(pool, clock, slug, **settings)))
    print_rows([_row(shop)], COLUMNS, as_json=as_json)


def _row(shop: Any) -> dict[str, Any]:
    return {column: getattr(shop, column) for column in COLUMNS}


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="shops")
