"""Slice `collector`: events of shops over HTTP, checked and written to the raw topics before they are acknowledged.

Webhooks of shop systems go the same way: the same reading, and the same producer.
"""

from services.gateway.collector.domain import Moment, Refused
from services.gateway.collector.events import (
    Desk,
    Message,
    Said,
    explain,
    kept_order_message,
    order_message,
    unread_message,
)
from services.gateway.collector.outside import Outlet, Unavailable, open_outlet

__all__ = [
    "Desk",
    "Message",
    "Moment",
    "Outlet",
    "Refused",
    "Said",
    "Unavailable",
    "explain",
    "kept_order_message",
    "open_outlet",
    "order_message",
    "unread_message",
]
