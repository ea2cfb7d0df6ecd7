"""Signatures and secrets of webhooks, and the names of connections. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

SECRET_LENGTH_MIN = 16
SECRET_LENGTH_MAX = 500
NAME_LENGTH_MAX = 100
CONNECTION_BYTES = 10
"""Random bytes of a connection's address: nobody finds it by trying."""
_DISTINCT_MIN = 6
_ADDRESS = re.compile(r"([1-9][0-9]{0,4})-([a-z2-7]{16})")
_SHOP_NUMBER_MAX = 32_767


class ConnectionTrouble(ValueError):
    """A connection cannot be made, found or used. The message is for the operator and repeats no secret."""


class Address(NamedTuple):
    """Where a shop system sends to: the last part of the path."""

    shop: int
    name: str

    def __str__(self) -> str:
        return f"{self.shop}-{self.name}"


def address_of(text: str) -> Address | None:
    """The address that a path names; None for what cannot be one."""
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found[1]) > _SHOP_NUMBER_MAX:
        return None
    return Address(int(found[1]), found[2])


def new_address(shop: int, random_bytes: Callable[[int], bytes]) -> Address:
    """A new address of a shop."""
    return Address(shop, base64.b32encode(random_bytes(CONNECTION_BYTES)).decode().lower())


def check_secret(secret: str) -> str:
    """The secret, trimmed. Raises ConnectionTrouble for an empty, short or guessable one."""
    text = secret.strip()
    if not text:
        raise ConnectionTrouble("the secret is empty: anybody could sign with it")
    if len(text) < SECRET_LENGTH_MIN or len(set(text)) < _DISTINCT_MIN:
        raise ConnectionTrouble(f"the secret must have at least {SECRET_LENGTH_MIN} characters, chosen at random")
    if len(text) > SECRET_LENGTH_MAX or not text.isprintable():
        raise ConnectionTrouble(f"the secret must have at most {SECRET_LENGTH_MAX} printable characters")
    return text


def check_name(name: str) -> str:
    """A connection's name, trimmed. Raises ConnectionTrouble."""
    text = name.strip()
    if not text or len(text) > NAME_LENGTH_MAX or not text.isprintable():
        raise ConnectionTrouble(f"name: 1 to {NAME_LENGTH_MAX} printable characters")
    return text


def is_signed(body: bytes, signature: str, secrets: Sequence[str]) -> bool:
    """Whether `signature` is base64(HMAC-SHA256(body)) by one of the secrets, each compared in constant time.

    Empty and short secrets sign nothing.
    """
    given = signature.strip().encode("utf-8", "replace")
    found = False
    for secret in secrets:
        if len(secret) < SECRET_LENGTH_MIN:
            continue
        digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
        found |= hmac.compare_digest(base64.b64encode(digest), given)
    return found
