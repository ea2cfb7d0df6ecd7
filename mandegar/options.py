"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mandegar.connecting import DEFAULT_DIRECTORY

Directory = Annotated[
    Path,
    typer.Option("--directory", envvar="MANDEGAR_DIRECTORY", help="Where the embedded servers keep data and logs."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Shop = Annotated[str, typer.Argument(help="The shop's slug.")]
KeepHours = Annotated[
    int, typer.Option(min=0, max=720, help="So long webhooks are signed with the secret before as well.")
]

__all__ = ["DEFAULT_DIRECTORY", "AsJson", "Directory", "KeepHours", "Shop"]
