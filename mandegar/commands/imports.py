"""`mandegar import`: a shop's history from whatever table it has."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mandegar.delivering import (
    DELIMITERS,
    INTERRUPTED,
    LeftOut,
    OriginChoice,
    outcome,
    shops_of,
    tell,
    the_shop,
    wait_until_in,
)
from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory

if TYPE_CHECKING:
    from mandegar.importing import Mapping, Plan
    from shared.contracts.shops import Shop


class DateOrder(StrEnum):
    """What comes first in a date of numbers."""

    ymd = "ymd"
    dmy = "dmy"
    mdy = "mdy"


class Calendar(StrEnum):
    """Of years with two digits."""

    gregorian = "gregorian"
    jalali = "jalali"


class Fraction(StrEnum):
    """What stands before the fraction of an amount."""

    dot = "."
    comma = ","


class Unit(StrEnum):
    """What amounts count."""

    major = "major"
    minor = "minor"


_LEFT_OUT = LeftOut("error_rows", "errors_file", "error rows, with reason and remedy")
Columns = Annotated[list[str] | None, typer.Option("--column", help="FIELD=HEADING; may be repeated.")]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", exists=True, dir_okay=False, help="As --save-mapping wrote it.")
]
Saved = Annotated[Path | None, typer.Option("--save-mapping", help="Write the mapping here, to be used again.")]
Errors = Annotated[Path | None, typer.Option("--errors", help="Where error rows go. Default: FILE.errors.csv.")]


def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV of any usual kind; also gzip.")],
    *,
    shop: Annotated[str, typer.Option(help="Slug of the shop whose history it is.")] = "default",
    preview: Annotated[bool, typer.Option("--preview", help="Show what would be read, and send nothing.")] = False,
    mapping: MappingFile = None,
    save_mapping: Saved = None,
    column: Columns = None,
    dates: Annotated[DateOrder | None, typer.Option(help="Where day and month could be mistaken.")] = None,
    calendar: Annotated[Calendar | None, typer.Option(help="Of years with two digits.")] = None,
    decimal: Annotated[Fraction | None, typer.Option(help="What stands before the fraction.")] = None,
    amounts: Annotated[Unit | None, typer.Option(help="minor: amounts are in cents.")] = None,
    currency: Annotated[str | None, typer.Option(help="Where a row names none. Default: the shop's.")] = None,
    zone: Annotated[str | None, typer.Option(help="Zone of times without an offset. Default: the shop's.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Such as windows-1256. Default: found out.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="comma, semicolon, tab, pipe. Default: found out.")] = None,
    origin: Annotated[OriginChoice, typer.Option(help="`live`: as if it happened now.")] = OriginChoice.backfill,
    errors: Errors = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an interrupted import stopped.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Return when the services have taken in everything.")] = False,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Import the orders of FILE. Columns are found by their headings; `--preview` shows how, and every problem.

    Headings in English, Persian and Arabic, dates of two calendars and amounts in three scripts are understood. What
    could be read in two ways is asked for, never guessed. Error rows go to a table with reason and remedy; corrected,
    that table is imported like any other. Every event's id follows from its row: importing twice counts once.
    """
    from mandegar.failures import CommandFailed
    from mandegar.importing import plan_of
    from mandegar.importing import save_mapping as save
    from mandegar.replaying import MappingError
    from mandegar.replaying.arrival import NotArrived
    from mandegar.replaying.sending import SendError

    given = {
        "dates": dates and dates.value,
        "calendar": calendar and calendar.value,
        "decimal": decimal and decimal.value,
        "amounts": amounts and amounts.value,
        "currency": currency,
        "zone": zone,
        "encoding": encoding,
        "delimiter": DELIMITERS.get(delimiter, delimiter) if delimiter else None,
    }
    try:
        known = _shop(directory, shop)
        wished = _wished(mapping, column or [], given)
        plan = plan_of(file, shop, wished, zone=known.zone, currency=known.currency, origin=origin.value)
        if save_mapping is not None:
            save(plan.mapping, save_mapping)
        if preview:
            _preview(plan, as_json=as_json)
            return
        target = errors or file.with_name(file.name + ".errors.csv")
        summary = asyncio.run(_send(plan, directory, target, resume=resume, wait=wait, silent=as_json))
    except (MappingError, SendError, NotArrived, ValueError, EOFError) as error:
        raise CommandFailed(str(error)) from error
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; the same command with --resume goes on from where it stopped\n")
        raise typer.Exit(INTERRUPTED) from None
    tell(summary, _LEFT_OUT, as_json=as_json)


def _wished(file: Path | None, columns: list[str], given: dict[str, str | None]) -> Mapping:
    """The mapping of a file, with what options say in its place."""
    import msgspec

    from mandegar.importing import Mapping, load_mapping
    from mandegar.replaying.mapping import parse_map

    base = load_mapping(file) if file is not None else Mapping()
    said = {name: value for name, value in given.items() if value is not None}
    found = msgspec.structs.replace(base, columns=base.columns | parse_map(columns, "--column"), **said)
    return msgspec.convert(msgspec.to_builtins(found), Mapping)


def _shop(directory: Path, slug: str) -> Shop:
    from mandegar.connecting import connection, use

    use(connection(directory))
    return the_shop(shops_of(directory), slug)


async def _send(
    plan: Plan, directory: Path, errors: Path, *, resume: bool, wait: bool, silent: bool
) -> dict[str, object]:
    from mandegar.connecting import connection
    from mandegar.importing.whole import import_file
    from shared.contracts import topics

    found = connection(directory)
    began = time.monotonic()
    lane = plan.origin == "backfill"
    topic = topics.RAW_ORDERS_BACKFILL if lane else topics.RAW_ORDERS
    summary = await import_file(
        plan, found.bootstrap_servers, topic, directory / "import", errors=errors, resume=resume, silent=silent
    )
    result = outcome(plan.table.path, plan.shop, summary, began, _LEFT_OUT)
    if wait:
        result |= await wait_until_in(found, began, lane=lane)
    return result


def _preview(plan: Plan, *, as_json: bool) -> None:
    from mandegar.importing import preview
    from mandegar.printing import print_rows

    shown = preview(plan)
    if as_json:
        sys.stdout.write(json.dumps(shown, ensure_ascii=False, indent=1, default=str) + "\n")
        return
    written: dict[str, Any] = shown["written"]
    print("  ".join(f"{name}: {value!r}" for name, value in written.items() if value is not None))
    print_rows([{"field": field, "heading": heading} for field, heading in shown["columns"].items()], _COLUMNS)
    if shown["unused"]:
        print(f"not used: {', '.join(shown['unused'])}")
    for sentence in shown["open"]:
        print(f"to be settled: {sentence}")
    if not shown["open"]:
        print_rows(shown["sample"], _SAMPLE)
        print(
            f"{shown['orders']:,} orders ({shown['cancelled']:,} count for nothing), {shown['error_rows']:,} error rows"
        )
        print_rows(shown["problems"], _PROBLEMS)


_COLUMNS = ("field", "heading")
_SAMPLE = ("order_id", "occurred_at", "type", "amount", "currency", "lines")
_PROBLEMS = ("rows", "first_line", "column", "reason", "remedy")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_)
