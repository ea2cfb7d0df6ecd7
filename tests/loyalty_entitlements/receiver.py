"""A receiver of webhooks on this machine: it grants by Standard Webhooks' rules, when it answers at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.kernel import SystemClock
from shared.outgoing import is_signed
from shared.testing.serving import Broken, served

BREAKS = -1
"""Takes what was sent, and ends the connection without an answer."""


class Taken(NamedTuple):
    """A webhook that was signed."""

    id: str
    body: bytes

    @property
    def said(self) -> Any:
        return msgspec.json.decode(self.body)


@dataclass
class Receiver:
    """What came, and how it is answered."""

    url: str = ""
    secrets: list[str] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    """Each that was signed, repeats as well."""
    refused: int = 0
    answer: Callable[[], int] = lambda: 204
    """The status of the next answer, or BREAKS."""
    headers: dict[str, str] = field(default_factory=dict)
    slow_seconds: float = 0.0

    @property
    def first(self) -> list[Taken]:
        """Each once, in the order in which they came first: what counts."""
        return list({one.id: one for one in reversed(self.taken)}.values())[::-1]

    def has(self, redemption: str) -> bool:
        """Whether the entitlement stands, for one that goes by the ids and takes each webhook once."""
        told = [one.said for one in self.first if one.said["data"]["redemption"] == redemption]
        return bool(told) and told[-1]["type"] == "entitlement.granted"

    async def receive(self, request: Request) -> Response:
        body = await request.body()
        if not is_signed(body, dict(request.headers), self.secrets, SystemClock().now()):
            self.refused += 1
            return Response(status_code=401)
        self.taken.append(Taken(request.headers["webhook-id"], body))
        if self.slow_seconds:
            await asyncio.sleep(self.slow_seconds)
        status = self.answer()
        return Broken() if status == BREAKS else Response(status_code=status, headers=self.headers)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Until the block ends."""
    receiver = Receiver()
    async with served(Starlette(routes=[Route("/hook", receiver.receive, methods=["POST"])])) as address:
        receiver.url = f"{address}/hook"
        yield receiver
