"""Settings of metrics."""

from __future__ import annotations

from shared.settings import PlatformSettings


class MetricsSettings(PlatformSettings):
    """Nothing beyond what all processes share: windows and thresholds are the shop's own settings."""
