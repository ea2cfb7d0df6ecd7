"""Slice `devices`: browsers that somebody registered for push."""

from services.campaigns.devices.domain import Browser, browser_of
from services.campaigns.devices.store import browsers_of, counted, forget, gone, shown_of

__all__ = ["Browser", "browser_of", "browsers_of", "counted", "forget", "gone", "shown_of"]
