"""Names of interactions: which there are, and which name may travel to internal topics."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple, cast, get_args

from services.gateway.intake import EVENT_KINDS, Refusal
from shared.contracts.consents import Channel

Kind = Literal["product", "other", "profile", "alias"]
"""`product`: with its product fields · `other`: its name alone · `profile`: tells of a person · `alias`: links ids."""

PERSONAL = frozenset({"profile", "alias"})
"""Kinds that tell of a person and are no interaction."""

PRODUCT_NAMES = frozenset(
    {
        "product list viewed",
        "product list filtered",
        "promotion viewed",
        "promotion clicked",
        "product clicked",
        "products searched",
        "product viewed",
        "product added",
        "product removed",
        "cart viewed",
        "checkout started",
        "checkout step viewed",
        "checkout step completed",
        "payment info entered",
        "coupon entered",
        "coupon applied",
        "coupon denied",
        "coupon removed",
        "product added to wishlist",
        "product removed from wishlist",
        "wishlist product added to cart",
        "product shared",
        "cart shared",
        "product reviewed",
        "order delivered",
        "subscription started",
        "subscription renewed",
        "subscription changed",
        "subscription cancelled",
        "trial started",
        "trial used",
        "trial expiring",
    }
)
"""Segment's events whose properties name a product, a cart, an order or a price."""

WITHDRAWALS: dict[str, str] = {
    "unsubscribed": "unsubscribe",
    "email marked as spam": "spam-complaint",
}
"""Events by which somebody takes consent back, and where it was said, as consents name it."""

CALLS: dict[str, Kind] = {
    "page": "other",
    "screen": "other",
    "identify": "profile",
    "group": "profile",
    "alias": "alias",
}
"""Segment's calls that are no `track`."""

NAME_LENGTH_MAX = 100
_DIGITS_MAX = 6
_NAME = re.compile(r"[^\W_][\w .,:;/&()+'’!?#%\u200c-]*")


class Product(NamedTuple):
    """What is kept of an interaction's properties; `price` in minor units for one piece."""

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


NOTHING = Product()


def channel_of(name: str, given: str | None) -> Channel | None:
    """The channel whose consent an event takes back: e-mail, unless an unsubscription names another; None: none.

    Raises Refusal for what is no channel.
    """
    if name not in WITHDRAWALS:
        return None
    if given is None or name != "unsubscribed":
        return "email"
    for channel in get_args(Channel):
        if given.strip().casefold() == channel:
            return cast(Channel, channel)
    raise Refusal("bad_channel", f"channel: must be one of {', '.join(get_args(Channel))}")


@lru_cache(maxsize=4096)
def kind_of(name: str) -> tuple[str, Kind]:
    """The name as it is kept (trimmed, lower case, single spaces), and its kind.

    Refuses the names of orders, which have a topic of their own, and what does not look like the name of an event:
    a shop that writes a phone or an e-mail into it must not have that carried on.
    """
    kept = " ".join(name.casefold().split())
    call = CALLS.get(kept)
    if call is not None:
        return kept, call
    if kept in PRODUCT_NAMES:
        return kept, "product"
    if kept in EVENT_KINDS:
        raise Refusal("unknown_event", "type: is an event of an order; send it to raw.orders.v1")
    if not kept:
        raise Refusal("unknown_event", "type: is empty; send the name of the event")
    if (
        len(kept) > NAME_LENGTH_MAX
        or not _NAME.fullmatch(kept)
        or sum(character.isdigit() for character in kept) > _DIGITS_MAX
    ):
        raise Refusal(
            "unknown_event",
            f"type: must look like the name of an event: at most {NAME_LENGTH_MAX} letters, spaces and few digits",
        )
    return kept, "other"
