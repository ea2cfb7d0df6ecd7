"""What senders write ↔ raw events: Segment's calls and CloudEvents in, messages for the raw topics out."""

from services.gateway.collector.events.cloud import read_cloud
from services.gateway.collector.events.messages import (
    Desk,
    Message,
    Said,
    explain,
    kept_order_message,
    order_message,
    unread_message,
)
from services.gateway.collector.events.segment import CALLS, Batch, read_call

__all__ = [
    "CALLS",
    "Batch",
    "Desk",
    "Message",
    "Said",
    "explain",
    "kept_order_message",
    "order_message",
    "read_call",
    "read_cloud",
    "unread_message",
]
