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
from services.gateway.identity.events import Cause, customer_key, customer_merged, customer_updated
from services.gateway.identity.store import (
    Forgotten,
    Joined,
    Merged,
    Shown,
    find,
    forget,
    identify,
    lock_groups,
    merges_of,
    save,
    whole_person,
)

__all__ = [
    "Cause",
    "Claim",
    "Forgotten",
    "Identity",
    "IdentityTrouble",
    "Joined",
    "Kind",
    "Mark",
    "Marker",
    "MarkingRules",
    "Merged",
    "Owner",
    "Profile",
    "Recognition",
    "Shown",
    "customer_key",
    "customer_merged",
    "customer_updated",
    "find",
    "find_owners",
    "forget",
    "identify",
    "lock_groups",
    "merge_customers",
    "merges_of",
    "person_of",
    "save",
    "unmerge_customer",
    "whole_person",
]
