"""Deliveries survive receivers that fail and processes that die: told at least once, in order, and counted once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from random import Random
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.loyalty.entitlements import Sender, Vault, jobs, keep_sending, store
from shared.outgoing.client import Outgoing
from shared.testing import Databases
from shared.testing.harness import TEST_SECRET
from tests.loyalty_entitlements.ground import SECONDS_MAX, a_place, settings_of
from tests.loyalty_entitlements.receiver import BREAKS, receiving

pytestmark = pytest.mark.stack
_CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%loyalty-entitlements%'"


async def until(true: Any, seconds: float = 10) -> None:
    """Wait for it, not for ever."""
    async with asyncio.timeout(seconds):
        while not await true():  # noqa: ASYNC110 - what is waited for happens elsewhere
            await asyncio.sleep(0.05)


async def test_through_failures_slowness_repeats_and_deaths_all_are_told_in_order_and_count_once(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = Random(20260611)
    async with a_place(databases) as place:
        one_of = [200, 204, 500, 503, 302, BREAKS, BREAKS]
        place.receiver.answer = lambda: rng.choice(one_of)
        noted = store.done

        async def dying(*args: Any) -> bool:
            if rng.random() < 0.3:
                raise asyncio.CancelledError
            return await noted(*args)

        monkeypatch.setattr(store, "done", dying)
        lives = []
        for number in range(24):
            lives.append(await place.grant())
            if number % 2:
                await place.api.ask("POST", f"/v1/redemptions/{lives[-1]}/revoke", {"reason": "other"})
            place.receiver.slow_seconds = SECONDS_MAX + 0.1 if number == 5 else 0.0
            await _turns(place, rng)
        place.receiver.slow_seconds = 0.0
        one_of[:] = [200]
        monkeypatch.setattr(store, "done", noted)
        await place.send(3, claims_end=True)
        assert set((await place.states()).values()) == {"delivered"}
        assert {one for one in lives if place.receiver.has(one)} == set(lives[::2])
        order: dict[str, list[str]] = {}
        for one, what in place.told():
            order.setdefault(one, []).append(what)
        assert all(order[one] == ["granted", "revoked"][: 1 + number % 2] for number, one in enumerate(lives))
        assert len(place.receiver.taken) > len(place.receiver.first), "some were told again"
        assert all(len({one.body for one in place.receiver.taken if one.id == each.id}) == 1
                   for each in place.receiver.first)  # fmt: skip
        assert not place.receiver.refused


async def _turns(place: Any, rng: Random) -> None:
    """Two workers at once, each of which may die."""
    await place.pool.execute("UPDATE entitlement_delivery SET due_at = now(), failures = 0 WHERE state = 1")
    if rng.random() < 0.5:
        await place.pool.execute("UPDATE entitlement_delivery SET claimed_until = NULL WHERE state = 1")
    await asyncio.gather(place.sender.turn(), place.sender.turn(), return_exceptions=True)


async def test_killed_between_sending_and_noting_it_is_sent_again_once_its_claim_is_over(databases: Databases) -> None:
    async with a_place(databases) as place:
        redemption = await place.grant()
        place.receiver.slow_seconds = 5
        code = (
            "import asyncio; from services.loyalty.main import SERVICE\nasyncio.run(SERVICE.beside[0](asyncio.Event()))"
        )
        environment = os.environ | {
            "DATABASE_URL": place.api.url,
            "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
            "MANDEGAR_SECRET_KEY": TEST_SECRET,
            "MANDEGAR_ENTITLEMENT_LOOPBACK": "true",
        }
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, env=environment)

        async def came() -> bool:
            return bool(place.receiver.taken) or process.returncode is not None

        try:
            await until(came, 20)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            await process.wait()
        assert process.returncode == -signal.SIGKILL
        place.receiver.slow_seconds = 0
        await place.send()
        assert len(place.receiver.taken) == 1, "somebody may still be at it"
        await place.send(claims_end=True)
        assert [one.id for one in place.receiver.taken] == [f"{redemption}-1"] * 2
        assert place.receiver.taken[0] == place.receiver.taken[1]
        assert await place.states() == {f"{redemption}-1": "delivered"}


async def test_what_was_claimed_and_came_late_changes_nothing_that_somebody_else_does(databases: Databases) -> None:
    async with a_place(databases) as place:
        await place.grant()
        async with place.pool.acquire() as conn:
            (mine,) = await store.claim(conn, place.sender._held, 2, 20, ())
            assert await store.claim(conn, place.sender._held, 2, 20, ()) == []
            await conn.execute("UPDATE entitlement_delivery SET claimed_until = now()")
            (theirs,) = await store.claim(conn, place.sender._held, 2, 20, ())
        await place.sender._send(mine, -1e9)
        assert place.receiver.taken == [], "held up too long: nothing is sent"
        await place.sender._send(mine, asyncio.get_running_loop().time())
        row = await place.pool.fetchrow("SELECT state, claimed_until FROM entitlement_delivery")
        assert (row["state"], row["claimed_until"]) == (1, theirs.until)


async def test_a_receiver_that_hangs_keeps_no_other_shop_waiting_and_a_lost_database_ends_nothing(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_WIND_UP_SECONDS", 0.2)
    async with a_place(databases) as place, receiving() as other:
        place.receiver.slow_seconds = 30
        answer = await place.api.ask("PUT", "/v1/entitlements/endpoint", {"url": other.url}, key="other")
        other.secrets = [answer.json()["secret"]]
        for _ in range(3):
            await place.grant()
        stop = asyncio.Event()
        task = asyncio.create_task(keep_sending(settings_of(place), stop))

        async def hangs() -> bool:
            return len(place.receiver.taken) == 2

        async def delivered() -> bool:
            waits = "SELECT EXISTS (SELECT FROM entitlement_delivery WHERE shop = 2 AND state = 1)"
            return not await place.pool.fetchval(waits)

        try:
            await until(hangs)
            for number in range(2):
                await _told_to_other(place, number)
                await until(delivered)
                await place.pool.execute(_CUT)
            assert not task.done()
            assert [one.id for one in other.first] == ["0" * 31 + "1-1", "0" * 31 + "2-1"]
            assert REGISTRY.get_sample_value("mandegar_entitlement_waiting") is not None
        finally:
            stop.set()
            place.receiver.slow_seconds = 0
            await asyncio.wait_for(task, 10)


async def _told_to_other(place: Any, number: int) -> None:
    await place.pool.execute(
        "INSERT INTO entitlement_delivery (shop, redemption, number, what, customer, made_at, due_at, state, body)"
        " VALUES (2, lpad($1::text, 32, '0'), 1, 'granted', 1, now(), now(), 1, '{}')",
        str(number + 1),
    )


async def test_a_secret_of_another_platform_key_sends_nothing_and_says_so(databases: Databases) -> None:
    async with a_place(databases) as place:
        await place.grant()
        async with Outgoing(loopback=True) as outgoing:
            await Sender(place.pool, Vault("z" * 8 + TEST_SECRET), outgoing).turn()
        assert place.receiver.taken == []
        assert "MANDEGAR_SECRET_KEY" in await place.pool.fetchval("SELECT trouble FROM entitlement_delivery")
        await place.send()
        assert len(place.receiver.taken) == 1
