"""Slice `identity`: gives every person a surrogate id, finds it again by what a shop sends, knows whose an order is."""

from services.gateway.identity.domain import Claim, Kind, Mark, Marker, MarkingRules, Profile, Recognition
from services.gateway.identity.events import customer_key, customer_merged, customer_updated
from services.gateway.identity.store import identify, save

__all__ = [
    "Claim",
    "Kind",
    "Mark",
    "Marker",
    "MarkingRules",
    "Profile",
    "Recognition",
    "customer_key",
    "customer_merged",
    "customer_updated",
    "identify",
    "save",
]
