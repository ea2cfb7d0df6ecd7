"""Slice `privacy`: what loyalty holds of a person, for an export and for an erasure. It holds facts by surrogate id."""

from services.loyalty.privacy.commands import export_person, standing_of
from services.loyalty.privacy.consumer import erasure_handler

__all__ = ["erasure_handler", "export_person", "standing_of"]
