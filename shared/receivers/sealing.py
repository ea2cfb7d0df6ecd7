"""Secrets that webhooks are signed with, encrypted by the platform's secret, each bound to its shop."""

from __future__ import annotations

import base64
from collections.abc import Callable

from shared.messaging.dead_letters import Cipher

_SECRET_BYTES = 32


class Vault:
    """Opens and seals them."""

    def __init__(self, secret_key: str, what: str) -> None:
        """`secret_key`: the platform's; `what`: is told, such as `entitlements`. ValueError when the key is short."""
        self._cipher = Cipher(secret_key, purpose=f"mandegar {what}".encode())
        self._what = what

    def seal(self, secret: str, shop: int) -> bytes:
        """The secret, encrypted."""
        return self._cipher.seal(secret.encode(), f"{self._what}/{shop}")

    def open(self, sealed: bytes, shop: int) -> str:
        """The secret. ValueError when it was sealed with another platform secret, or for another shop."""
        return self._cipher.open(sealed, f"{self._what}/{shop}").decode()


def new_secret(random_bytes: Callable[[int], bytes]) -> str:
    """As Standard Webhooks writes them."""
    return "whsec_" + base64.b64encode(random_bytes(_SECRET_BYTES)).decode()
