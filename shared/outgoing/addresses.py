"""Addresses that may be asked, and what comes of asking. Pure: nothing is resolved or opened here."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

_URL_LENGTH_MAX = 4_000
_OWN_NAMES = frozenset({"127.0.0.1", "::1", "localhost"})
# Forms of IPv6 in which an IPv4 address travels: whoever means a public one can give it as it is.
_CARRIERS = [ip_network(text) for text in ("::ffff:0:0/96", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")]


class Refused(Exception):
    """The address may not be asked, or its answer may not be read. Another attempt changes nothing."""


class Unreadable(Refused):
    """The answer may not be read; what was asked has arrived."""


class Unreachable(Exception):
    """No answer this time: no connection, a time limit, an answer broken off. It may pass."""


class NotConnected(Unreachable):
    """There was no connection, so surely nothing was asked."""


class Answer(NamedTuple):
    """What came back, whatever its status. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def is_public(address: str) -> bool:
    """Whether an address lies on the internet: not private, link-local, loopback, mapped, multicast or reserved."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and any(found in carrier for carrier in _CARRIERS):
        return False
    if found.is_multicast or found.is_reserved or found.is_unspecified or not found.is_global:
        return False
    return isinstance(found, IPv4Address) or not (found.is_site_local or found.teredo or found.sixtofour)


def check_url(url: str, *, loopback: bool = False) -> str:
    """The URL, if it may be asked as far as its text tells. Raises Refused, whose message repeats nothing of it.

    `loopback`: this machine is allowed, over HTTP too; for tests and for trying out alone. Others are asked over HTTPS.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("is no address of the web") from None
    if len(url) > _URL_LENGTH_MAX or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise Refused("is no address of the web, or too long; names in other scripts are written as xn--…")
    own = loopback and parts.scheme == "http" and parts.hostname in _OWN_NAMES
    if parts.scheme != "https" and not own:
        raise Refused("must begin with https://")
    if not parts.hostname or "@" in parts.netloc or port == 0:
        raise Refused("must name a host, and no user")
    return url
