"""Slice `privacy`: what campaigns holds of a person, for an export and for an erasure."""

from services.campaigns.privacy.commands import export_person, standing_of
from services.campaigns.privacy.consumer import erasure_handler

__all__ = ["erasure_handler", "export_person", "standing_of"]
