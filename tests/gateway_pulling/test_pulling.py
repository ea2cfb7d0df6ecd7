"""Orders read from shop systems' APIs: all of them, once, whatever goes wrong on the way."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
import uvloop
from prometheus_client import REGISTRY
from starlette.responses import Response

from services.gateway.main import create_service
from services.gateway.pulling import PullTrouble, keep_pulling, set_api
from services.gateway.webhooks import ConnectionTrouble
from shared.contracts import topics
from shared.kernel import SystemClock
from shared.messaging.worker import Worker
from shared.settings import PlatformSettings
from tests.gateway_collector.ground import SECRET, topics_from_here
from tests.gateway_pulling.ground import AT, SINCE, VENDORS, Pulls, contents
from tests.gateway_pulling.systems import TOKENS
from tests.gateway_webhooks.ground import payload
from tests.messaging.worker_ground import at_work

pytestmark = pytest.mark.stack
_BUSY = ("Retry-After", "X-Rate-Limit-Time-Reset-Ms")


def order_ids(events: list[dict[str, Any]]) -> set[str]:
    return {event["subject"].lstrip("0") for event in events}


@pytest.mark.parametrize("vendor", VENDORS)
async def test_every_order_of_many_pages_comes_through_limits_and_failures_and_the_place_is_kept(
    pulls: Pulls, vendor: str
) -> None:
    async with pulls.system(vendor) as system, pulls.puller() as puller:
        for number in range(1, 321):
            # Many in one second, as after an import into the shop: pages must be told apart by number there.
            system.add(number, AT + timedelta(seconds=number if number > 200 else 0))
        system.faults = [
            Response(status_code=429, headers={"Retry-After": "0.1", "X-Rate-Limit-Time-Reset-Ms": "100"}),
            "go",
            Response(status_code=502),
            "break",
        ]
        first = await puller.now(pulls.address(vendor), since=SINCE)
        assert order_ids(await pulls.shops.written()) == {str(number) for number in range(1, 321)}
        assert (first.set_aside, first.reached) == (0, AT + timedelta(seconds=320))
        assert (await pulls.row(vendor))["reached"] == AT + timedelta(seconds=320)

        system.add(321, AT + timedelta(hours=1))
        again = await puller.now(pulls.address(vendor))
        assert again.since == AT + timedelta(seconds=320) - timedelta(minutes=10)
        events = await pulls.shops.written()
    assert order_ids(events) == {str(number) for number in range(1, 322)}
    assert {event["source"] for event in events} == {vendor}
    assert all(len(said) == 1 for said in contents(events).values())


@pytest.mark.parametrize("vendor", ["shopify", "woocommerce"])
async def test_what_a_webhook_brought_and_a_pull_brings_again_has_the_same_ids_and_contents(
    pulls: Pulls, vendor: str
) -> None:
    topics_ = {"shopify": ("orders/create", "orders/updated"), "woocommerce": ("order.created", "order.updated")}
    async with pulls.system(vendor) as system, pulls.puller() as puller:
        order = system.add(7, AT)
        for topic in topics_[vendor]:
            assert (await pulls.shops.post(vendor, topic, order)).status_code == 200
        brought = contents(await pulls.shops.written())
        pulled = await puller.now(pulls.address(vendor), since=SINCE)
        both = contents(await pulls.shops.written())
    assert pulled.events > 0
    assert both == brought
    assert all(len(said) == 1 for said in both.values())


@pytest.mark.parametrize("vendor", ["woocommerce", "bigcommerce", "magento"])
async def test_an_order_that_changes_between_two_pages_pushes_no_other_out_of_sight(pulls: Pulls, vendor: str) -> None:
    async with pulls.system(vendor) as system, pulls.puller() as puller:
        for number in range(1, 251):
            system.add(number, AT + timedelta(seconds=number))

        def change(page: int) -> None:
            if page == 2:  # what stood on the first page moves to the end, and all others up by so many places
                for number in range(1, 31):
                    system.add(number, AT + timedelta(hours=1, seconds=number))

        system.before_page = change
        await puller.now(pulls.address(vendor), since=SINCE)
        events = await pulls.shops.written()
    assert order_ids(events) == {str(number) for number in range(1, 251)}


@pytest.mark.parametrize(("vendor", "refund"), [("bigcommerce", "bigcommerce_refund"), ("magento", "magento_memo")])
async def test_refunds_that_stand_beside_the_orders_are_asked_for(pulls: Pulls, vendor: str, refund: str) -> None:
    async with pulls.system(vendor) as system, pulls.puller() as puller:
        told = {"refunded_amount": "46.2000"} if vendor == "bigcommerce" else {"total_refunded": 19.69}
        system.add(8, AT, **told)
        system.refunds[8] = [payload(refund) | {"order_id": 8}]
        system.add(9, AT)
        await puller.now(pulls.address(vendor), since=SINCE)
        refunds = [event for event in await pulls.shops.written() if event["type"] == "Order Refunded"]
    assert [event["subject"].lstrip("0") for event in refunds] == ["8"]


async def test_orders_that_bigcommerce_deleted_are_asked_for_apart_and_count_for_nothing(pulls: Pulls) -> None:
    async with pulls.system("bigcommerce") as system, pulls.puller() as puller:
        system.add(8, AT)
        system.add(9, AT + timedelta(hours=1), is_deleted=True)
        pulled = await puller.now(pulls.address("bigcommerce"), since=SINCE)
        events = await pulls.shops.written()
    assert {event["type"] for event in events if event["subject"] == "9"} == {"Order Cancelled"}
    assert {event["type"] for event in events if event["subject"] == "8"} == {"Order Completed", "Order Updated"}
    assert pulled.reached == AT  # what was deleted later moves no place: others are asked for after it


async def test_what_was_sent_as_it_is_now_is_not_read_and_sent_again_but_a_change_is(pulls: Pulls) -> None:
    async with pulls.system("bigcommerce") as system, pulls.puller() as puller:
        old, fresh = SystemClock().now() - timedelta(minutes=5), SystemClock().now()
        system.add(1, old.replace(microsecond=0))
        system.add(2, fresh.replace(microsecond=0))
        await pulls.shops.pool.execute("UPDATE pull SET reached = $1", old)
        due = "UPDATE pull SET due_at = now()"
        await pulls.shops.pool.execute(due)
        first = await puller.next_due()
        await pulls.shops.pool.execute(due)
        second = await puller.next_due()
        assert first is not None
        assert second is not None
        # The fresh one may change again within its second, and nobody could tell: it is read anew.
        assert (first.orders, second.orders) == (2, 1)
        assert second.calls == first.calls - 1
        system.add(1, fresh.replace(microsecond=0) + timedelta(seconds=1))
        await pulls.shops.pool.execute(due)
        third = await puller.next_due()
        assert third is not None
        assert third.orders == 2


async def test_a_pull_that_finds_nothing_moves_no_place(pulls: Pulls) -> None:
    async with pulls.system("shopify"), pulls.puller() as puller:
        assert (await puller.now(pulls.address("shopify"))).orders == 0
    assert (await pulls.row("shopify"))["reached"] is None


async def test_a_dry_run_sends_nothing_and_keeps_no_place_and_history_goes_by_its_lane(pulls: Pulls) -> None:
    servers = pulls.settings.kafka_bootstrap_servers
    async with pulls.system("woocommerce") as system, pulls.puller() as puller:
        system.add(1, AT)
        tried = await puller.now(pulls.address("woocommerce"), since=SINCE, dry_run=True)
        assert (tried.orders, tried.events > 0) == (1, True)
        assert (await pulls.row("woocommerce"))["reached"] is None
        async with topics_from_here(servers, topics.RAW_ORDERS_BACKFILL) as lane:
            await puller.now(pulls.address("woocommerce"), since=SINCE, lane=True)
            assert order_ids([event for _, event in await lane.messages()]) == {"1"}
    assert not await pulls.shops.written()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Response(status_code=401), "refuses the token"),
        (Response(status_code=403), "refuses the token"),
        (Response(status_code=404), "not at this address"),
        (Response(status_code=302, headers={"Location": "http://169.254.169.254/"}), "sends elsewhere"),
        (Response(b"<html>", status_code=200), "documented"),
        (Response(b"[" * 100_000, status_code=200), "documented"),
        (Response(b'{"orders": []}', headers={"Link": '<https://evil.example/x>; rel="next"'}), "another host"),
    ],
)
async def test_what_does_not_pass_ends_the_pull_with_its_reason_and_it_is_tried_later(
    pulls: Pulls, fault: Response, reason: str
) -> None:
    async with pulls.system("shopify") as system, pulls.puller() as puller:
        system.faults = [fault] * 2
        with pytest.raises(PullTrouble, match=reason):
            await puller.now(pulls.address("shopify"))
        assert len(system.asked) == 1
        await pulls.shops.pool.execute("UPDATE pull SET due_at = now()")
        assert await puller.next_due() is None
        row = await pulls.row("shopify")
        assert (row["failures"], reason in row["trouble"], row["claimed_until"]) == (1, True, None)
        assert row["due_at"] > row["pulled_at"]
        assert await puller.next_due() is None
        assert len(system.asked) == 2


async def test_a_token_opens_nothing_else_and_stands_nowhere_in_clear(pulls: Pulls) -> None:
    async with pulls.system("magento", token="wrong-token-0123456789"), pulls.puller() as puller:
        with pytest.raises(PullTrouble, match="401") as told:
            await puller.now(pulls.address("magento"))
        assert "wrong-token" not in str(told.value)
    row = await pulls.row("magento")
    assert b"wrong-token" not in row["sealed"]
    assert b"127.0.0.1" not in row["sealed"]
    entered = "SELECT count(*) FROM audit_entry WHERE action = 'mandegar connections api'"
    assert await pulls.shops.pool.fetchval(entered) == 1
    # Somebody who may write the table cannot give one connection's token to another.
    async with pulls.system("bigcommerce"), pulls.puller() as puller:
        await pulls.shops.pool.execute(
            "UPDATE pull SET sealed = $1 WHERE address = $2", row["sealed"], pulls.address("bigcommerce").split("-")[1]
        )
        with pytest.raises(PullTrouble, match="MANDEGAR_SECRET_KEY"):
            await puller.now(pulls.address("bigcommerce"))


@pytest.mark.parametrize("base", ["http://shop.example", "https://u:p@shop.example", "https://s.example/?x=1", "shop"])
async def test_an_api_must_be_on_the_internet_over_https(pulls: Pulls, base: str) -> None:
    with pytest.raises(PullTrouble):
        await set_api(
            *(pulls.shops.pool, SystemClock(), pulls.shops.vault, pulls.address("magento")), base=base, token="t" * 20
        )


async def test_an_unknown_connection_and_one_without_an_api_are_told_apart(pulls: Pulls) -> None:
    async with pulls.puller() as puller:
        with pytest.raises(ConnectionTrouble):
            await puller.now("1-aaaaaaaaaaaaaaaa")
        with pytest.raises(PullTrouble, match="no API"):
            await puller.now(pulls.address("magento"))


async def test_two_workers_never_pull_one_connection_at_once(pulls: Pulls) -> None:
    async with pulls.system("woocommerce") as system, pulls.puller() as one, pulls.puller() as other:
        system.add(1, AT)
        system.slow_seconds = 0.5
        found = await asyncio.gather(one.next_due(), other.next_due())
        assert sorted(pulled is None for pulled in found) == [False, True]
        assert system.pages == 1


async def test_by_hand_a_pull_waits_for_the_worker_that_is_at_it(pulls: Pulls) -> None:
    async with pulls.system("woocommerce") as system, pulls.puller() as worker, pulls.puller() as hand:
        system.add(1, AT)
        system.slow_seconds = 1.0
        working = asyncio.create_task(worker.next_due())
        await _until(lambda: bool(system.asked))
        pulled = await hand.now(pulls.address("woocommerce"), since=SINCE)
        assert (await working, pulled.orders) != (None, 0)
        assert system.pages == 2


async def test_a_hint_brings_the_order_long_before_the_next_pull_is_due(pulls: Pulls) -> None:
    stop = asyncio.Event()
    async with pulls.system("bigcommerce") as system:
        working = asyncio.create_task(keep_pulling(pulls.settings, stop))
        try:
            await _until(lambda: system.pages == 1)
            await asyncio.sleep(0.3)
            made = pulls.shops.made["bigcommerce"]
            system.add(5, SystemClock().now().replace(microsecond=0))
            secret = await _secret(pulls)
            answer = await pulls.shops.http.post(
                made.path, json=payload("bigcommerce_hint"), headers={"x-mandegar-secret": secret}
            )
            assert answer.status_code == 200
            async with asyncio.timeout(20):
                while "5" not in order_ids(await pulls.shops.written()):  # noqa: ASYNC110 - Kafka is looked at
                    await asyncio.sleep(0.1)
        finally:
            stop.set()
            await asyncio.wait_for(working, 5)


async def test_gateways_worker_pulls_beside_its_topics_and_ends_with_them(pulls: Pulls) -> None:
    service = replace(create_service(SECRET.encode()), beside=(lambda stop: keep_pulling(pulls.settings, stop),))
    settings = PlatformSettings(
        kafka_bootstrap_servers=pulls.settings.kafka_bootstrap_servers,
        database_url=pulls.shops.url,
        secret_key=SECRET,
        drain_seconds=5.0,
    )
    async with pulls.system("woocommerce") as system:
        system.add(1, SystemClock().now().replace(microsecond=0))
        # Without its relay: what it would publish is no affair of other tests on these topics.
        async with at_work(Worker(service, settings, relay=False)), asyncio.timeout(30):
            while not await pulls.shops.pool.fetchval("SELECT count(*) FROM order_customer"):  # noqa: ASYNC110 - a table
                await asyncio.sleep(0.1)
    assert (await pulls.row("woocommerce"))["claimed_until"] is None


async def test_pulls_go_on_whenever_the_database_ends_their_sessions(
    pulls: Pulls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two hundred, some end where asyncpg names no lost connection but a state that it is not in."""
    monkeypatch.setattr("services.gateway.pulling.jobs._LOOK_SECONDS", 0.001)
    stop, rng, ended = asyncio.Event(), Random(1), 0
    working = asyncio.create_task(asyncio.to_thread(_pull_in_a_loop_of_its_own, pulls, stop))
    async with asyncio.timeout(60):
        while ended < 200 and not working.done():
            ended += await pulls.shops.pool.fetchval(_END_SESSIONS)
            await asyncio.sleep(rng.uniform(0.0, 0.02))
    stop.set()
    await asyncio.wait_for(working, 10)


