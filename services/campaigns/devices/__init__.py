"""Slice `devices`: browsers that somebody registered for push."""

from services.campaigns.devices.domain import Browser
from services.campaigns.devices.store import browsers_of, counted, forget, gone, shown_of

__all__ = ["Browser", "browsers_of", "counted", "forget", "gone", "shown_of"]
