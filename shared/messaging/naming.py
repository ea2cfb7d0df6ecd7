"""Of whom events are: shops by their numbers, customers by their surrogate ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from shared.kernel import parse_customer_id
from shared.messaging.handling import Delivery, Work

EventT = TypeVar("EventT")
Refuse = Callable[[Delivery[Any], str, str], None]
"""Sets an event aside: it, a word for machines, and a sentence that repeats nothing of it."""


def numbers_of(work: Work, deliveries: Sequence[Delivery[Any]]) -> dict[str, int]:
    """The shops of a batch: number by slug."""
    return {slug: work.shop(slug).number for slug in sorted({delivery.event.shop for delivery in deliveries})}


def named(
    deliveries: Sequence[Delivery[EventT]], numbers: Mapping[str, int], refuse: Refuse
) -> Iterable[tuple[tuple[int, int], Delivery[EventT]]]:
    """Events with the shop and the identity that `data.customer` names; what names none is refused."""
    for delivery in deliveries:
        event: Any = delivery.event
        try:
            customer = int(parse_customer_id(event.data.customer))
        except ValueError:
            refuse(delivery, "customer", "data.customer: a surrogate id is needed")
            continue
        yield (numbers[event.shop], customer), delivery
