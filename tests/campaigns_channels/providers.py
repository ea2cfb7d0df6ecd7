"""Providers on this machine: they take messages, refuse them, break off, dawdle and talk nonsense, as they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from shared.testing.serving import Broken, served

SLOW_SECONDS = 1.5
TAKEN = frozenset({"accept", "broken", "break", "slow", "garbage"})
"""Words by which the provider has the message, whatever it answers."""


class Asked(NamedTuple):
    """One call."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def said(self) -> Any:
        return msgspec.json.decode(self.body)


class Vendor(Protocol):
    """How a provider names messages, and how it answers."""

    def name(self, asked: Asked) -> str:
        """By what it would know a repeat."""

    def accepted(self, asked: Asked) -> Response:
        """It has the message."""

    def refused(self) -> Response:
        """It will never take this message."""

    def known(self, asked: Asked, taken: list[str]) -> Response | None:
        """An answer to a question, where it was one."""


@dataclass
class Provider:
    """What came, and how it is answered."""

    vendor: Vendor
    base: str = ""
    script: list[str] = field(default_factory=list)
    """Words for the next answers; then all is accepted."""
    asked: list[Asked] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    """Names of the messages that it has, repeats as well."""

    async def handle(self, request: Request) -> Response:
        """Called with each call."""
        asked = Asked(request.url.path, dict(request.headers), await request.body())
        if (known := self.vendor.known(asked, self.taken)) is not None:
            return known
        self.asked.append(asked)
        word = self.script.pop(0) if self.script else "accept"
        if word in TAKEN:
            self.taken.append(self.vendor.name(asked))
        if word == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        return self._answer(word, asked)

    def _answer(self, word: str, asked: Asked) -> Response:
        answers: dict[str, Callable[[], Response]] = {
            "refuse": self.vendor.refused,
            "later": lambda: Response(status_code=503),
            "pause": lambda: Response(status_code=429, headers={"Retry-After": "600"}),
            "denied": lambda: Response(status_code=401),
            "broken": lambda: Response(status_code=500),
            "break": Broken,
            "lost": Broken,
            "garbage": lambda: PlainTextResponse("<html>Welcome to the hotel"),
            "elsewhere": lambda: RedirectResponse("/stolen", 307),
        }
        return answers.get(word, lambda: self.vendor.accepted(asked))()


@asynccontextmanager
async def a_provider(vendor: Vendor) -> AsyncIterator[Provider]:
    """Until the block ends."""
    provider = Provider(vendor)
    app = Starlette(routes=[Route("/{path:path}", provider.handle, methods=["GET", "POST"])])
    async with served(app) as provider.base:
        yield provider


class KavenegarLike:
    """https://kavenegar.com/rest.html"""

    def name(self, asked: Asked) -> str:
        """Its local id; a pattern send has none."""
        return asked.form.get("localid", asked.form["receptor"])

    def accepted(self, asked: Asked) -> Response:
        """With a number of the provider's."""
        return _kavenegar(200, [{"messageid": 8_792_343, "status": 1, "receptor": asked.form["receptor"]}])

    def refused(self) -> Response:
        """The number is none."""
        return _kavenegar(411)

    def known(self, asked: Asked, taken: list[str]) -> Response | None:
        """`statuslocalmessageid`."""
        if not asked.path.endswith("/sms/statuslocalmessageid.json"):
            return None
        there = asked.form["localid"] in taken
        return _kavenegar(200, [{"messageid": 8_792_343 if there else 0, "status": 1 if there else 100}])


def _kavenegar(status: int, entries: list[dict[str, Any]] | None = None) -> Response:
    return JSONResponse({"return": {"status": status, "message": "…"}, "entries": entries}, status)


class TwilioLike:
    """https://www.twilio.com/docs/messaging/api/message-resource"""

    def name(self, asked: Asked) -> str:
        """It goes by the address for reports."""
        return asked.form["StatusCallback"].rpartition("/")[2]

    def accepted(self, asked: Asked) -> Response:
        """With an id of the provider's."""
        return JSONResponse({"sid": "SM0001", "status": "queued", "to": asked.form["To"]}, 201)

    def refused(self) -> Response:
        """The number is none."""
        return JSONResponse({"code": 21_211, "message": "Invalid 'To' Phone Number: +98…", "status": 400}, 400)

    def known(self, asked: Asked, taken: list[str]) -> Response | None:
        """It cannot be asked."""
        return None


class ReceiverLike:
    """https://www.standardwebhooks.com"""

    def name(self, asked: Asked) -> str:
        """The webhook's id."""
        return asked.headers["webhook-id"]

    def accepted(self, asked: Asked) -> Response:
        """Nothing to say."""
        return Response(status_code=204)

    def refused(self) -> Response:
        """It cannot read this."""
        return Response(status_code=422)

    def known(self, asked: Asked, taken: list[str]) -> Response | None:
        """It is asked nothing."""
        return None


class PushLike(ReceiverLike):
    """RFC 8030."""

    def name(self, asked: Asked) -> str:
        """The topic replaces what waits under it."""
        return asked.headers["topic"]

    def accepted(self, asked: Asked) -> Response:
        """It keeps it for the browser."""
        return Response(status_code=201, headers={"Location": "/message/1"})

    def refused(self) -> Response:
        """It is too large."""
        return Response(status_code=413)
