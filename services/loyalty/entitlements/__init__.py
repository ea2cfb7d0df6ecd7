"""entitlements: what is granted elsewhere is told there by signed webhook, at least once: granted, and taken back."""

from services.loyalty.entitlements.commands import (
    Endpoint,
    EntitlementTrouble,
    list_deliveries,
    remove_endpoint,
    retry_delivery,
    rotate_secret,
    set_endpoint,
    show_endpoint,
)
from services.loyalty.entitlements.domain import Notice, State, Told, Worth
from services.loyalty.entitlements.jobs import Sender, keep_sending
from services.loyalty.entitlements.sealing import Vault
from services.loyalty.entitlements.store import Delivery, Kept, note, of_customer

__all__ = [
    "Delivery",
    "Endpoint",
    "EntitlementTrouble",
    "Kept",
    "Notice",
    "Sender",
    "State",
    "Told",
    "Vault",
    "Worth",
    "keep_sending",
    "list_deliveries",
    "note",
    "of_customer",
    "remove_endpoint",
    "retry_delivery",
    "rotate_secret",
    "set_endpoint",
    "show_endpoint",
]
