"""pointers: whom a customer is counted as, since identities may be merged. Kept from `customers.v1`."""

from services.metrics.pointers.domain import Move, Pointer, Pointers, newest
from services.metrics.pointers.store import canonical_of, heed, keep, knows, merging, pointers_of

__all__ = ["Move", "Pointer", "Pointers", "canonical_of", "heed", "keep", "knows", "merging", "newest", "pointers_of"]
