"""The command line: it finds the commands in mandegar/commands and turns expected failures into messages.

A module of mandegar/commands exposes `register(app)`. Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

import typer

from mandegar import commands
from mandegar.failures import explain

ORDER = (
    "up",
    "status",
    "lag",
    "down",
    "run",
    "prepare",
    "migrate",
    "topics",
    "dead_letters",
    "shops",
    "keys",
    "customers",
    "audit",
    "connections",
)
"""How `mandegar --help` lists them; others follow by name."""


def create_cli() -> typer.Typer:
    """The application with all commands registered."""
    app = typer.Typer(
        name="mandegar",
        help="Customer retention and loyalty, driven by events.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    names = {found.name for found in pkgutil.iter_modules(commands.__path__)}
    for name in [name for name in ORDER if name in names] + sorted(names.difference(ORDER)):
        importlib.import_module(f"{commands.__name__}.{name}").register(app)
    return app


def main() -> None:
    """The console script. A failure that can be explained is a message on stderr and exit code 1, never a traceback."""
    try:
        create_cli()()
    except Exception as error:
        message = explain(error)
        if message is None:
            raise
        sys.stderr.write(f"error: {message}\n")
        sys.exit(1)
