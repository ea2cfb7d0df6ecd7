"""`mandegar replay`: a shop's history from a file into the platform."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    from mandegar.connecting import Connection
    from mandegar.replaying import Source
    from mandegar.replaying.whole import StreamTime

_DELIMITERS = DELIMITERS | {"blanks": " "}
_LEFT_OUT = LeftOut("bad", "bad_rows_file", "bad rows, with reasons")


class Delimiter(StrEnum):
    """What stands between two cells."""

    comma = "comma"
    semicolon = "semicolon"
    tab = "tab"
    pipe = "pipe"
    blanks = "blanks"


InStreamTime = Annotated[
    bool,
    typer.Option(
        "--stream-time",
        help="The file tells the time: events go out in order of time, and each day begins with a Clock Advanced. "
        "Sets the clock of its shops to `stream`.",
    ),
]
InLane = Annotated[
    bool,
    typer.Option(
        "--backfill", help="History, by the lane: taken in after live traffic, and nobody is messaged because of it."
    ),
]
Until = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="With --stream-time: time goes on to the start of this day."),
]
OriginOption = Annotated[OriginChoice, typer.Option(help="`backfill`: nobody is messaged because of it.")]


def replay(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV, or JSON lines of raw events; also gzip.")
    ],
    *,
    shop: Annotated[str, typer.Option(help="Slug of the shop whose history it is.")] = "default",
    map_: Annotated[
        list[str] | None, typer.Option("--map", help="FIELD=HEADING, such as order_id=Id; may be repeated.")
    ] = None,
    delimiter: Annotated[Delimiter | None, typer.Option(help="Default: as the header line suggests.")] = None,
    date_format: Annotated[str | None, typer.Option(help="Such as %d/%m/%Y, where dates could be misread.")] = None,
    zone: Annotated[str | None, typer.Option(help="Zone of times without an offset. Default: the shop's.")] = None,
    currency: Annotated[str | None, typer.Option(help="Where a row names none. Default: the shop's.")] = None,
    origin: OriginOption = OriginChoice.live,
    backfill: InLane = False,
    stream_time: InStreamTime = False,
    until: Until = None,
    bad_rows: Annotated[
        Path | None, typer.Option(help="Where rows go that cannot be used. Default: beside the state.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return when the services have taken in everything.")] = False,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Send every order of FILE to the platform. Interrupted, the same command goes on; repeated, it changes nothing.

    A CSV needs the columns occurred_at and amount; order_id, customer_id, phone, email and currency are used where they
    are. Without order_id each row is an order, with an id made from its content. Rows that cannot be used are written
    to a file with line, field, reason and remedy.
    """
    from mandegar.connecting import connection, use
    from mandegar.failures import CommandFailed
    from mandegar.replaying import MappingError, Source
    from mandegar.replaying.arrival import NotArrived
    from mandegar.replaying.clocks import NotOnStreamClock
    from mandegar.replaying.mapping import parse_map
    from mandegar.replaying.sending import SendError

    _check_options(until, backfill=backfill, stream_time=stream_time)
    try:
        named = parse_map(map_ or [])
        found = connection(directory)
        use(found)
        shops = shops_of(directory)
        settings = the_shop(shops, shop)
        source = Source(
            path=file,
            shop=shop,
            zone=zone or settings.zone,
            currency=currency or settings.currency,
            origin=origin.value,
            delimiter=_DELIMITERS[delimiter] if delimiter else None,
            date_format=date_format,
            named=named,
            shops=frozenset(shops),
        )
        time_told = _stream_time(found, until) if stream_time else None
        summary = asyncio.run(_run(source, directory, bad_rows, time_told, lane=backfill, wait=wait, silent=as_json))
    except (MappingError, SendError, NotArrived, NotOnStreamClock, ValueError, EOFError) as error:
        raise CommandFailed(str(error)) from error
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; the same command goes on from where it stopped\n")
        raise typer.Exit(INTERRUPTED) from None
    tell(summary, _LEFT_OUT, as_json=as_json)


def _check_options(until: datetime | None, *, backfill: bool, stream_time: bool) -> None:
    from mandegar.failures import CommandFailed

    if until is not None and not stream_time:
        raise CommandFailed("--until says how far time goes on with --stream-time; give both")
    if backfill and stream_time:
        raise CommandFailed("--backfill goes beside the wall's time, --stream-time tells the time: give one of them")


def _stream_time(found: Connection, until: datetime | None) -> StreamTime:
    from mandegar.replaying.clocks import put_on_stream_clock
    from mandegar.replaying.whole import StreamTime
    from mandegar.services import service_names

    urls = {name: found.login(name) for name in service_names()}
    return StreamTime(lambda shops: put_on_stream_clock(shops, urls), until.date() if until else None)


async def _run(
    source: Source,
    directory: Path,
    bad_rows: Path | None,
    stream_time: StreamTime | None,
    *,
    lane: bool,
    wait: bool,
    silent: bool,
) -> dict[str, object]:
    from mandegar.connecting import connection
    from mandegar.replaying.whole import replay_file
    from shared.contracts import topics

    found = connection(directory)
    began = time.monotonic()
    summary = await replay_file(
        source,
        found.bootstrap_servers,
        directory / "replay",
        bad_rows=bad_rows,
        silent=silent,
        topic=topics.RAW_ORDERS_BACKFILL if lane else topics.RAW_ORDERS,
        stream_time=stream_time,
    )
    result = outcome(source.path, source.shop, summary, began, _LEFT_OUT)
    if wait:
        result |= await wait_until_in(found, began, lane=lane, settled=stream_time is not None)
    return result


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)
