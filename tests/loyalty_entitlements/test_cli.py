"""`mandegar entitlements` as an operator types it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from typer.testing import CliRunner

from mandegar.cli import create_cli
from mandegar.failures import explain
from shared.testing import Databases
from shared.testing.harness import TEST_SECRET
from tests.loyalty_entitlements.ground import a_place

pytestmark = pytest.mark.stack


async def test_an_operator_sets_the_endpoint_sees_the_secret_once_and_sends_again(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_place(databases, endpoint=False) as place:
        monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
        monkeypatch.setenv("DATABASE_URL", place.api.url)
        monkeypatch.setenv("MANDEGAR_SECRET_KEY", TEST_SECRET)
        runner, app = CliRunner(), create_cli()

        async def run(*arguments: str) -> Any:
            call = ["entitlements", *arguments, "--json"]
            result = await asyncio.to_thread(runner.invoke, app, call)  # it has its own loop
            if result.exception is not None:
                raise result.exception
            return json.loads(result.stdout)

        with pytest.raises(Exception, match="no endpoint") as none:
            await run("rotate", "laleh")
        assert explain(none.value)
        made = await run("set", "laleh", place.receiver.url, "--loopback")
        place.receiver.secrets = [made["secret"]]
        assert "secret" not in await run("set", "laleh", place.receiver.url, "--loopback")
        place.receiver.secrets.append((await run("rotate", "laleh", "--keep-hours", "1"))["secret"])
        place.receiver.answer = lambda: 410
        redemption = await place.grant()
        await place.send()
        (shown,) = await run("show", "laleh")
        assert (shown["failed"], "secret" in shown) == (1, False)
        (failed,) = await run("deliveries", "laleh", "--state", "failed")
        assert failed["delivery"] == f"{redemption}-1"
        place.receiver.answer = lambda: 204
        await run("set", "laleh", place.receiver.url, "--loopback")
        assert (await run("retry", "laleh", failed["delivery"]))[0]["state"] == "waiting"
        await place.send()
        assert (await run("deliveries", "laleh", "--state", "delivered"))[0]["last_status"] == 204
        with pytest.raises(Exception, match="must begin with https"):
            await run("set", "laleh", place.receiver.url)
        written = await place.pool.fetch("SELECT action FROM audit_entry WHERE actor = 'operator' ORDER BY id")
        actions = [row["action"].rpartition(" ")[2] for row in written]
        assert actions == ["set", "set", "rotate", "set", "retry"]
