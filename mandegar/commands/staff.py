"""`mandegar staff`: tokens for people, where no identity provider gives them."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory


class RoleName(StrEnum):
    """As `shared.kernel.permissions` has them; named here so that the command line loads nothing for its help."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    MARKETER = "marketer"
    AGENT = "agent"
    ADMIN = "admin"


app = typer.Typer(help="Staff: keys and tokens, where no identity provider gives them.", no_args_is_help=True)


@app.command()
def keys(
    *,
    drop_previous: Annotated[
        bool, typer.Option("--drop-previous", help="No new pair: only tokens of the present one hold from now on.")
    ] = False,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Make a new key pair to sign tokens with. Tokens of the pair before hold until `--drop-previous`."""
    from mandegar.staff import ISSUER, drop_previous_keys, make_keys, public_keys

    kid = ""
    if drop_previous:
        drop_previous_keys(directory)
    else:
        kid = make_keys(directory)
    named = {"MANDEGAR_STAFF_JWKS": str(public_keys(directory).absolute()), "MANDEGAR_STAFF_ISSUER": ISSUER}
    if as_json:
        sys.stdout.write(json.dumps({"kid": kid, **named}) + "\n")
        return
    for name, value in named.items():
        sys.stdout.write(f"{name}={value}\n")
    sys.stderr.write("`mandegar up` has these set; set them for APIs that run elsewhere, and bring them the file\n")


@app.command()
def token(
    shop: Annotated[str, typer.Argument(help="The shop's slug.")],
    *,
    staff: Annotated[str, typer.Option(help="Who it is for: an id, not an address; the audit log names it.")],
    role: Annotated[RoleName, typer.Option(help="What they may do; see docs/HTTP.md.")],
    hours: Annotated[int, typer.Option(min=1, max=24 * 31, help="It expires after so many.")] = 8,
    key: Annotated[Path | None, typer.Option(help="A private key to sign with; the directory's if not given.")] = None,
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Sign a token for a person. It cannot be taken back, so let it be short; `staff keys` changes the key."""
    from mandegar.staff import check_shop, sign
    from shared.kernel import SystemClock

    check_shop(directory, shop)
    text = sign(
        directory,
        shop=shop,
        staff=staff,
        role=role.value,
        now=SystemClock().now(),
        valid_for=timedelta(hours=hours),
        key=key,
    )
    sys.stdout.write((json.dumps({"token": text, "shop": shop, "role": role.value}) if as_json else text) + "\n")


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="staff")
