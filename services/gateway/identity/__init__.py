"""Slice `identity`: gives every person a surrogate id, finds it again by what a shop sends, knows whose an order is."""

from services.gateway.identity.commands import (
    Identity,
    IdentityTrouble,
    Owner,
    find_owners,
    merge_customers,
    person_of,
    unmerge_customer,
)
from services.gateway.identity.domain import Claim, Kind, Mark, Marker, MarkingRules, Profile, Recognition
from services.gateway.identity.events import customer_key, customer_merged, customer_updated
from services.gateway.identity.store import identify, save

__all__ = [
    "Claim",
    "Identity",
    "IdentityTrouble",
    "Kind",
    "Mark",
    "Marker",
    "MarkingRules",
    "Owner",
    "Profile",
    "Recognition",
    "customer_key",
    "customer_merged",
    "customer_updated",
    "find_owners",
    "identify",
    "merge_customers",
    "person_of",
    "save",
    "unmerge_customer",
]
