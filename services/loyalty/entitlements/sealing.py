"""Secrets of endpoints for entitlements."""

from __future__ import annotations

from shared import receivers


class Vault(receivers.Vault):
    """Opens and seals them; those of other webhooks have other keys."""

    def __init__(self, secret_key: str) -> None:
        """`secret_key`: the platform's. ValueError when it is short."""
        super().__init__(secret_key, "entitlements")
