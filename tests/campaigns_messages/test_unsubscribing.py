"""Withdrawals against a campaign that runs: many races, by links and by events, between several who claim.

`CHAOS=long` runs a thousand.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from hashlib import sha256
from random import Random
from typing import Any

import asyncpg
import httpx
import pytest

from services.campaigns.app import create_app
from services.campaigns.messages.jobs import Sender
from shared.contracts.topics import CAMPAIGNS_REQUESTS, CONSENTS
from shared.db import create_pool
from shared.settings import PlatformSettings
from shared.testing import Databases, api_url
from shared.testing.harness import TEST_SECRET
from shared.testing.http import client
from tests.campaigns_messages.ground import Ground, a_ground, asked, said, settings_of
from tests.campaigns_messages.withdrawing import watch, withdrawn

pytestmark = [pytest.mark.stack, pytest.mark.slow]
IS_LONG = os.environ.get("CHAOS") == "long"
RACES = 1_000 if IS_LONG else 100
SEED = int(os.environ.get("CHAOS_SEED") or 20260301)
_ROUND = 50
_EACH = 4
"""Messages that wait for each customer."""
_CLAIMERS = 3
_WAITING = "SELECT count(*) FROM message WHERE state = 0"


class Hesitating(Sender):
    """Takes its time between what it has read of somebody and the commit, as on a machine that is busy."""

    rng: Random

    async def _judged(self, *about: Any) -> Any:
        judged = await super()._judged(*about)
        await asyncio.sleep(self.rng.uniform(0, 0.01))
        return judged

    async def go_on(self, done: asyncio.Event) -> None:
        """Claim until all have withdrawn."""
        while not done.is_set():
            await self.claim()
            await asyncio.sleep(self.rng.uniform(0, 0.01))


@asynccontextmanager
async def claimers(ground: Ground, rng: Random) -> AsyncIterator[list[Hesitating]]:
    """Each with a connection of its own."""
    async with AsyncExitStack() as open_:
        found = []
        for _ in range(_CLAIMERS):
            pool = await open_.enter_async_context(await create_pool(ground.url, "campaigns", max_size=1))
            sender = Hesitating(pool, settings_of(9, send_batch=rng.randint(1, 5), send_connections=1))
            sender.rng = rng
            found.append(sender)
        yield found


@asynccontextmanager
async def an_api(ground: Ground) -> AsyncIterator[httpx.AsyncClient]:
    settings = PlatformSettings.load(
        "campaigns",
        database_url=api_url(ground.url, "campaigns"),
        kafka_bootstrap_servers="127.0.0.1:1",
        secret_key=TEST_SECRET,
    )
    async with client(create_app(settings)) as http:
        yield http


async def test_nothing_is_claimed_once_an_unsubscription_has_committed(databases: Databases) -> None:
    rng = Random(SEED)
    async with a_ground(databases, 9) as ground, an_api(ground) as http, claimers(ground, rng) as senders:
        conn = await asyncpg.connect(ground.url)
        try:
            await watch(conn)
            for first in range(1, RACES, _ROUND):
                customers = range(first, min(first + _ROUND, RACES + 1))
                await _prepare(ground, conn, customers)
                done = asyncio.Event()
                claiming = [asyncio.create_task(sender.go_on(done)) for sender in senders]
                try:
                    async with asyncio.timeout(60):
                        await asyncio.gather(
                            *(_by_link(http, rng, customer) for customer in customers if customer % 2),
                            _by_event(ground, rng, [customer for customer in customers if not customer % 2]),
                        )
                        while await conn.fetchval(_WAITING):  # noqa: ASYNC110 - tables tell no one
                            await asyncio.sleep(0.02)
                finally:
                    done.set()
                    await asyncio.gather(*claiming)
            await _judge(ground, conn)
        finally:
            await conn.close()


async def _judge(ground: Ground, conn: asyncpg.Connection[Any]) -> None:
    found = await withdrawn(conn)
    assert sorted(one.customer for one in found) == list(range(1, RACES + 1)), "everybody has withdrawn, once"
    assert [one for one in found if one.after] == [], "nothing is claimed after a withdrawal"
    claimed = sum(len(one.claimed) for one in found)
    assert 0 < claimed < RACES * _EACH, "some were in time, and some were not: else nobody raced"
    assert await ground.states() == {"claimed": claimed, "suppressed no_consent": RACES * _EACH - claimed}
    assert len(await ground.told()) == RACES * _EACH - claimed, "each suppression is told once"


async def _prepare(ground: Ground, conn: asyncpg.Connection[Any], customers: Sequence[int]) -> None:
    """Customers who want news, each with some that are due, everybody's among everybody else's."""
    await ground.meet(*customers)
    wanted = [asked(one, f"o-{at}", at) for one in customers for at in range(_EACH)]
    await ground.worker.feed(CAMPAIGNS_REQUESTS, wanted)
    await conn.execute("UPDATE message SET due = now() - random() * interval '1 hour' WHERE state = 0")
    await conn.executemany(
        "INSERT INTO consent_link (shop, hash, customer, channel, message, expires_at)"
        " VALUES (1, $1, $2, 'email', 'm', now() + interval '1 day')",
        [(sha256(_token(one).encode()).digest(), one) for one in customers],
    )


def _token(customer: int) -> str:
    return f"link-of-customer-{customer:08d}"


async def _by_link(http: httpx.AsyncClient, rng: Random, customer: int) -> None:
    await asyncio.sleep(rng.uniform(0, 0.5))
    path = f"/pages/unsubscribe/laleh/{_token(customer)}"
    answer = await http.post(path, content=b"List-Unsubscribe=One-Click")
    assert answer.status_code == 200, answer.text


async def _by_event(ground: Ground, rng: Random, customers: Sequence[int]) -> None:
    for customer in rng.sample(customers, len(customers)):
        await asyncio.sleep(rng.uniform(0, 0.02))
        await ground.worker.feed(CONSENTS, [said(customer, 900, state="withdrawn")])
