"""`mandegar shops`: the shops of this installation. One shop, `default`, is there from the start."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mandegar import shop_options as option
from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory
from mandegar.printing import print_rows

if TYPE_CHECKING:
    from shared.contracts.shops import Shop

COLUMNS = (
    *("number", "slug", "name", "zone", "currency", "calendar"),
    *("week_start", "phone_region", "windows", "loyal_over", "benchmark", "clock"),
)
LIFECYCLE = (
    *("lost_days", "onboarding_days", "lapsing", "lapsing_days"),
    *("lapsing_floor", "lapsing_quantile", "activity"),
)
KEPT = ("dead_letter_days", "inactive_months", "visit_months")
EVERYTHING = (*COLUMNS, "languages", "periods", "closing_days", "blocked_identifiers", *KEPT, *LIFECYCLE)

app = typer.Typer(help="Shops: list them, add one or change its settings.", no_args_is_help=True)


@app.command("list")
def list_all(directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """All shops, by number. With --json all of their settings."""
    from mandegar.gateway import with_gateway
    from services.gateway.shops import list_shops

    shops = asyncio.run(with_gateway(directory, lambda pool, _clock: list_shops(pool)))
    _print(shops, as_json=as_json)


@app.command()
def show(
    slug: option.Slug,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """All settings of one shop, those left at their default included."""
    from mandegar.failures import CommandFailed
    from mandegar.gateway import with_gateway
    from services.gateway.shops import list_shops

    shops = asyncio.run(with_gateway(directory, lambda pool, _clock: list_shops(pool)))
    found = [shop for shop in shops if shop.slug == slug]
    if not found:
        raise CommandFailed(f"there is no shop {slug!r}; `mandegar shops list` shows them")
    if as_json:
        _print(found, as_json=True)
        return
    rows = [{"setting": name, "value": value} for name, value in _row(found[0]).items()]
    print_rows(rows, ("setting", "value"))


def _options(
    slug: option.Slug,
    *,
    name: option.Name = None,
    zone: option.ZoneName = None,
    currency: option.Currency = None,
    calendar: option.Calendar = None,
    languages: option.Languages = None,
    phone_region: option.PhoneRegion = None,
    week_start: option.WeekStart = None,
    windows: option.Windows = None,
    periods: option.Periods = None,
    loyal_over: option.LoyalOver = None,
    closing_days: option.ClosingDays = None,
    clock: option.ClockName = None,
    benchmark: option.Benchmark = None,
    blocked_identifiers: option.Blocked = None,
    dead_letter_days: option.DeadLetterDays = None,
    inactive_months: option.InactiveMonths = None,
    visit_months: option.VisitMonths = None,
    lost_days: option.LostDays = None,
    onboarding_days: option.OnboardingDays = None,
    lapsing: option.Lapsing = None,
    lapsing_days: option.LapsingDays = None,
    lapsing_floor: option.LapsingFloor = None,
    lapsing_quantile: option.LapsingQuantile = None,
    activity: option.Activity = None,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """What `add` and `set` take: typer reads the options off this signature."""


@app.command()
@wraps(_options, assigned=("__annotations__",), updated=())
def add(slug: str, *, directory: Path, as_json: bool, **given: Any) -> None:
    """Add a shop, or change settings of the one with this slug; what is not given stays as it is."""
    from services.gateway.shops import add_shop

    _apply(add_shop, slug, given, directory, as_json=as_json)


@app.command("set")
@wraps(_options, assigned=("__annotations__",), updated=())
def change(slug: str, *, directory: Path, as_json: bool, **given: Any) -> None:
    """Change settings of a shop; what is not given stays as it is."""
    from services.gateway.shops import set_shop

    _apply(set_shop, slug, given, directory, as_json=as_json)


def _apply(do: Callable[..., Any], slug: str, given: dict[str, Any], directory: Path, *, as_json: bool) -> None:
    from mandegar.gateway import with_gateway

    settings = option.settings_of(given, LIFECYCLE)
    shop = asyncio.run(with_gateway(directory, lambda pool, clock: do(pool, clock, slug, **settings)))
    _print([shop], as_json=as_json)
    if not as_json and any(name not in COLUMNS for name in settings):
        sys.stderr.write(f"`mandegar shops show {slug}` has all settings\n")


def _print(shops: list[Shop], *, as_json: bool) -> None:
    print_rows([_row(shop) for shop in shops], EVERYTHING if as_json else COLUMNS, as_json=as_json)


def _row(shop: Shop) -> dict[str, Any]:
    return {column: getattr(shop.lifecycle if column in LIFECYCLE else shop, column) for column in EVERYTHING}


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="shops")
