"""Secrets of connections, encrypted by the platform's secret, each bound to its connection."""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.webhooks.domain import Address
from shared.messaging.dead_letters import Cipher

_PURPOSE = b"mandegar connections"


class Vault:
    """Opens and seals them."""

    def __init__(self, secret_key: str) -> None:
        """`secret_key`: the platform's. ValueError when it is short."""
        self._cipher = Cipher(secret_key, purpose=_PURPOSE)

    def seal(self, secret: str, address: Address, use: str = "") -> bytes:
        """The secret, encrypted, and bound to its `use` where that is not the signing of webhooks."""
        return self._cipher.seal(secret.encode(), f"connection/{address}{use}")

    def open(self, sealed: Sequence[bytes], address: Address, use: str = "") -> tuple[str, ...]:
        """The secrets. ValueError when they were sealed with another platform secret, or for another use."""
        return tuple(self._cipher.open(one, f"connection/{address}{use}").decode() for one in sealed)
