"""Slice `pacing`: when a shop's customers may be sent messages, and how often; judged by who claims messages."""

from services.campaigns.pacing.domain import NOW, Pace, Past, Policy, pace, window_max
from services.campaigns.pacing.store import hold, policies_of
from services.campaigns.pacing.zones import zone_of

__all__ = ["NOW", "Pace", "Past", "Policy", "hold", "pace", "policies_of", "window_max", "zone_of"]
