"""Settings of gateway."""

from __future__ import annotations

from shared.settings import PlatformSettings


class GatewaySettings(PlatformSettings):
    """Nothing beyond what all processes share: `secret_key` also keys the fingerprints of customers' identifiers."""
