"""`mandegar rebuild SERVICE`: its tables anew from the topics, beside the live ones, while the service runs."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mandegar.failures import CommandFailed
from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory
from mandegar.printing import print_rows

if TYPE_CHECKING:
    from mandegar.connecting import Connection
    from mandegar.rebuilding import Checked
    from shared.messaging.rebuilding import Progress, Switched, Verdict

COLUMNS = ("table", "state", "live_rows", "rebuilt_rows", "not_compared")
_TOLD_EVERY_SECONDS = 1.0


def rebuild(
    service: Annotated[str, typer.Argument(help="The service whose tables are rebuilt, such as metrics.")],
    *,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Compare with live, table by table, at the same positions.")
    ] = True,
    switch: Annotated[
        bool, typer.Option("--switch", help="Then put the rebuilt tables in the place of the live ones.")
    ] = False,
    even_if_different: Annotated[
        bool, typer.Option(help="Put them in place although they differ: what a repair is for.")
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Drop what an earlier, unfinished rebuild has done, and begin anew.")
    ] = False,
    drop_old: Annotated[
        bool, typer.Option("--drop-old", help="Only drop the tables that were live before the last exchange.")
    ] = False,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Rebuild a service's tables from its topics while it runs. Goes on where it was stopped or killed.

    With --json each line is a JSON object: `progress` while it reads, then `check` and `switch`.
    """
    from mandegar.connecting import connection, use
    from shared.telemetry import configure_logging

    found = connection(directory)
    use(found)
    configure_logging("rebuild", level="warning")
    if drop_old:
        from mandegar.rebuilding import drop_old as drop

        dropped = asyncio.run(drop(found, service))
        _say(as_json, {"kind": "dropped", "dropped": dropped}, "dropped" if dropped else "there was nothing to drop")
        return
    verdicts, switched = asyncio.run(
        _run(found, service, check=check, switch=switch, force=even_if_different, restart=restart, as_json=as_json)
    )
    different = [verdict.table for verdict in verdicts if not verdict.equal]
    if different and switched is None:
        raise CommandFailed(
            f"{', '.join(different)} differ from what the topics tell. See docs/runbooks/rebuild.md before you switch"
        )


async def _run(
    found: Connection, service: str, *, check: bool, switch: bool, force: bool, restart: bool, as_json: bool
) -> tuple[list[Verdict], Switched | None]:
    from mandegar import rebuilding

    verdicts: list[Verdict] = []
    async with rebuilding.opened(found, service, restart=restart, told=_teller(as_json=as_json)) as state:
        await rebuilding.fill(state)
        if check:
            checked = await rebuilding.check(state)
            verdicts = checked.verdicts
            _print_checked(checked, as_json=as_json)
        if not switch or (not force and not all(verdict.equal for verdict in verdicts)):
            return verdicts, None
        switched = await rebuilding.switch(state)
    text = (
        f"switched: live stood still for {switched.seconds:.1f} s and {switched.events:,} events were read meanwhile; "
        f"the tables from before lie in schema {service}_before until `mandegar rebuild {service} --drop-old`"
    )
    text = "\n".join([text, *switched.told])
    _say(as_json, {"kind": "switch", **switched._asdict()}, text)
    return verdicts, switched


def _teller(*, as_json: bool) -> Callable[[Progress], None]:
    last = [0.0]

    def tell(progress: Progress) -> None:
        if monotonic() - last[0] < _TOLD_EVERY_SECONDS and progress.events < progress.of:
            return
        last[0] = monotonic()
        left = "" if progress.seconds_left is None else f", {_duration(progress.seconds_left)} left"
        text = (
            f"{progress.events:,} of {progress.of:,} events, {progress.percent:.1f} %, "
            f"{progress.per_second:,.0f} a second{left}"
        )
        if as_json:
            _say(as_json, {"kind": "progress", **progress._asdict()}, text)
        else:
            sys.stderr.write(f"{text}\n")

    return tell


def _print_checked(checked: Checked, *, as_json: bool) -> None:
    verdicts = checked.verdicts
    rows: list[dict[str, Any]] = [
        {
            "table": verdict.table,
            "state": verdict.state,
            "live_rows": verdict.live.rows,
            "rebuilt_rows": verdict.rebuilt.rows,
            "not_compared": verdict.left_out,
        }
        for verdict in verdicts
    ]
    if as_json:
        for row, verdict in zip(rows, verdicts, strict=True):
            row["only_live"] = [json.loads(one) for one in verdict.alone.live]
            row["only_rebuilt"] = [json.loads(one) for one in verdict.alone.rebuilt]
        equal = all(verdict.equal for verdict in verdicts)
        told = {"kind": "check", "equal": equal, "set_apart": checked.apart, "tables": rows}
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    else:
        print_rows(rows, COLUMNS)
        _print_examples(verdicts)
        if checked.apart:
            sys.stdout.write(
                f"stages of {checked.apart:,} customers were not compared: they are being worked out just now, "
                "or the topics do not decide them (docs/runbooks/rebuild.md)\n"
            )


def _print_examples(verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        for side, rows in (("live", verdict.alone.live), ("rebuilt", verdict.alone.rebuilt)):
            for row in rows:
                sys.stdout.write(f"{verdict.table}, only {side}: {row}\n")


def _say(as_json: bool, told: dict[str, Any], text: str) -> None:
    sys.stdout.write((json.dumps(told, ensure_ascii=False) if as_json else text) + "\n")
    sys.stdout.flush()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.command()(rebuild)
