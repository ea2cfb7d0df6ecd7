"""`mandegar privacy` as an operator types it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mandegar.cli import create_cli
from mandegar.failures import CommandFailed
from services.gateway.privacy import PrivacyError
from shared.messaging.cluster.topics import ensure_topics
from tests.gateway.ground import SECRET
from tests.privacy.ground import SARA, SHOP, Ground, order

pytestmark = pytest.mark.stack


async def test_a_person_is_handed_out_and_erased_by_commands(
    ground: Ground, stack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", stack.bootstrap_servers)
    monkeypatch.setenv("DATABASE_URL", ground.url)
    monkeypatch.setenv("MANDEGAR_SECRET_KEY", SECRET.decode())
    runner, app = CliRunner(), create_cli()

    async def run(*arguments: str) -> str:
        result = await asyncio.to_thread(runner.invoke, app, ["privacy", *arguments])
        if result.exception is not None:
            raise result.exception
        return result.stdout

    await ground.take(order("1", 9, **SARA), order("2", 4, **SARA))
    await ground.carry()
    sara = await ground.customer(customer_id="U-7781")
    file = tmp_path / "sara.json"
    await run("export", SHOP, sara, "--output", str(file))
    assert file.stat().st_mode & 0o077 == 0, "for its owner alone"
    found = json.loads(file.read_text())
    assert found["gateway"]["identities"][0]["name"] == "Sara Karimi"
    assert [one["order_id"] for one in found["metrics"][0]["orders"]] == ["o-1", "o-2"]
    preview = json.loads(await run("erase", SHOP, sara, "--dry-run"))
    assert preview["removes"]["email"] == 1 and await ground.customer(email="sara@mail.ir") == sara
    refused = await asyncio.to_thread(runner.invoke, app, ["privacy", "erase", SHOP, sara], input="n\n")
    assert refused.exit_code == 1 and await ground.customer(email="sara@mail.ir") == sara, "asked, and told no"
    asked = json.loads(await run("erase", SHOP, sara, "--reference", "R-7", "--yes"))
    await ground.carry()
    done = json.loads(await run("certificate", SHOP, asked["erasure"]))
    assert (done["state"], done["reference"]) == ("complete", "R-7")
    await ensure_topics(stack.bootstrap_servers, [ground.gateway.service], partitions=12)
    await ground.gateway.pool.execute("UPDATE consumer_offset SET next = 0")  # positions of a topic that stands apart
    assert "certificates that say so now: 1" in await run("truncate-raw", "--yes")
    entries = await ground.gateway.pool.fetch(
        "SELECT action, subject FROM audit_entry WHERE action LIKE 'mandegar privacy%' ORDER BY id"
    )
    assert [(row["action"], row["subject"]) for row in entries] == [
        ("mandegar privacy export", sara),
        ("mandegar privacy erase", sara),
        ("mandegar privacy truncate-raw", "raw.*.v1"),  # of both shops
        ("mandegar privacy truncate-raw", "raw.*.v1"),
    ]
    for wrong in (("export", "nowhere", sara), ("export", SHOP, "0" * 12 + "1"), ("certificate", SHOP, "none")):
        with pytest.raises(PrivacyError):
            await run(*wrong)
    with pytest.raises(CommandFailed):
        await run("erase", SHOP, sara, "--reason", "because", "--yes")
    with pytest.raises(CommandFailed):
        await run("erase", SHOP, "Sara Karimi")
    for reference in ("Sara Karimi", "sara@mail.ir", "x" * 65):
        with pytest.raises(PrivacyError, match="--reference"):
            await run("erase", SHOP, sara, "--reference", reference, "--yes")
