"""The operator's commands against real servers: topics, lag, dead letters, customers, shops."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from mandegar.cli import create_cli
from mandegar.failures import CommandFailed
from mandegar.services import service_main, service_names
from mandegar.stack import Stack
from services.campaigns.main import create_service as campaigns_service
from services.feedback.main import create_service as feedback_service
from services.gateway.identity import IdentityTrouble
from services.gateway.main import create_service
from services.loyalty.main import create_service as loyalty_service
from services.metrics.main import create_service as metrics_service
from shared.contracts import topics
from shared.contracts.shops import Shop
from shared.db import create_pool
from shared.kernel import SystemClock
from shared.messaging.cluster import ensure_topics
from shared.messaging.dead_letters import Cipher
from shared.testing import Databases
from shared.testing.harness import Harness, running
from tests.gateway_collector.ground import SECRET
from tests.loyalty_orders.ground import version
from tests.loyalty_orders.programmes import publish

pytestmark = pytest.mark.stack
PHONE = "۰۹۱۲ ۳۴۵ ۶۷۸۹"


class Place:
    """All services' tables in one database, Kafka, and the command line pointed at them."""

    def __init__(self, url: str, stack: Stack) -> None:
        self.url = url
        self.stack = stack

    async def run(self, *arguments: str, given: str = "", code: int = 0) -> str:
        """What a command prints to stdout; its exit code must be the given one."""
        call = asyncio.to_thread(CliRunner().invoke, create_cli(), list(arguments), input=given)  # it has its own loop
        result = await call
        if isinstance(result.exception, CommandFailed | IdentityTrouble):
            raise result.exception
        assert result.exit_code == code, (result.output, result.exception)
        return result.stdout

    async def json(self, *arguments: str, given: str = "", code: int = 0) -> Any:
        return json.loads(await self.run(*arguments, "--json", given=given, code=code))


