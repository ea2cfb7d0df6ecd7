"""The same dirty stream through everything that a user starts: the commands, real Kafka, the services as processes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from mandegar.connecting import connection
from mandegar.generating import GeneratedShop, Settings, generate
from mandegar.generating.writing import write
from mandegar.listening import Listener, standing
from shared.contracts import topics
from shared.contracts.shops import Lifecycle, Shop
from shared.kernel import Zone
from tests.dirty.ground import cohort_differences, differences, stream_days, truth_of
from tests.proof.asking import Found, Questions
from tests.proof.truth import truth_of as truth_of_topic

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


@pytest.mark.stack
@pytest.mark.slow
async def test_a_dirty_history_in_stream_time_ends_in_the_stages_and_figures_that_the_topic_tells(
    commands: Commands, tmp_path: Path
) -> None:
    settings = Settings(customers=240, days=200, seed=SEED, shops=6, received=True, edges=(60, 30, 15))
    stream, slug = generate(settings), "paulista"
    path = tmp_path / "paulista.jsonl"
    path.write_bytes(b"\n".join(line for line in stream.lines if json.loads(line)["shop"] == slug))
    (made,) = [shop for shop in stream.shops if shop.slug == slug]
    key = commands.add(made)
    chosen = {"lost_days": 60, "onboarding_days": 15, "lapsing": "fixed", "lapsing_days": 30}
    options = [part for name, value in chosen.items() for part in ("--" + name.replace("_", "-"), str(value))]
    commands.run("shops", "set", slug, *options)
    commands.run("replay", str(path), "--shop", slug, "--stream-time", "--until", "2014-12-01", "--wait")
    servers = connection(commands.directory).bootstrap_servers
    async with Listener(servers, topics.ORDERS) as orders:
        arrived = [(heard.partition, heard.value) async for heard in orders.history(limit_s=60)]
    async with Listener(servers, topics.METRICS_LIFECYCLE) as lifecycle:
        told = [heard.value async for heard in lifecycle.history(limit_s=60)]
    arrived = [(place, value) for place, value in arrived if json.loads(value)["shop"] == slug]
    shop = Shop(
        number=9, slug=slug, name=made.name, zone=made.zone, currency=made.currency, clock="stream",
        lifecycle=Lifecycle(**chosen),  # type: ignore[arg-type]  # each of its own type
    )  # fmt: skip
    end = Zone(shop.zone).day_of(datetime(2014, 12, 1, 12, tzinfo=UTC))
    truth, found = truth_of_topic(shop, arrived, [], end), Found()
    heard_of = {
        who: sorted((c.day.toordinal(), c.previous, c.stage, c.reason) for c in own)
        for who, own in standing(told, slug).changes.items()
    }
    wanted = {who: sorted((c.day, c.previous, c.stage, c.reason) for c in own) for who, own in truth.changes.items()}
    for who in heard_of.keys() | wanted.keys():
        found.compare(f"{slug} {who}", heard_of.get(who, []), wanted.get(who, []))
    (address,) = [row["address"] for row in commands.json("status") if row["name"] == "metrics-api"]
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=20) as asked:
        questions = Questions(asked, truth, Random(SEED), found)
        await questions.measures(6)
        await questions.return_rates(2)
        await questions.stages(6)
    found.judge(str(SEED), 300)


@pytest.mark.stack
@pytest.mark.slow
async def test_a_guest_who_becomes_a_customer_is_one_person_from_the_alias_to_the_figures_and_back(
    commands: Commands,
) -> None:
    commands.run("shops", "add", "merging", "--name", "Merging", "--phone-region", "IR")
    scopes = [part for scope in ("metrics:read", "collect:write", "customers:write") for part in ("--scope", scope)]
    headers = {"Authorization": f"Bearer {commands.json('keys', 'create', 'merging', *scopes)['key']}"}
    addresses = {row["name"]: row["address"] for row in commands.json("status") if row.get("address")}

    async def count(metrics: httpx.AsyncClient, customers: int, repeat: int) -> None:
        found: Any = None
        for _ in range(120):
            found = (await metrics.get("/v1/retention?as_of=2026-02-01&window_days=365")).json()
            if (found.get("lifetime_customers"), found.get("held")) == (customers, customers):
                assert round(found["lifetime_rpr"] * customers) == repeat
                return
            await asyncio.sleep(0.5)
        raise AssertionError(found)

    async with (
        httpx.AsyncClient(base_url=addresses["gateway-api"], headers=headers, timeout=20) as gateway,
        httpx.AsyncClient(base_url=addresses["metrics-api"], headers=headers, timeout=20) as metrics,
    ):
        for number, (day, who) in enumerate((("05", {"phone": "۰۹۱۲۱۱۱۲۲۳۳"}), ("15", {"customer_id": "77"}))):
            data = {"order_id": f"m-{number}", "revenue": "10", "currency": "USD", **who}
            event = {"specversion": "1.0", "id": f"m-{number}", "type": "Order Completed", "source": "test",
                     "time": f"2026-01-{day}T10:00:00Z", "data": data}  # fmt: skip
            assert (await gateway.post("/v1/events", json=event)).status_code == 202
        await count(metrics, 2, 0)
        alias = {"messageId": "a-1", "userId": "77", "previousId": "+989121112233", "timestamp": "2026-01-20T10:00:00Z"}
        assert (await gateway.post("/v1/alias", json=alias)).status_code == 202
        await count(metrics, 1, 1)
        async with Listener(connection(commands.directory).bootstrap_servers, topics.CUSTOMERS) as customers:
            heard = [json.loads(one.value) async for one in customers.history(limit_s=60)]
        [guest] = [event["data"]["customer"] for event in heard if event["type"] == "customer.merged"]
        assert (await metrics.get(f"/v1/customers/{guest}")).json()["orders"] == 2
        parted = await gateway.post(f"/v1/customers/{guest}/unmerge")
        assert parted.status_code == 200, parted.text
        await count(metrics, 2, 0)
