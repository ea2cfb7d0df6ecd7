"""Slice `webhooks`: orders of Shopify and WooCommerce as their webhooks send them, and the connections they come by."""

from services.gateway.webhooks.api import PATH, webhooks_router
from services.gateway.webhooks.commands import (
    Connected,
    add_connection,
    list_connections,
    remove_connection,
    rotate_connection,
)
from services.gateway.webhooks.domain import ConnectionTrouble
from services.gateway.webhooks.events import ADAPTORS

VENDORS = tuple(sorted(ADAPTORS))

__all__ = [
    "PATH",
    "VENDORS",
    "Connected",
    "ConnectionTrouble",
    "add_connection",
    "list_connections",
    "remove_connection",
    "rotate_connection",
    "webhooks_router",
]
