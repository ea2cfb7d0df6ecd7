"""`mandegar inbox`: a server for e-mail that shows what it is given, for trying out on this machine."""

from __future__ import annotations

import signal
import threading
from typing import Annotated

import typer

from mandegar.failures import CommandFailed


def inbox(
    smtp_port: Annotated[int, typer.Option(min=1, max=65_535, help="Where it takes e-mail.")] = 8025,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Where its pages are.")] = 8026,
) -> None:
    """Take e-mail by SMTP on this machine, deliver none of it, and show the newest 500 on a page.

    `mandegar up` runs one beside the embedded servers, unless MANDEGAR_SMTP_HOST names a server. /letters.json?to=
    gives them to tools. What came is forgotten when it ends.
    """
    from mandegar.inbox import Inbox

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        with Inbox(smtp_port, port) as running:
            print(f"e-mail to 127.0.0.1:{running.smtp_port}, pages at {running.url}", flush=True)
            stop.wait()
    except OSError as error:
        raise CommandFailed(f"it cannot listen ({error}); choose others with --smtp-port and --port") from error


def register(app: typer.Typer) -> None:
    """Called by mandegar.cli."""
    app.command()(inbox)
