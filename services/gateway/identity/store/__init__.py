"""Every query of the slice."""

from services.gateway.identity.store.claiming import identify
from services.gateway.identity.store.erasing import Forgotten, Joined, forget, lock_group
from services.gateway.identity.store.looking import Shown, find, whole_person
from services.gateway.identity.store.writing import save

__all__ = ["Forgotten", "Joined", "Shown", "find", "forget", "identify", "lock_group", "save", "whole_person"]
