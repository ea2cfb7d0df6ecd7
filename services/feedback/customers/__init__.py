"""Slice `customers`: who is one person with whom, their language, stage and tier. Whoever writes anything of a customer
holds the customer first."""

from services.feedback.customers.consumer import on_customers, on_lifecycle, on_tiers
from services.feedback.customers.domain import Customer, Standing, standing_of
from services.feedback.customers.store import (
    counted,
    customers_of,
    forget,
    hold_pointers,
    is_known,
    lock,
    note_order,
    some_after,
    standing,
)

__all__ = [
    "Customer",
    "Standing",
    "counted",
    "customers_of",
    "forget",
    "hold_pointers",
    "is_known",
    "lock",
    "note_order",
    "on_customers",
    "on_lifecycle",
    "on_tiers",
    "some_after",
    "standing",
    "standing_of",
]
