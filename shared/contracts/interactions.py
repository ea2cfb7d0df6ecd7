"""`interactions.v1`: what a known customer did besides ordering: viewed, searched, added to a cart, visited."""

from __future__ import annotations

import msgspec

from shared.contracts.envelope import Envelope


class Interaction(msgspec.Struct, frozen=True, kw_only=True):
    """One interaction. Product fields as Segment names them, without anything personal."""

    name: str
    """Segment's event name, trimmed and in lower case, such as `product viewed`."""
    customer: str | None
    """Surrogate id; null for a visitor who is not known yet."""
    visitor: str | None = None
    """Random id of the browser or device."""
    cart_id: str | None = None
    order_id: str | None = None
    product_id: str | None = None
    sku: str | None = None
    category: str | None = None
    brand: str | None = None
    variant: str | None = None
    quantity: int | None = None
    price: int | None = None
    currency: str | None = None


class InteractionRecorded(Envelope, frozen=True, kw_only=True, tag="interaction.recorded"):
    """A customer or a visitor did something."""

    data: Interaction


InteractionEvent = InteractionRecorded
