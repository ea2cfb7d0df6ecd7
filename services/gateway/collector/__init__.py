"""Slice `collector`: events of shops over HTTP, checked and written to the raw topics before they are acknowledged.

Webhooks of shop systems go the same way: the same reading, and the same producer.
"""

from services.gateway.collector.api import BODIES, CrossOrigin, collector_router, open_outlet
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
from services.gateway.collector.outside import Outlet, Unavailable

__all__ = [
    "BODIES",
    "CrossOrigin",
    "Desk",
    "Message",
    "Moment",
    "Outlet",
    "Refused",
    "Said",
    "Unavailable",
    "collector_router",
    "explain",
    "kept_order_message",
    "open_outlet",
    "order_message",
    "unread_message",
]
