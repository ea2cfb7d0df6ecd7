"""Settings of campaigns."""

from __future__ import annotations

from shared.settings import PlatformSettings


class CampaignsSettings(PlatformSettings):
    """Nothing beyond what all processes share."""
