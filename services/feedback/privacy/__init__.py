"""Slice `privacy`: what feedback holds of a person, for an export and for an erasure."""

from services.feedback.privacy.commands import export_person, standing_of
from services.feedback.privacy.consumer import erasure_handler

__all__ = ["erasure_handler", "export_person", "standing_of"]
