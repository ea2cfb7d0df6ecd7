"""Every query of the slice."""

from services.gateway.identity.store.claiming import identify
from services.gateway.identity.store.erasing import Forgotten, Joined, forget, lock_groups
from services.gateway.identity.store.looking import Merged, Shown, erased_among, find, merges_of, whole_person
from services.gateway.identity.store.writing import save

__all__ = [
    "Forgotten",
    "Joined",
    "Merged",
    "Shown",
    "erased_among",
    "find",
    "forget",
    "identify",
    "lock_groups",
    "merges_of",
    "save",
    "whole_person",
]
