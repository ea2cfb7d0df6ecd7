"""From `customers.v1` to pointers."""

from __future__ import annotations

from msgspec import UNSET

from shared.contracts.customers import CustomerEvent, CustomerMerged, CustomerUnmerged
from shared.kernel import parse_customer_id
from shared.pointers.domain import Pointer


def pointer_of(event: CustomerEvent, shop: int, position: int) -> Pointer:
    """What an event says of its identity. `position`: of the event in its batch. ValueError when an id is none."""
    return Pointer(
        shop,
        int(parse_customer_id(event.data.customer)),
        int(parse_customer_id(event.data.canonical)),
        0 if event.sequence is UNSET else event.sequence,
        position,
        isinstance(event, CustomerMerged | CustomerUnmerged),
    )
