"""Ground: a shop with a programme, a catalogue, members with points, an API as it is run and a worker beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx
import msgspec
from prometheus_client import CollectorRegistry

from services.loyalty.corrections.api import router as corrections
from services.loyalty.entitlements.api import entitlements_router
from services.loyalty.points import Signer, verify
from services.loyalty.programmes import Programme
from services.loyalty.rewards.api import ROUTERS
from shared.contracts.topics import CUSTOMERS, LOYALTY_REWARDS, ORDERS
from shared.db import acquire, create_pool
from shared.kernel import Clock, FixedClock
from shared.settings import PlatformSettings
from shared.testing import Databases, api_url
from shared.testing.harness import TEST_SECRET, Harness
from shared.testing.http import client
from shared.web import create_app
from tests.loyalty_orders.answering import add_key, working
from tests.loyalty_orders.ground import FLAT, OTHER, SHOP, completed, name, version
from tests.loyalty_orders.test_identities import told
from tests.security.signing import STAFF, of_role, public_file

PARTITIONS = range(12)
TEN_OFF: dict[str, Any] = {
    "id": "ten-off",
    "name": "10 off",
    "what": {"kind": "amount", "amount": 1000},
    "currency": "USD",
    "points": 10,
}
SCOPES = ["programmes:write", "metrics:read", "loyalty:write", "shops:read", "shops:write"]


class Api(NamedTuple):
    """The API by two keys and two agents of the shop, a key of another, and a worker beside it."""

    http: httpx.AsyncClient
    worker: Harness
    clock: FixedClock
    keys: dict[str, str]
    url: str

    async def ask(self, method: str, path: str, body: Any = None, *, key: str = "first", **more: str) -> httpx.Response:
        """A request by one of the keys, or by an agent."""
        headers = {"Authorization": f"Bearer {self.keys[key]}", **more}
        return await self.http.request(method, path, headers=headers, **({} if body is None else {"json": body}))

    async def make(self, **changes: Any) -> None:
        """A reward of the catalogue."""
        made = await self.ask("POST", "/v1/rewards", TEN_OFF | changes)
        assert made.status_code == 200, made.text

    async def hold(self, reward: str = "ten-off", customer: int = 1, **more: Any) -> httpx.Response:
        """Hold a reward for a customer."""
        return await self.ask("POST", "/v1/redemptions", {"customer": name(customer), "reward": reward, **more})

    async def step(self, redemption: str, what: str, **body: Any) -> httpx.Response:
        """Capture, release or use it."""
        return await self.ask("POST", f"/v1/redemptions/{redemption}/{what}", body or None)

    async def granted(self, reward: str = "ten-off", customer: int = 1, **body: Any) -> dict[str, Any]:
        """Hold and capture."""
        held = await self.hold(reward, customer)
        assert held.status_code == 200, held.text
        answer = await self.step(held.json()["redemption"], "capture", **body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def account(self, customer: int = 1) -> tuple[int, int]:
        """Points that are active and held."""
        row = await self.worker.pool.fetchrow(
            "SELECT active, held FROM account WHERE shop = 1 AND customer = $1", customer
        )
        return (0, 0) if row is None else (row["active"], row["held"])

    async def told(self) -> list[str]:
        """Types of the events of rewards, in order."""
        return [one.event["type"] for one in await self.worker.published(LOYALTY_REWARDS)]

    async def is_sound(self) -> None:
        """The ledger holds all invariants."""
        async with acquire(self.worker.pool) as conn:
            for found in await verify(conn, Signer(TEST_SECRET)):
                assert not found.violations, found


@asynccontextmanager
async def an_api(
    databases: Databases, points: int = 100, limit: int = 1_000, programme: Programme = FLAT
) -> AsyncIterator[Api]:
    """Customer 1 of the shop is a member with so many points; 2 is known and no member."""
    limited = msgspec.structs.replace(programme, second_person_over=limit)
    programmes = {SHOP: [version(limited)], OTHER: [version()]}
    async with working(databases, programmes) as (worker, clock, url):
        await worker.feed(CUSTOMERS, [told("updated", 1, 1, 1), told("updated", 2, 2, 1)])
        await worker.feed(ORDERS, [completed("first", revenue=points * 100)])
        keys = {}
        for number, (word, shop) in enumerate({"first": SHOP, "second": SHOP, "other": OTHER}.items()):
            keys[word] = await add_key(worker.pool, shop, f"key{number}", SCOPES)
        keys |= {who: of_role("agent", SHOP.slug, who) for who in ("ava", "kia")}
        async with asking(url, clock) as http:
            yield Api(http, worker, clock, keys, url)


@asynccontextmanager
async def asking(url: str, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the routes, which have the rights of APIs alone."""
    async with AsyncExitStack() as opened:
        pool = await opened.enter_async_context(await create_pool(api_url(url, "loyalty"), "loyalty", max_size=16))
        by_staff = str(public_file(Path(opened.enter_context(TemporaryDirectory()))))
        by_whom = {"secret_key": TEST_SECRET, "staff_jwks": by_staff, **STAFF}
        settings = PlatformSettings.load(kafka_bootstrap_servers="127.0.0.1:1", database_url=url, **by_whom)
        routers = [*ROUTERS, corrections, entitlements_router(TEST_SECRET, loopback=True)]
        app = create_app("loyalty", settings, routers, clock=clock, pool=pool, registry=CollectorRegistry())
        yield await opened.enter_async_context(client(app))
