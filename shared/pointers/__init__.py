"""pointers: whom a customer is counted as, since identities may be merged. Kept by a service from `customers.v1`.

`domain` is pure, `reading` turns events into it, `store` and `tables` are what a service keeps in its own schema. What
may not live here: what it means to a service that an identity moves, and the locks that it takes for that.
"""

from shared.pointers.domain import Key, Move, Pointer, Pointers
from shared.pointers.reading import told_of
from shared.pointers.store import (
    canonical_of,
    heed,
    identities_of,
    identities_of_all,
    keep,
    knows,
    merging,
    news,
    pointers_of,
)

__all__ = [
    "Key",
    "Move",
    "Pointer",
    "Pointers",
    "canonical_of",
    "heed",
    "identities_of",
    "identities_of_all",
    "keep",
    "knows",
    "merging",
    "news",
    "pointers_of",
    "told_of",
]
