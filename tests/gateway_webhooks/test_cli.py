"""`mandegar connections` as an operator types it."""

from __future__ import annotations

import asyncio
import json

import pytest
from typer.testing import CliRunner

from mandegar.cli import create_cli
from mandegar.stack import Stack
from services.gateway.webhooks import ConnectionTrouble
from shared.testing import Databases
from tests.gateway_collector.ground import SECRET
from tests.gateway_webhooks.ground import SHOPIFY_SECRET

pytestmark = pytest.mark.stack


@pytest.fixture
async def gateway_url(databases: Databases) -> str:
    return await databases.create("gateway")


async def test_a_secret_that_is_drawn_is_shown_once_and_one_that_is_given_never(
    gateway_url: str, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", stack.bootstrap_servers)
    monkeypatch.setenv("DATABASE_URL", gateway_url)
    monkeypatch.setenv("MANDEGAR_SECRET_KEY", SECRET)
    runner, app = CliRunner(), create_cli()

    async def run(*arguments: str, given: str = "") -> str:
        call = asyncio.to_thread(runner.invoke, app, ["connections", *arguments], input=given)  # it has its own loop
        result = await call
        if result.exception is not None:
            raise result.exception
        return result.stdout

    await asyncio.to_thread(runner.invoke, app, ["shops", "add", "sib", "--currency", "USD"])
    woo = json.loads(await run("add", "sib", "woocommerce", "--json"))
    assert len(woo["secret"]) == 64
    assert woo["path"] == f"/v1/webhooks/woocommerce/{woo['address']}"
    shopify = await run("add", "sib", "shopify", "--secret-stdin", given=SHOPIFY_SECRET + "\n")
    assert "/v1/webhooks/shopify/" in shopify
    assert SHOPIFY_SECRET not in shopify
    with pytest.raises(ConnectionTrouble):
        await run("add", "sib", "shopify", "--name", "second", "--secret-stdin", given="\n")

    rotated = json.loads(await run("rotate", woo["address"], "--json"))
    assert (rotated["secrets"], rotated["secret"] == woo["secret"]) == (2, False)
    listed = await run("list", "--json")
    assert [(one["vendor"], one["secrets"]) for one in json.loads(listed)] == [("shopify", 1), ("woocommerce", 2)]
    assert not [secret for secret in (woo["secret"], rotated["secret"], SHOPIFY_SECRET) if secret in listed]
    ended = json.loads(await run("rotate", woo["address"], "--drop-previous", "--json"))
    assert (ended["secrets"], "secret" in ended) == (1, False)
    assert "removed" in await run("remove", woo["address"])
    with pytest.raises(ConnectionTrouble):
        await run("remove", woo["address"])
