"""A customer of the shop, as the shop's backend tells of her, and her mailbox."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from rich.console import Console

from mandegar.demo.asking import Api, ApiError
from mandegar.demo.loop.programme import POINTS_PER_ORDER
from shared.kernel import Clock

_LIMIT_S = 60.0
_LINK = re.compile(r"https?://[^\s\"'<>]+/pages/surveys/[^\s\"'<>]+")
Found = dict[str, Any]


class LoopBroken(RuntimeError):
    """The walk did not come out as it must."""


async def until(ask: Callable[[], Awaitable[Found]], is_so: Callable[[Found], bool]) -> Found:
    """Ask until it is so. Raises LoopBroken after a minute."""
    deadline = time.monotonic() + _LIMIT_S
    while True:
        found = await ask()
        if is_so(found):
            return found
        if time.monotonic() > deadline:
            raise LoopBroken(f"it did not come to be within {_LIMIT_S:.0f} s: {short(found)}")
        await asyncio.sleep(0.2)


def short(found: Found) -> str:
    """The beginning of an answer."""
    return json.dumps(found, ensure_ascii=False)[:200]


@dataclass
class Shopper:
    """Somebody new, so that the walk may be walked again on the same data."""

    called: str
    shown: str
    """Her name, as letters address her."""
    gateway: Api
    inbox: str
    console: Console
    clock: Clock
    locale: str = "fa"
    name: str = field(init=False)
    """The shop's id of her."""
    letters: int = 0
    """How many she has looked at."""

    def __post_init__(self) -> None:
        self.name = f"{self.called}-{secrets.token_hex(3)}"
        self.address = f"{self.name}@narges.example"

    async def introduce(self, purposes: tuple[str, ...], since: str) -> str:
        """Make her known, and what she agreed to. The platform's id of her."""
        who = {"userId": self.name, "traits": {"name": self.shown, "email": self.address, "locale": self.locale}}
        await self.gateway.post("/v1/identify", {"messageId": f"i-{self.name}", **who})
        found = await until(self._find, bool)
        for purpose in purposes:
            consent = {"customer_id": self.name, "channel": "email", "purpose": purpose, "state": "given"}
            await self.gateway.post("/v1/consents", consent | {"occurred_at": since, "source": "checkout"})
        return str(found["customer"])

    async def be_asked(self, feedback: Api, survey: str, customer: str) -> None:
        """Have her asked by staff, once feedback has heard of her."""

        async def ask() -> Found:
            try:
                form = {"customer": customer, "survey": survey, "occasion": self.name}
                return await feedback.post("/v1/invitations", form)
            except ApiError:
                return {}

        await until(ask, bool)

    async def order(self, name: str, at: str) -> None:
        """She buys."""
        told = {"order_id": f"{self.name}-{name}", "revenue": POINTS_PER_ORDER, "currency": "EUR"}
        await self._track(f"{name}-ordered", "Order Completed", told, at)

    async def take_delivery(self, name: str) -> None:
        """What she bought is brought to her."""
        await self._track(f"{name}-delivered", "Order Delivered", {"order_id": f"{self.name}-{name}"}, self.ago())

    async def next_letter(self) -> Found:
        """The next letter that she gets; {} where letters go elsewhere."""
        if not self.inbox:
            return {}
        self.letters += 1
        found = (await until(self._look, lambda found: len(found["letters"]) >= self.letters))["letters"]
        letter: Found = found[-self.letters]
        where = f"{self.inbox}/letters/{letter['number']}"
        self.console.print(f"  in {self.shown}'s inbox: {letter['subject']}  {where}", markup=False, soft_wrap=True)
        return letter

    async def page_of_next_survey(self) -> str:
        """Where the link of the next letter leads, without a score chosen; empty where letters go elsewhere."""
        letter = await self.next_letter()
        return min(_LINK.findall(letter["text"])) if letter else ""

    def ago(self, **span: int) -> str:
        """So long ago, as events have it."""
        moment: datetime = self.clock.now() - timedelta(**span)
        return moment.isoformat()

    async def _track(self, message: str, event: str, told: Found, at: str) -> None:
        said = {"messageId": f"{self.name}-{message}", "userId": self.name, "timestamp": at}
        await self.gateway.post("/v1/track", {**said, "event": event, "properties": told})

    async def _find(self) -> Found:
        try:
            return await self.gateway.post("/v1/customers/find", {"customer_id": self.name})
        except ApiError:
            return {}

    async def _look(self) -> Found:
        async with httpx.AsyncClient(base_url=self.inbox, timeout=10) as client:
            return {"letters": (await client.get("/letters.json", params={"to": self.address})).json()}
