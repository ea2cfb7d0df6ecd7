"""Ground: a worker, and the whole API beside it, for one shop and another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple

import httpx

from services.loyalty.cards.api import router as cards
from services.loyalty.programmes import Programme
from services.loyalty.statements.api import ROUTERS
from shared.kernel import FixedClock
from shared.testing import Databases
from shared.testing.harness import Harness
from tests.loyalty_orders.answering import answering
from tests.loyalty_orders.ground import NOW, OTHER, SHOP, version


class Ground(NamedTuple):
    """A worker, its clock, and the APIs of both shops' keys."""

    worker: Harness
    clock: FixedClock
    http: httpx.AsyncClient
    other: httpx.AsyncClient

    async def get(self, path: str, **asked: Any) -> dict[str, Any]:
        """What a reader is answered."""
        answer = await self.http.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@asynccontextmanager
async def ground(databases: Databases, programme: Programme, now: datetime = NOW) -> AsyncIterator[Ground]:
    """On tables of its own; both shops have the programme."""
    versions = {SHOP: [version(programme)], OTHER: [version(programme)]}
    scopes = ["customers:read", "metrics:read", "loyalty:write"]
    async with answering(databases, versions, [*ROUTERS, cards], scopes, now) as there:
        yield Ground(there.worker, there.clock, there.http, there.clients[OTHER])