_END_SESSIONS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE application_name = 'gateway-pull' AND datname = current_database()
"""


def _pull_in_a_loop_of_its_own(pulls: Pulls, stop: asyncio.Event) -> None:
    """As in a worker: uvloop's."""

    async def until_told() -> None:
        mine = asyncio.Event()
        working = asyncio.create_task(keep_pulling(pulls.settings, mine))
        while not stop.is_set() and not working.done():  # noqa: ASYNC110 - set in another thread
            await asyncio.sleep(0.05)
        mine.set()
        await working

    uvloop.run(until_told())


async def _secret(pulls: Pulls) -> str:
    from services.gateway.webhooks import rotate_connection

    shops = pulls.shops
    _, secret = await rotate_connection(shops.pool, SystemClock(), shops.vault, pulls.address("bigcommerce"))
    return secret


async def _until(true: Any) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - what is waited for is on the other side
            await asyncio.sleep(0.05)


async def test_killed_between_pages_it_goes_on_behind_the_last_page_that_kafka_has(pulls: Pulls) -> None:
    command = [sys.executable, "-m", "mandegar", "pull", pulls.address("woocommerce"), "--since", f"{SINCE:%Y-%m-%d}"]
    environment = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": pulls.settings.kafka_bootstrap_servers,
        "DATABASE_URL": pulls.shops.url,
        "MANDEGAR_SECRET_KEY": SECRET,
        "MANDEGAR_PULL_LOOPBACK": "true",
    }
    async with pulls.system("woocommerce") as system:
        for number in range(1, 601):
            system.add(number, AT + timedelta(seconds=number))
        system.slow_seconds = 0.4
        process = await asyncio.create_subprocess_exec(*command, env=environment)
        await _until(lambda: system.pages >= 4 or process.returncode is not None)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        reached = (await pulls.row("woocommerce"))["reached"]
        assert AT < reached < AT + timedelta(seconds=600)
        await pulls.shops.pool.execute("UPDATE pull SET claimed_until = now()")  # ten minutes later
        system.slow_seconds = 0.0
        async with pulls.puller() as puller:
            resumed = await puller.now(pulls.address("woocommerce"))
        assert resumed.since == reached - timedelta(minutes=10)
        events = await pulls.shops.written()
    assert order_ids(events) == {str(number) for number in range(1, 601)}
    assert all(len(said) == 1 for said in contents(events).values())