@pytest.fixture
async def place(databases: Databases, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    url = await databases.create("campaigns", "feedback", "gateway", "loyalty", "metrics")
    services = [
        create_service(SECRET.encode()),
        campaigns_service(),
        feedback_service(),
        loyalty_service(),
        metrics_service(),
    ]
    await ensure_topics(stack.bootstrap_servers, services, partitions=12)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", stack.bootstrap_servers)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("MANDEGAR_SECRET_KEY", SECRET)
    yield Place(url, stack)


@pytest.fixture
async def worker(place: Place) -> AsyncIterator[Harness]:
    """A worker of gateway on the same tables."""
    pool = await create_pool(place.url, "gateway", max_size=4)
    yield Harness(create_service(SECRET.encode()), pool, SystemClock(), SECRET)
    await pool.close()


def order(number: int, shop: str = "laleh", **data: Any) -> bytes:
    told = {"order_id": f"o-{number}", "revenue": "10.00", "phone": f"0912345{number:04d}", **data}
    event = {"id": f"e-{number}", "type": "Order Completed", "shop": shop, "time": "2026-03-01T10:00:00Z", "data": told}
    return json.dumps(event).encode()


async def retried(place: Place, worker: Harness, *arguments: str, code: int = 0) -> Any:
    """`dead-letters retry` while a worker does its rounds."""
    asked = asyncio.create_task(place.json("dead-letters", "retry", *arguments, code=code))
    async with asyncio.timeout(40):
        while not asked.done():
            await worker.step(topics.RAW_ORDERS, 0, replay=True)
            await asyncio.sleep(0.05)
    return await asked


async def test_dead_letters_are_retried_in_the_order_in_which_they_stood_and_the_outcome_is_told(
    place: Place, worker: Harness
) -> None:
    await worker.feed(topics.RAW_ORDERS, [order(n) for n in range(6)], placed="one")
    held = await place.json("dead-letters", "list", "--reason", "unknown_shop", "--topic", topics.RAW_ORDERS)
    assert sorted(row["offset"] for row in held) == list(range(6))
    assert await place.json("dead-letters", "list", "--topic", topics.ORDERS) == []

    again = await retried(place, worker, "--reason", "unknown_shop", code=1)
    assert {(row["outcome"], row["reason"]) for row in again} == {("refused", "unknown_shop")}
    assert {row["again"] for row in again}.isdisjoint(row["letter_id"] for row in held)

    await place.run("shops", "add", "laleh", "--zone", "Asia/Tehran", "--phone-region", "IR")
    came = await retried(place, worker, "--topic", topics.RAW_ORDERS)
    assert [row["outcome"] for row in came] == ["handled"] * 6
    assert {row["letter_id"] for row in came} == {row["again"] for row in again}
    published = [event.event["data"]["order_id"] for event in await worker.published(topics.ORDERS)]
    assert published == [f"o-{n}" for n in range(6)]
    assert await place.json("dead-letters", "list", "--state", "held") == []


async def test_a_letter_is_shown_put_right_and_retried_and_another_is_dropped(
    place: Place, worker: Harness, tmp_path: Any
) -> None:
    await place.run("shops", "add", "laleh", "--phone-region", "IR")
    await worker.feed(topics.RAW_ORDERS, [order(1, revenue="ten"), order(2, revenue="x")], placed="one")
    first, second = sorted(await place.json("dead-letters", "list"), key=lambda row: row["offset"])
    body = await place.run("dead-letters", "show", first["letter_id"])
    assert body.encode() == order(1, revenue="ten") + b"\n"
    told = await place.json("dead-letters", "show", second["letter_id"])
    assert (told["reason"], told["body"]) == (second["reason"], order(2, revenue="x").decode())

    right = tmp_path / "body.json"
    right.write_text(body.replace('"ten"', '"10.00"'))
    (came,) = await retried(place, worker, first["letter_id"], "--body", str(right))
    assert came["outcome"] == "handled"
    assert len(await worker.published(topics.ORDERS)) == 1

    unasked = await asyncio.to_thread(
        CliRunner().invoke, create_cli(), ["dead-letters", "drop", second["letter_id"]], input="n\n"
    )
    assert unasked.exit_code == 1
    assert [row["letter_id"] for row in await place.json("dead-letters", "list", "--state", "held")] == [
        second["letter_id"]
    ]
    dropped = await place.json("dead-letters", "drop", second["letter_id"], "--yes")
    assert [row["letter_id"] for row in dropped] == [second["letter_id"]]
    with pytest.raises(CommandFailed, match="there is no such dead letter"):
        await place.run("dead-letters", "show", second["letter_id"])


async def test_a_letter_that_no_worker_takes_or_can_read_is_told_so(
    place: Place, worker: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await worker.feed(topics.RAW_ORDERS, [order(1)], placed="one")
    (letter,) = await worker.dead_letters()
    (waiting,) = await place.json("dead-letters", "retry", letter.letter_id, "--wait", "0.3", code=1)
    assert waiting["outcome"] == "waiting"
    other = Harness(create_service(SECRET.encode()), worker.pool, SystemClock(), "z" + SECRET[1:])
    other._next.update(worker._next)
    (came,) = await retried(place, other, letter.letter_id, code=1)
    assert came["outcome"] == "unreadable"
    monkeypatch.setenv("MANDEGAR_SECRET_KEY", "z" + SECRET[1:])
    with pytest.raises(CommandFailed, match="another MANDEGAR_SECRET_KEY"):
        await place.run("dead-letters", "show", letter.letter_id)


async def test_a_customer_is_found_by_what_is_typed_and_shown_with_identity_and_stage(
    place: Place, worker: Harness
) -> None:
    await place.run("shops", "add", "laleh", "--zone", "Asia/Tehran", "--phone-region", "IR")
    await worker.feed(topics.RAW_ORDERS, [order(6789, customer_id="Ab-7", name="سارا")], placed="one")
    by_phone = await place.json("customers", "find", "laleh", given=f"{PHONE}\n")
    by_id = await place.json("customers", "find", "laleh", "--value", "Ab-7")
    assert [row["found_by"] for row in (*by_phone, *by_id)] == ["phone", "customer_id"]
    assert by_phone[0]["customer"] == by_id[0]["customer"]
    assert await place.json("customers", "find", "laleh", given="09120000000\n", code=1) == []
    with pytest.raises(CommandFailed, match="there is no shop 'nobody'"):
        await place.run("customers", "find", "nobody", given="x\n")

    customer = by_id[0]["customer"]
    hidden = await place.run("customers", "show", "laleh", customer)
    assert not [text for text in ("Ab-7", "سارا", "6789") if text in hidden]
    told = await place.json("customers", "show", "laleh", customer, "--personal")
    assert (told["identity"]["name"], told["identity"]["phone"]) == ("سارا", "+989123456789")
    assert {told[name] for name in ("metrics", "loyalty", "campaigns", "feedback")} == {None}
    await worker.feed(topics.RAW_ORDERS, [order(1111, customer_id="Cd-8")], placed="one")
    (other,) = await place.json("customers", "find", "laleh", "--value", "Cd-8")
    merging = ("customers", "merge", "laleh", other["customer"], customer)
    assert (await place.json(*merging, "--reason", "the same"), await place.json(*merging)) == (
        {"changed": True},
        {"changed": False},
    )
    whole = (await place.json("customers", "show", "laleh", customer))["identity"]
    assert {one["customer"] for one in whole["identities"]} == {customer, other["customer"]}
    assert [(one["action"], one["by"], one["reason"]) for one in whole["merges"]] == [
        ("merged", "operator", "the same")
    ]
    with pytest.raises(IdentityTrouble, match="the customer itself"):
        await place.run("customers", "merge", "laleh", customer, customer)
    assert await place.json("customers", "unmerge", "laleh", other["customer"]) == {"changed": True}
    noted = await worker.pool.fetch("SELECT actor, action FROM audit_entry ORDER BY id")
    assert {row["actor"] for row in noted} == {"operator"}
    assert {"mandegar customers " + name for name in ("find", "show", "merge", "unmerge")} <= {
        row["action"] for row in noted
    }
    with pytest.raises(CommandFailed, match="customers find"):
        await place.run("customers", "show", "laleh", "0000000000001")

    orders = [json.dumps(event.event).encode() for event in await worker.published(topics.ORDERS)]
    async with running(metrics_service(), place.url) as metrics:
        shops = [json.loads(row["settings"]) for row in await worker.pool.fetch("SELECT settings FROM shop")]
        shop = msgspec.convert(shops[0], Shop)
        await metrics.configure(shop)
        await metrics.feed(topics.ORDERS, orders)
    told = await place.json("customers", "show", "laleh", customer)
    assert (told["metrics"]["orders"], told["metrics"]["first_order_day"]) == (1, "2026-03-01")

    async with running(loyalty_service(lambda: Cipher(SECRET)), place.url) as loyalty:
        await loyalty.configure(shop)
        await publish(loyalty.pool, {shop: [version()]})
        await loyalty.feed(topics.ORDERS, orders)
    told = (await place.json("customers", "show", "laleh", customer))["loyalty"]
    assert [(one["state"], one["how"]) for one in told["memberships"]] == [("active", "first_order")]
    assert sum(told["points"].values()) == 10


async def test_lag_has_lines_of_each_service_and_of_each_topic_that_it_reads(place: Place) -> None:
    rows = await place.json("lag")
    told = {(row["service"], row["topic"]) for row in rows if row["lane"] in ("live", "history")}
    for name in service_names():
        service = service_main(name).SERVICE
        read = {subscription.topic for subscription in service.subscriptions}
        assert {topic for teller, topic in told if teller == name} == read, name
        beside = {"outbox", "timers"} if service.timers else {"outbox"}
        assert {row["lane"] for row in rows if row["service"] == name} >= beside


async def test_lag_tells_of_the_outbox_and_of_timers_that_are_due(place: Place, worker: Harness) -> None:
    await place.run("shops", "add", "laleh", "--phone-region", "IR")
    await worker.feed(topics.RAW_ORDERS, [order(n) for n in range(5)], placed="one")
    pool = await create_pool(place.url, "metrics", max_size=1)
    try:
        await pool.executemany(
            "INSERT INTO timer (shop, kind, identity, due, partition) VALUES (1, 'lifecycle', $1, now() + $2, 3)",
            [("late", timedelta(seconds=-90)), ("later", timedelta(seconds=-5)), ("not yet", timedelta(hours=1))],
        )
    finally:
        await pool.close()
    rows = {(row["service"], row["lane"]): row for row in await place.json("lag")}
    unsent = await worker.pool.fetchval("SELECT count(*) FROM outbox")
    assert (rows["gateway", "outbox"]["events"], unsent >= 10) == (unsent, True)
    assert rows["gateway", "outbox"]["seconds"] > 0
    assert rows["metrics", "timers"]["events"] == 2
    assert 90 <= rows["metrics", "timers"]["seconds"] < 150
    assert rows["metrics", "outbox"]["events"] == 0


async def test_all_settings_of_one_shop_are_shown(place: Place) -> None:
    await place.run("shops", "add", "laleh", "--lost-days", "200")
    (told,) = await place.json("shops", "show", "laleh")
    assert (told["lost_days"], told["zone"]) == (200, "UTC")
    assert "lost_days\t200\n" in await place.run("shops", "show", "laleh")
    with pytest.raises(CommandFailed, match="mandegar shops list"):
        await place.run("shops", "show", "nobody")
