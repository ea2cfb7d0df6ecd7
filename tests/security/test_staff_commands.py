"""`mandegar staff`: keys that are made here, tokens that APIs take, and a rotation that locks nobody out."""

from __future__ import annotations

import asyncio
import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from mandegar import staff
from mandegar.cli import create_cli
from mandegar.commands.staff import RoleName
from mandegar.failures import CommandFailed
from shared.kernel import ROLES, SystemClock
from tests.security.ground import OWN, SECRET, Place, asking, bearer

pytestmark = pytest.mark.stack
SETTINGS = f"/v1/shops/{OWN}/settings"


def token(directory: Path, role: str = "viewer") -> str:
    return staff.sign(
        directory, shop=OWN, staff="u-1", role=role, now=SystemClock().now(), valid_for=timedelta(hours=1)
    )


def test_the_roles_of_the_command_are_those_of_the_table() -> None:
    assert {role.value for role in RoleName} == set(ROLES)


def test_without_a_key_the_command_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="mandegar staff keys"):
        token(tmp_path)


async def test_tokens_hold_over_a_rotation_until_the_keys_of_before_are_dropped(place: Place, tmp_path: Path) -> None:
    named = staff.environment(tmp_path)
    changes = {"staff_jwks": named["MANDEGAR_STAFF_JWKS"], "staff_issuer": named["MANDEGAR_STAFF_ISSUER"]}
    old = token(tmp_path)
    staff.ensure_keys(tmp_path)
    staff.make_keys(tmp_path)
    new = token(tmp_path)
    async with asking(place, "gateway", **changes) as http:
        for text in (old, new):
            assert (await http.get(SETTINGS, headers=bearer(text))).status_code == 200
    staff.drop_previous_keys(tmp_path)
    async with asking(place, "gateway", **changes) as http:
        assert (await http.get(SETTINGS, headers=bearer(old))).status_code == 401
        assert (await http.get(SETTINGS, headers=bearer(new))).status_code == 200


def test_the_private_key_is_its_owners_alone_and_no_part_of_what_is_published(tmp_path: Path) -> None:
    staff.make_keys(tmp_path)
    private = tmp_path / "staff" / "key.json"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert json.loads(private.read_text())["d"] not in staff.public_keys(tmp_path).read_text()


def test_keys_of_the_operators_own_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANDEGAR_STAFF_JWKS", "https://login.example/keys")
    assert staff.environment(tmp_path) == {}
    assert not (tmp_path / "staff").exists()


async def test_the_commands_print_settings_and_a_token_for_a_shop_that_there_is(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", place.bootstrap_servers)
    monkeypatch.setenv("DATABASE_URL", place.url)
    monkeypatch.setenv("MANDEGAR_SECRET_KEY", SECRET)

    async def run(*arguments: str) -> Result:
        own = ["staff", *arguments, "--directory", str(tmp_path)]
        return await asyncio.to_thread(CliRunner().invoke, create_cli(), own)

    made = await run("keys", "--json")
    assert json.loads(made.stdout)["MANDEGAR_STAFF_ISSUER"] == staff.ISSUER
    told = await run("token", OWN, "--staff", "u-1", "--role", "agent", "--json")
    assert json.loads(told.stdout)["token"].count(".") == 2
    assert (await run("token", OWN, "--staff", "u-1", "--role", "boss")).exit_code == 2
    nowhere = await run("token", "nowhere", "--staff", "u-1", "--role", "agent")
    assert isinstance(nowhere.exception, CommandFailed) and "shops list" in str(nowhere.exception)
    assert nowhere.stdout == ""
