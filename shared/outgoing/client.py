"""The client of calls to the outside: asks addresses that others give, and reaches nothing of ours by them.

Over HTTPS alone. A name is resolved once, all its addresses are judged, and the connection goes to the very address
that was judged: a name that resolves to something else a moment later gains nothing. No redirect is followed, no proxy
of the environment is used, and size and time are bounded, however slowly the other side talks.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

import httpcore

from shared.outgoing.addresses import Answer, NotConnected, Refused, Unreachable, Unreadable, check_url, is_public

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
_CONNECT_SECONDS = 5.0


class Outgoing:
    """A client for such calls, one for each process. An async context manager."""

    def __init__(
        self,
        *,
        loopback: bool = False,
        seconds_max: float = 30.0,
        bytes_max: int = 16_000_000,
        user_agent: str = "Mandegar",
        resolve: Resolve | None = None,
        backend: httpcore.AsyncNetworkBackend | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """`seconds_max`: a whole call, from the name to the last byte. `bytes_max`: of a body.

        `trust`: whose certificates hold; None: those that this machine trusts. They must name the host that was asked,
        whatever it resolves to.
        """
        self._loopback = loopback
        self._seconds_max = seconds_max
        self._bytes_max = bytes_max
        self._agent = user_agent
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust or ssl.create_default_context(),
            max_connections=20,
            max_keepalive_connections=5,
            keepalive_expiry=15.0,
            network_backend=_Judging(resolve or _resolve, backend or httpcore.AnyIOBackend(), loopback=loopback),
        )

    async def __aenter__(self) -> Outgoing:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.aclose()

    async def call(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """Ask, and read all of the answer. A redirect is an answer like another. Raises Refused, Unreachable

        (NotConnected where nothing was asked, Unreadable where an answer came that may not be read)."""
        check_url(url, loopback=self._loopback)
        sent = {"User-Agent": self._agent, "Accept-Encoding": "identity"} | dict(headers or {})
        try:
            async with asyncio.timeout(self._seconds_max):
                return await self._call(method, url, sent, body)
        except TimeoutError:
            raise Unreachable("did not answer in time") from None
        except (httpcore.LocalProtocolError, httpcore.UnsupportedProtocol):
            raise Refused("cannot be asked like that: a header or the address has signs that it may not have") from None
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout):
            raise NotConnected("could not be reached") from None
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, ssl.SSLError, OSError):
            raise Unreachable("could not be reached, or broke off its answer") from None

    async def _call(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        limits = {"connect": _CONNECT_SECONDS, "read": self._seconds_max, "write": self._seconds_max, "pool": 5.0}
        async with self._pool.stream(
            method, url, headers=list(headers.items()), content=body, extensions={"timeout": limits}
        ) as response:
            found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            if found.get("content-encoding", "identity").lower() != "identity":
                raise Unreadable("answers packed, though it was asked not to")
            chunks: list[bytes] = []
            size = 0
            async with _closing(response.aiter_stream()) as stream:
                async for chunk in stream:
                    size += len(chunk)
                    if size > self._bytes_max:
                        raise Unreadable(f"answers with more than {self._bytes_max:,} bytes")
                    chunks.append(chunk)
            return Answer(response.status, found, b"".join(chunks))


class _Judging(httpcore.AsyncNetworkBackend):
    """Opens connections to addresses that were judged, never to names."""

    def __init__(self, resolve: Resolve, below: httpcore.AsyncNetworkBackend, *, loopback: bool) -> None:
        self._resolve = resolve
        self._below = below
        self._loopback = loopback

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._resolve(host, port)
        if not addresses:
            raise httpcore.ConnectError("the name does not resolve")
        if not all(self._is_allowed(address) for address in addresses):
            raise Refused("leads to an address that is not on the internet")
        failed: Exception | None = None
        for address in addresses[:3]:
            try:
                return await self._below.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore.ConnectError("no address answered")

    async def sleep(self, seconds: float) -> None:
        await self._below.sleep(seconds)

    def _is_allowed(self, address: str) -> bool:
        return is_public(address) or (self._loopback and ip_address(address.partition("%")[0]).is_loopback)


async def _resolve(host: str, port: int) -> Sequence[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        return ()
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@asynccontextmanager
async def _closing(stream: AsyncIterator[bytes]) -> AsyncIterator[AsyncIterator[bytes]]:
    try:
        yield stream
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
