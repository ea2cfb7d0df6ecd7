"""From `customers.v1` to pointers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from msgspec import UNSET

from shared.contracts.customers import CustomerEvent, CustomerMerged, CustomerUnmerged
from shared.kernel import parse_customer_id
from shared.pointers.domain import Pointer


class Delivered(Protocol):
    """An event as a consumer has it."""

    @property
    def event(self) -> CustomerEvent:
        """As it was told."""
        ...


DeliveredT = TypeVar("DeliveredT", bound=Delivered)


def told_of(
    deliveries: Sequence[DeliveredT], numbers: Mapping[str, int], refuse: Callable[[DeliveredT, str, str], None]
) -> list[Pointer]:
    """What a batch says of identities, each with the place of its event. `numbers`: of shops. What names nobody is
    refused."""
    found = []
    for position, delivery in enumerate(deliveries):
        try:
            found.append(pointer_of(delivery.event, numbers[delivery.event.shop], position))
        except ValueError:
            refuse(delivery, "customer", "data.customer, data.canonical: surrogate ids are needed")
    return found


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
