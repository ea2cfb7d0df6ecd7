"""Settings of loyalty."""

from __future__ import annotations

from pydantic import Field

from shared.settings import PlatformSettings


class LoyaltySettings(PlatformSettings):
    """Little beyond what all processes share: what a programme does is its own data, versioned in tables."""

    entitlement_loopback: bool = Field(
        False, description="Lets receivers of entitlements be on this machine, over HTTP as well: for trying out alone."
    )
