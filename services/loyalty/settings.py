"""Settings of loyalty."""

from __future__ import annotations

from shared.settings import PlatformSettings


class LoyaltySettings(PlatformSettings):
    """Nothing beyond what all processes share: what a programme does is its own data, versioned in tables."""
