"""Slice `webhooks`: orders as shop systems tell them, in their webhooks or APIs, and the connections they come by."""

from services.gateway.webhooks.commands import (
    Connected,
    add_connection,
    find_connection,
    list_connections,
    remove_connection,
    rotate_connection,
)
from services.gateway.webhooks.domain import Address, ConnectionTrouble
from services.gateway.webhooks.events import ADAPTORS, read_order
from services.gateway.webhooks.secrets import Vault

VENDORS = tuple(sorted(ADAPTORS))

__all__ = [
    "ADAPTORS",
    "VENDORS",
    "Address",
    "Connected",
    "ConnectionTrouble",
    "Vault",
    "add_connection",
    "find_connection",
    "list_connections",
    "read_order",
    "remove_connection",
    "rotate_connection",
]