def test_every_vendor_has_a_token_of_its_form() -> None:
    assert set(TOKENS) == set(VENDORS)


def told_of(name: str, vendor: str, **more: str) -> float | None:
    """What Prometheus is told."""
    return REGISTRY.get_sample_value(name, {"vendor": vendor, **more})


async def test_prometheus_is_told_how_far_pulls_are_behind_and_which_fail_by_shop_system(pulls: Pulls) -> None:
    done = {"vendor": "woocommerce", "outcome": "done"}
    before = REGISTRY.get_sample_value("mandegar_pulls_total", done) or 0.0
    async with pulls.system("woocommerce") as system, pulls.system("magento", token="wrong" * 4), pulls.puller() as own:
        system.add(1, SystemClock().now().replace(microsecond=0))
        for _ in range(2):
            await own.next_due()
        pool = pulls.shops.pool
        await pool.execute("UPDATE pull SET succeeded_at = succeeded_at - interval '1 hour', due_at = now() + '1 hour'")
        await pool.execute("UPDATE connection SET created_at = now() - interval '2 days' WHERE vendor = 'magento'")
        await pool.execute(
            "UPDATE pull SET due_at = now() - interval '5 minutes' WHERE address = $1",
            pulls.address("magento").split("-")[1],
        )
        await own.measure()
        assert REGISTRY.get_sample_value("mandegar_pulls_total", done) == before + 1
        assert told_of("mandegar_pulls_total", "magento", outcome="failed")
        assert [told_of("mandegar_pull_failing", vendor) for vendor in ("woocommerce", "magento")] == [0, 1]
        assert told_of("mandegar_pull_lag_seconds", "woocommerce") == pytest.approx(3600, abs=60)
        assert told_of("mandegar_pull_lag_seconds", "magento") == pytest.approx(2 * 86_400, abs=60), "never ended well"
        assert told_of("mandegar_pull_overdue_seconds", "woocommerce") == 0
        assert told_of("mandegar_pull_overdue_seconds", "magento") == pytest.approx(300, abs=60)
        assert told_of("mandegar_pull_connections", "shopify") is None, "it has no API"
