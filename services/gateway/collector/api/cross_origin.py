"""Pages of shops send events from the browser: the collector's routes, and no others, answer to other origins.

Nothing is given away by it. The write key in a page is public by its nature, and its scope can only collect; no
cookie counts here, and no answer tells more than what was sent.
"""

from __future__ import annotations

from collections.abc import Set

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Encoding, X-Api-Key, X-Request-Id",
    "Access-Control-Max-Age": "86400",
}
_EXPOSED = b"Retry-After, X-Request-Id"


class CrossOrigin:
    """ASGI middleware around the whole application, so that refusals can be read as well."""

    def __init__(self, app: ASGIApp, *, paths: Set[str], origins: str) -> None:
        """`origins`: separated by spaces, or `*`."""
        self._app = app
        self._paths = paths
        self._origins = frozenset(origin.encode() for origin in origins.split())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in self._paths:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        origin = headers.get(b"origin")
        allowed = self._allowed(origin) if origin else None
        if allowed is None:
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
            answer = {"Access-Control-Allow-Origin": allowed.decode("latin-1"), "Vary": "Origin"} | _PREFLIGHT
            await Response(status_code=204, headers=answer)(scope, receive, send)
        else:
            await self._app(scope, receive, _marked(send, allowed))

    def _allowed(self, origin: bytes) -> bytes | None:
        if b"*" in self._origins:
            return b"*"
        return origin if origin in self._origins else None


def _marked(send: Send, allowed: bytes) -> Send:
    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                *message.get("headers", ()),
                (b"access-control-allow-origin", allowed),
                (b"access-control-expose-headers", _EXPOSED),
                (b"vary", b"Origin"),
            ]
        await send(message)

    return marked
