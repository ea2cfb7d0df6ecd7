"""Asking a shop's API, page by page: limits kept, what may pass tried again, what will not told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import msgspec

from services.gateway.pulling.domain import Place, PullTrouble, next_place, pause_seconds
from services.gateway.pulling.events import SYSTEMS, Found, Head
from shared.outgoing import Answer, Refused, Unreachable

if TYPE_CHECKING:
    from shared.outgoing.client import Outgoing

_ATTEMPTS = 4
_BUSY_ATTEMPTS = 8
_FIRST_WAIT_SECONDS = 0.5
Sleep = Callable[[float], Awaitable[None]]


class Api(NamedTuple):
    """Whose API, where, and what opens it. Sealed as a whole, so that nobody can point a token elsewhere."""

    vendor: str
    base: str
    token: str


class Page(NamedTuple):
    """Orders of one page, as their adaptor reads them."""

    documents: list[bytes]
    newest: datetime | None
    heads: Sequence[Head] = ()


class Asking:
    """One run of questions to one API."""

    def __init__(
        self,
        outgoing: Outgoing,
        api: Api,
        is_known: Callable[[Head], bool] = lambda _head: False,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`is_known`: of an order that was read and sent before, just as it is now."""
        self._is_known = is_known
        self._outgoing = outgoing
        self._api = api
        self._system = SYSTEMS[api.vendor]
        self._headers = self._system.headers(api.token)
        self._sleep = sleep
        self.calls = 0
        self.has_more = False
        """After `pages`: whether it ended because it may take no more."""

    async def pages(self, since: datetime, pages_max: int) -> AsyncGenerator[Page, None]:
        """Pages of orders that changed since, the oldest change first. Raises PullTrouble.

        Deleted orders come first where they must be asked for apart; they carry no place to go on from.
        """
        if self._system.hidden:
            async with aclosing(self._sweep(since, pages_max, self._system.hidden)) as hidden:
                async for page in hidden:
                    yield page._replace(newest=None)
        async with aclosing(self._sweep(since, pages_max, "")) as pages:
            async for page in pages:
                yield page

    async def _sweep(self, since: datetime, pages_max: int, more: str) -> AsyncGenerator[Page, None]:
        place: Place | None = Place(since)
        for _ in range(pages_max):
            if place is None:
                break
            answer = await self._ask(place.url or self._system.url(self._api.base, place.since, place.page) + more)
            found = self._read(answer, place.page)
            newest = max((head.updated for head in found.heads), default=None)
            heads = [head for head in found.heads if not self._is_known(head)]
            yield Page(await self._documents(heads), newest, heads)
            place = next_place(place, newest, self._checked(found.next_url), is_last=found.is_last)
        self.has_more |= place is not None

    def _read(self, answer: Answer, page: int) -> Found:
        try:
            return self._system.read(answer.body, answer.headers, page)
        except (msgspec.MsgspecError, ValueError, TypeError, RecursionError, ArithmeticError):  # or no such time
            raise PullTrouble("the API's answer is not what it is documented to be; is the address right?") from None

    async def _documents(self, heads: Sequence[Head]) -> list[bytes]:
        answers = {}
        for question in self._system.questions(self._api.base, heads):
            answers[question.key] = (await self._ask(question.url)).body
        try:
            return self._system.documents(heads, answers)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise PullTrouble("the API's answer is not what it is documented to be; is the address right?") from None

    def _checked(self, url: str) -> str:
        """An address that the API names itself: the token goes to no other host."""
        if not url:
            return ""
        wanted, given = urlsplit(self._api.base), urlsplit(url)
        if (wanted.scheme, wanted.netloc) != (given.scheme, given.netloc):
            raise PullTrouble("the API names a next page on another host")
        return url

    async def _ask(self, url: str) -> Answer:
        """An answer of success. What may pass is tried again, and a system that is busy is waited for."""
        failed = busy = 0
        while True:
            self.calls += 1
            try:
                answer = await self._outgoing.call("GET", url, self._headers)
            except Refused as refused:
                raise PullTrouble(f"the API's address {refused}") from None
            except Unreachable as error:
                failed += 1
                if failed >= _ATTEMPTS:
                    raise PullTrouble(f"the API {error}") from None
                await self._sleep(_FIRST_WAIT_SECONDS * 2**failed)
                continue
            if answer.status in (200, 204):
                if pause := self._system.pause(answer.headers):
                    await self._sleep(pause)
                return answer
            if answer.status == 429 and busy < _BUSY_ATTEMPTS:
                busy += 1
                await self._sleep(_busy_seconds(answer))
            elif answer.status >= 500 and failed < _ATTEMPTS - 1:
                failed += 1
                await self._sleep(_FIRST_WAIT_SECONDS * 2**failed)
            else:
                raise PullTrouble(_why(answer.status))


def _busy_seconds(answer: Answer) -> float:
    if "x-rate-limit-time-reset-ms" in answer.headers:
        return pause_seconds(answer.headers["x-rate-limit-time-reset-ms"], 0.001)
    return pause_seconds(answer.headers.get("retry-after", ""))


def _why(status: int) -> str:
    if status in (401, 403):
        return f"the API refuses the token ({status}): it may be wrong, or not allowed to read orders"
    if status == 404:
        return "the API is not at this address (404)"
    if 300 <= status < 400:
        return f"the API sends elsewhere ({status}): give the address that it sends to"
    if status == 429:
        return "the API stays busy (429)"
    return f"the API answers with {status}"
