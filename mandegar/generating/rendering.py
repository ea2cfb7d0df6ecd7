"""A story's events as lines of `raw.orders.v1`, in the many ways that shops write the same thing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

import msgspec

from mandegar.generating.shops import GeneratedShop
from mandegar.generating.stories import Event, Story
from shared.kernel import derive_event_id

_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Rendered:
    """An event as the shop sends it, when it occurred, and of what kind it is."""

    occurred: datetime
    kind: str
    envelope: dict[str, Any]

    def line(self, received: datetime | None) -> bytes:
        """As JSON; `received` is told in it where it is given."""
        told = {} if received is None else {"receivedat": received.isoformat()}
        return _ENCODER.encode(self.envelope | told)


def render(rng: Random, shop: GeneratedShop, story: Story, identifiers: dict[str, str | int | None]) -> list[Rendered]:
    """All events of the story, once each. Refunds name their customer only sometimes."""
    return [
        Rendered(event.occurred, event.kind, _envelope(rng, shop, story, event, number=number, identifiers=identifiers))
        for number, event in enumerate(story.events)
    ]


def _envelope(
    rng: Random,
    shop: GeneratedShop,
    story: Story,
    event: Event,
    *,
    number: int,
    identifiers: dict[str, str | int | None],
) -> dict[str, Any]:
    data: dict[str, Any] = dict(event.data)
    if event.kind != "Order Refunded" or rng.random() < 0.3:
        data |= identifiers
    if shop.numeric_ids:
        data["order_id"] = int(story.order_id)
        event_id = f"evt-{story.order_id}-{number}"
    else:
        millis = int(event.occurred.timestamp() * 1000)
        event_id = derive_event_id(millis, shop.slug, story.order_id, event.kind, number)
    if "revenue" in data and rng.random() < 0.3:
        data["revenue"] = msgspec.Raw(data["revenue"].encode())  # a JSON number, digits as they are
    # The same field names what counts; shops differ in which of them they send.
    if "revenue" in data and rng.random() < 0.2:
        data["subtotal"] = data.pop("revenue")
    occurred = event.occurred if rng.random() < 0.7 else event.occurred.astimezone(story.zone)
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": shop.slug,
        "type": rng.choice((event.kind, event.kind, event.kind.lower(), f" {event.kind.upper()} ")),
        "subject": str(story.order_id),
        "time": occurred.isoformat(),
        "shop": shop.slug,
        "data": data,
    }
