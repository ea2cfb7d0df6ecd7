"""Ground: a shop that grants entitlements, a receiver of theirs, and the worker's part that sends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any, NamedTuple

import asyncpg

from services.loyalty.entitlements import Sender, Vault
from services.loyalty.settings import LoyaltySettings
from shared.outgoing.client import Outgoing
from shared.testing import Databases
from shared.testing.harness import TEST_SECRET
from tests.loyalty_entitlements.receiver import Receiver, receiving
from tests.loyalty_rewards.ground import Api, an_api

LIFE: dict[str, Any] = {
    "id": "life",
    "name": "A life",
    "what": {"kind": "entitlement", "entitlement": "extra-life", "quantity": 3, "worth": 200},
    "points": 10,
}
SECONDS_MAX = 0.5
"""Of an attempt."""
_TURNS_MAX = 100
_DUE = """
UPDATE entitlement_delivery SET due_at = now(), claimed_until = CASE WHEN $1::boolean THEN NULL ELSE claimed_until END
WHERE state = 1
"""


class Place(NamedTuple):
    """All of it."""

    api: Api
    receiver: Receiver
    sender: Sender

    @property
    def pool(self) -> asyncpg.Pool[Any]:
        return self.api.worker.pool

    async def set(self, url: str = "", key: str = "first") -> str:
        """Have the shop told; gives the secret."""
        answer = await self.api.ask("PUT", "/v1/entitlements/endpoint", {"url": url or self.receiver.url}, key=key)
        assert answer.status_code == 200, answer.text
        secret: str = answer.json()["secret"] or ""
        if secret:
            self.receiver.secrets.insert(0, secret)
        return secret

    async def grant(self, **body: Any) -> str:
        """A life for the customer; the redemption."""
        granted = await self.api.granted("life", **body)
        assert granted["state"] == "used"
        redemption: str = granted["redemption"]
        return redemption

    async def send(self, turns: int = 1, *, claims_end: bool = False) -> None:
        """So often what waits falls due (`claims_end`: and claims end), and is sent until nothing is due."""
        for _ in range(turns):
            await self.pool.execute(_DUE, claims_end)
            for _ in range(_TURNS_MAX):
                if not await self.sender.turn():
                    break

    async def states(self) -> dict[str, str]:
        """What was made of each delivery, as staff see it."""
        answer = await self.api.ask("GET", "/v1/entitlements/deliveries?limit=500")
        assert answer.status_code == 200, answer.text
        return {one["delivery"]: one["state"] for one in answer.json()["items"]}

    def told(self) -> list[tuple[str, str]]:
        """(redemption, type) of what the receiver took, each once."""
        return [(one.said["data"]["redemption"], one.said["type"].partition(".")[2]) for one in self.receiver.first]


@asynccontextmanager
async def a_place(databases: Databases, *, points: int = 1_000, endpoint: bool = True) -> AsyncIterator[Place]:
    """Customer 1 has points, the catalogue has a life, and the shop's endpoint is the receiver."""
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(an_api(databases, points))
        receiver = await stack.enter_async_context(receiving())
        outgoing = await stack.enter_async_context(Outgoing(loopback=True, seconds_max=SECONDS_MAX))
        sender = Sender(api.worker.pool, Vault(TEST_SECRET), outgoing, rng=Random(1))
        place = Place(api, receiver, sender)
        await api.make(**LIFE)
        if endpoint:
            await place.set()
        yield place


def settings_of(place: Place, **more: Any) -> LoyaltySettings:
    """As a worker's process has them."""
    return LoyaltySettings.load(
        database_url=place.api.url,
        kafka_bootstrap_servers="127.0.0.1:1",
        secret_key=TEST_SECRET,
        entitlement_loopback=True,
        **more,
    )
