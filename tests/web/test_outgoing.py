"""Calls to addresses that others give: nothing of ours is reached, nothing is followed, all is bounded."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.outgoing import Refused, Unreachable, check_url, is_public
from shared.outgoing.client import Outgoing

_PRIVATE = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::"),
    "not an address",
]
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


@pytest.mark.parametrize("address", _PRIVATE)
def test_an_address_that_is_not_on_the_internet_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111"])
def test_an_address_of_the_internet_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *("http://shop.example/", "ftp://shop.example/", "file:///etc/passwd", "//shop.example", "shop.example", ""),
        *("https://user:word@shop.example/", "https://user@shop.example", "https:///path", "https://shop.example:0/"),
        *("https://shop.example:99999/", "https://shop.example/a b", "https://shop.example/\r\nX: y", "https://[::1"),
        *("https://shop.example\\@evil.example/", "https://فروشگاه.example/", "https://shop.example/" + "x" * 4_000),
    ],
)
def test_what_is_no_plain_https_address_is_refused_before_anything_is_resolved(url: str) -> None:
    with pytest.raises(Refused) as refused:
        check_url(url)
    assert url == "" or url not in str(refused.value)


class Recorded(httpcore.AsyncNetworkBackend):
    """Tells where it was to connect to, and does not."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        self.asked.append(host)
        raise httpcore.ConnectError

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def resolving(*answers: Sequence[str]) -> Any:
    """A resolver that answers so, one after the other, and then no more."""
    left = list(answers)

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return left.pop(0)

    return resolve


@pytest.mark.parametrize("address", _PRIVATE[:-1])
async def test_a_name_that_leads_inside_is_refused_at_connect(address: str) -> None:
    backend = Recorded()
    async with Outgoing(resolve=resolving([address]), backend=backend) as outgoing:
        with pytest.raises(Refused, match="not on the internet"):
            await outgoing.call("GET", "https://shop.example/")
    assert not backend.asked


async def test_one_address_inside_among_others_is_enough_to_refuse_the_name() -> None:
    backend = Recorded()
    async with Outgoing(resolve=resolving(["8.8.8.8", "10.0.0.1"]), backend=backend) as outgoing:
        with pytest.raises(Refused):
            await outgoing.call("GET", "https://shop.example/")
    assert not backend.asked


async def test_the_connection_goes_to_the_address_that_was_judged_and_the_name_is_not_resolved_again() -> None:
    backend = Recorded()
    resolve = resolving(["8.8.8.8"], ["127.0.0.1"])  # a name that rebinds between two looks
    async with Outgoing(resolve=resolve, backend=backend) as outgoing:
        with pytest.raises(Unreachable):
            await outgoing.call("GET", "https://shop.example/")
        assert backend.asked == ["8.8.8.8"]
        with pytest.raises(Refused):
            await outgoing.call("GET", "https://shop.example/")
    assert backend.asked == ["8.8.8.8"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"])
async def test_this_machine_is_not_reached_in_any_spelling(host: str) -> None:
    async with Outgoing() as outgoing:
        with pytest.raises((Refused, Unreachable)) as failed:
            await outgoing.call("GET", f"https://{host}/")
    if host in ("127.0.0.1", "localhost", "[::1]"):
        assert isinstance(failed.value, Refused)


@pytest.mark.parametrize("url", ["http://shop.example/", "http://93.184.216.34/", "http://127.0.0.1.shop.example/"])
def test_loopback_for_tests_sends_nothing_in_clear_over_the_internet(url: str) -> None:
    with pytest.raises(Refused, match="https"):
        check_url(url, loopback=True)
    for own in ("http://127.0.0.1:8080/x", "http://[::1]/", "http://localhost:1/"):
        assert check_url(own, loopback=True) == own


async def test_loopback_for_tests_opens_this_machine_and_nothing_else_inside() -> None:
    async with Outgoing(loopback=True, resolve=resolving(["10.0.0.1"])) as outgoing:
        with pytest.raises(Refused):
            await outgoing.call("GET", "http://shop.example/")


@asynccontextmanager
async def serving(handle: Handler, offered: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=offered)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def answering(*parts: bytes, pause: float = 0.0) -> Handler:
    """A server that sends these bytes to whoever asks."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause)
        except ConnectionError:
            pass
        finally:
            writer.close()

    return handle


def certified(directory: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate of this name, and that of a client who trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = directory / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))


@pytest.mark.parametrize("host", ["shop.example", "other.example"])
async def test_the_certificate_must_name_the_host_that_was_asked_though_an_address_is_connected_to(
    tmp_path: Path, host: str
) -> None:
    offered, trust = certified(tmp_path, "shop.example")
    told = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    async with (
        serving(answering(told), offered) as url,
        Outgoing(loopback=True, resolve=resolving(["127.0.0.1"]), trust=trust) as outgoing,
    ):
        asked = f"https://{host}:{url.rpartition(':')[2]}/"
        if host == "shop.example":
            assert (await outgoing.call("GET", asked)).body == b"ok"
        else:
            with pytest.raises(Unreachable):
                await outgoing.call("GET", asked)


async def test_a_certificate_that_nobody_trusts_ends_the_call(tmp_path: Path) -> None:
    offered, _ = certified(tmp_path, "shop.example")
    async with (
        serving(answering(b""), offered) as url,
        Outgoing(loopback=True, resolve=resolving(["127.0.0.1"])) as outgoing,
    ):
        with pytest.raises(Unreachable):
            await outgoing.call("GET", f"https://shop.example:{url.rpartition(':')[2]}/")


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    told = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with serving(answering(told)) as url, Outgoing(loopback=True) as outgoing:
        answer = await outgoing.call("GET", url)
    assert (answer.status, answer.headers["location"]) == (302, "http://127.0.0.1:1/")


async def test_an_endless_body_is_read_no_further_than_its_limit() -> None:
    endless = [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 65_536] * 1_000]
    async with serving(answering(*endless)) as url, Outgoing(loopback=True, bytes_max=100_000) as outgoing:
        with pytest.raises(Refused, match="100,000"):
            await outgoing.call("GET", url)


async def test_a_body_that_drips_is_given_up_when_time_is_over() -> None:
    dripping = [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", *[b"x"] * 1_000]
    async with serving(answering(*dripping, pause=0.02)) as url, Outgoing(loopback=True, seconds_max=0.3) as outgoing:
        with pytest.raises(Unreachable, match="in time"):
            await outgoing.call("GET", url)


@pytest.mark.parametrize("told", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nxx", b"hello\r\n\r\n"])
async def test_a_broken_answer_may_pass(told: bytes) -> None:
    async with serving(answering(told)) as url, Outgoing(loopback=True) as outgoing:
        with pytest.raises(Unreachable):
            await outgoing.call("GET", url)


async def test_a_packed_answer_is_refused_since_it_may_unpack_to_anything() -> None:
    told = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx"
    async with serving(answering(told)) as url, Outgoing(loopback=True) as outgoing:
        with pytest.raises(Refused, match="packed"):
            await outgoing.call("GET", url)


async def test_a_header_of_two_lines_is_refused_and_never_sent() -> None:
    async with serving(answering(b"")) as url, Outgoing(loopback=True) as outgoing:
        with pytest.raises(Refused):
            await outgoing.call("GET", url, {"X-Token": "one\r\nX-Other: two"})


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    told = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    async with serving(answering(told)) as url, Outgoing(loopback=True) as outgoing:
        assert (await outgoing.call("POST", url, body=b"{}")).body == b"ok"
