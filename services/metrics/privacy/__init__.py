"""Slice `privacy`: what metrics holds of a person, for an export and for an erasure. It holds facts by surrogate id."""

from services.metrics.privacy.commands import export_person
from services.metrics.privacy.consumer import erasure_handler

__all__ = ["erasure_handler", "export_person"]
