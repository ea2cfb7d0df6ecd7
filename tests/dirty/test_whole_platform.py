"""The same dirty stream through everything that a user starts: the commands, real Kafka, the services as processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from mandegar.generating import GeneratedShop, Settings, generate
from mandegar.generating.writing import write
from tests.dirty.ground import cohort_differences, differences, stream_days, truth_of

ROOT = Path(__file__).resolve().parents[2]
SEED = 97


class Commands:
    """`mandegar …` in a data directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def run(self, *arguments: str, limit_s: float = 120) -> str:
        """Output of a command that must succeed."""
        command = [sys.executable, "-m", "mandegar", *arguments, "--directory", str(self.directory)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit_s, check=False)
        assert done.returncode == 0, f"{arguments}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))

    def add(self, shop: GeneratedShop) -> str:
        """Add the shop; gives an API key."""
        self.run("shops", "add", shop.slug, "--name", shop.name, "--zone", shop.zone, "--currency", shop.currency,
                 "--phone-region", shop.phone_region)  # fmt: skip
        key: str = self.json("keys", "create", shop.slug)["key"]
        return key


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    running = Commands(tmp_path_factory.mktemp("platform"))
    running.run("up", "--detach", limit_s=240)
    try:
        yield running
    finally:
        running.run("down")


@pytest.mark.stack
@pytest.mark.slow
async def test_a_replayed_dirty_stream_is_counted_exactly_and_a_repeat_changes_nothing(
    commands: Commands, tmp_path: Path
) -> None:
    stream = generate(Settings(customers=400, days=420, seed=SEED, bad=24))
    path = tmp_path / "stream.jsonl"
    write(stream, path, tmp_path / "truth.jsonl", tmp_path / "shops.jsonl")
    keys = {shop.slug: commands.add(shop) for shop in stream.shops}
    truth = truth_of(stream.facts)
    first, days = stream_days(stream)
    (address,) = [row["address"] for row in commands.json("status") if row["name"] == "metrics-api"]
    for _ in range(2):
        summary = commands.json("replay", str(path), "--wait")
        assert summary["sent"] + summary["bad"] == len(stream.lines)
        assert 0 < summary["bad"] <= 24
        figures, found = 0, list[str]()
        rng = Random(SEED)
        for shop in stream.shops:
            headers = {"Authorization": f"Bearer {keys[shop.slug]}"}
            async with httpx.AsyncClient(base_url=address, headers=headers, timeout=20) as asked:
                parts = [
                    await differences(asked, truth, shop.slug, rng, first=first, days=days, questions=8),
                    await cohort_differences(
                        asked, truth, shop.slug, first=first, months=days // 30 + 2, currency=shop.currency
                    ),
                ]
            figures += sum(count for count, _ in parts)
            found += [line for _, differing in parts for line in differing]
        assert figures > 800
        assert not found, f"seed {SEED}: {len(found)} of {figures} differ, such as {found[:8]}"
