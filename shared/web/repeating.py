"""`Idempotency-Key`: a write that is sent again, because its answer was lost, has one effect and the same answer.

    async def publish(caller: …, database: DatabaseDep, once: OnceDep, …) -> Response:
        async with database.write(caller.shop_id) as tx:
            if (told := await once.before(tx.conn, caller)) is not None:
                return told
            …
            return await once.keep(tx.conn, caller, answer)

The key and the answer commit with the write: what was refused is not kept, and is judged anew. A key is of one caller,
for a day; with another request it is refused.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import asyncpg
import msgspec
from fastapi import Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from shared.db.answers import Kept, claim, keep
from shared.problems import FieldError, invalid
from shared.web.callers import Caller

REPLAYED = "Idempotency-Replayed"
_KEPT_HEADERS = ("content-type", "etag", "location")


class Once:
    """Of one request. Without a key it lets everything through and keeps nothing."""

    def __init__(self, key: str | None, request: bytes) -> None:
        self._key = key
        self._request = request

    async def before(self, conn: asyncpg.Connection[Any], caller: Caller) -> Response | None:
        """The answer that was given before. First thing in the transaction. Problem 422 for another request's key."""
        if self._key is None:
            return None
        kept = await claim(conn, caller.shop_id, caller.actor, self._key, self._request)
        if kept is None:
            return None
        if kept.request != self._request:
            raise invalid(FieldError("header.idempotency-key", "was used for another request; draw a new one"))
        headers = msgspec.json.decode(kept.headers, type=dict[str, str]) | {REPLAYED: "true"}
        return Response(kept.body, kept.status, headers)

    async def keep(self, conn: asyncpg.Connection[Any], caller: Caller, answer: Response) -> Response:
        """The answer, kept. Last thing in the transaction."""
        if self._key is not None:
            headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
            kept = Kept(self._request, answer.status_code, msgspec.json.encode(headers).decode(), bytes(answer.body))
            await keep(conn, caller.shop_id, caller.actor, self._key, kept)
        return answer


async def _once(
    request: Request,
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            pattern=r"^[\x21-\x7e]{1,200}$",
            description="Drawn anew for each write, and sent with its repeats as well: they have one effect, and one "
            "answer for a day.",
        ),
    ] = None,
) -> Once:
    if key is None:
        return Once(None, b"")
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return Once(key, hashlib.sha256(asked + await request.body()).digest())


OnceDep = Annotated[Once, Depends(_once)]
