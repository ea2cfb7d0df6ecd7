"""`mandegar import` as an operator types it: previewed, killed, gone on with, imported twice."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mandegar.cli import create_cli
from mandegar.importing import preview
from mandegar.stack import Stack
from services.gateway.main import create_service
from services.gateway.shops import add_shop
from services.metrics.main import SERVICE as METRICS
from shared.contracts import topics
from shared.db import create_pool
from shared.kernel import SystemClock
from shared.messaging.cluster.topics import ensure_topics
from shared.testing import Databases
from tests.gateway_collector.ground import SECRET, topics_from_here
from tests.importing.ground import planned, written

pytestmark = pytest.mark.stack
_ROWS = 40_000
_HEADER = "Order ID,Date,Amount,Mobile"


@pytest.fixture
async def platform(databases: Databases, stack: Stack, tmp_path: Path) -> dict[str, str]:
    """The environment of a command, with a shop `laleh`."""
    url = await databases.create("gateway")
    await ensure_topics(stack.bootstrap_servers, [create_service(SECRET.encode()), METRICS], partitions=12)
    async with await create_pool(url, "gateway", max_size=2) as pool:
        await add_shop(pool, SystemClock(), "laleh", zone="Asia/Tehran", currency="IRR", phone_region="IR")
    return {
        "KAFKA_BOOTSTRAP_SERVERS": stack.bootstrap_servers,
        "DATABASE_URL": url,
        "MANDEGAR_SECRET_KEY": SECRET,
        "MANDEGAR_DIRECTORY": str(tmp_path / "state"),
    }


def a_file(path: Path, rows: int) -> Path:
    lines = (f"{n},۱۴۰۲/{n % 12 + 1:02}/{n % 29 + 1:02},{n}۰۰۰,0912{n:07}" for n in range(1, rows + 1))
    return written(path, _HEADER, *lines)


async def run(platform: dict[str, str], *arguments: str) -> Any:
    call = asyncio.to_thread(CliRunner().invoke, create_cli(), ["import", *arguments], env=platform)
    result = await call
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return json.loads(result.stdout) if "--json" in arguments else result.stdout


async def test_a_preview_sends_nothing_and_an_import_goes_by_the_lane_of_history(
    platform: dict[str, str], stack: Stack, tmp_path: Path
) -> None:
    path = written(tmp_path / "o.csv", _HEADER, "1,۱۴۰۲/۰۱/۰۱,۵۰۰۰,09121234567", "2,soon,5,09121234568")
    mapping = tmp_path / "m.json"
    async with topics_from_here(stack.bootstrap_servers, topics.RAW_ORDERS_BACKFILL) as sent:
        shown = await run(platform, str(path), "--shop", "laleh", "--preview", "--save-mapping", str(mapping), "--json")
        assert (shown["orders"], shown["error_rows"]) == (1, 1)
        assert "۵۰۰۰" not in await run(platform, str(path), "--shop", "laleh", "--preview")
        assert not await sent.messages()
        done = await run(platform, str(path), "--shop", "laleh", "--mapping", str(mapping), "--json")
        assert (done["sent"], done["error_rows"]) == (1, 1)
        ((_, event),) = await sent.messages()
    assert (event["origin"], event["shop"], event["data"]["order_id"]) == ("backfill", "laleh", "1")
    assert event["time"] == "2023-03-20T20:30:00Z"
    assert done["errors_file"] == f"{path}.errors.csv"


async def test_killed_on_the_way_and_resumed_every_row_is_there_and_none_has_two_contents(
    platform: dict[str, str], stack: Stack, tmp_path: Path
) -> None:
    path = a_file(tmp_path / "o.csv", _ROWS)
    command = [sys.executable, "-m", "mandegar", "import", str(path), "--shop", "laleh", "--json"]
    async with topics_from_here(stack.bootstrap_servers, topics.RAW_ORDERS_BACKFILL) as sent:
        state = Path(platform["MANDEGAR_DIRECTORY"]) / "import"
        process = await asyncio.create_subprocess_exec(
            *command, env=os.environ | platform, stdout=asyncio.subprocess.DEVNULL
        )
        for _ in range(600):  # until something is acknowledged
            if list(state.glob("*.state.json")) or process.returncode is not None:
                break
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        await asyncio.wait_for(process.wait(), 10)
        resumed = await run(platform, str(path), "--shop", "laleh", "--resume", "--json")
        messages = [event for _, event in await sent.messages()]
    assert resumed["resumed"] > 0
    assert resumed["resumed"] + resumed["sent"] == _ROWS
    contents: dict[str, set[str]] = {}
    for event in messages:
        contents.setdefault(event["id"], set()).add(json.dumps(event, sort_keys=True))
    assert len(contents) == _ROWS
    assert all(len(content) == 1 for content in contents.values())


def test_a_large_file_is_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("w", encoding="utf-8") as stream:
        stream.write("Date,Amount,Mobile,Note\n")  # no order number: ids are derived, and equal rows counted
        for n in range(120_000):
            stream.write(f"2024-03-{n % 28 + 1:02},{n % 977},0912{n % 5000:07},{'x' * 60}\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    shown = preview(planned(path))
    assert (shown["orders"], shown["error_rows"]) == (120_000, 0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000  # KB; the file has 11 MB
