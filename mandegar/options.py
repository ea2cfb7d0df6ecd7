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

__all__ = ["DEFAULT_DIRECTORY", "AsJson", "Directory"]
