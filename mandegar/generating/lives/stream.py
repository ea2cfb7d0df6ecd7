"""Lives of a shop's customers as a stream of raw events, with the truth behind it.

Each life draws its own chance, so that a shopper lives the same life whatever others there are. Events after the last
day (a delivery, an answer) are told as well: what was begun is ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, NamedTuple

import msgspec

from mandegar.generating.arrival import arrive
from mandegar.generating.lives.life import Life
from mandegar.generating.lives.market import Market
from mandegar.generating.lives.people import Shopper, shopper
from mandegar.generating.lives.telling import Answered, Cart, Happening, Told
from mandegar.generating.stories import Fact
from shared.contracts import topics
from shared.contracts.envelope import message_key
from shared.kernel import derive_event_id

_ENCODER = msgspec.json.Encoder()
_ORDERS = frozenset({"Order Completed", "Order Updated", "Order Cancelled", "Order Refunded"})


class LifeEvent(NamedTuple):
    """One raw event: the topic that it belongs on, its key, and its JSON."""

    topic: str
    key: bytes
    value: bytes
    occurred: datetime


@dataclass(frozen=True, slots=True)
class Lives:
    """`events` in order of arrival; the rest is the truth. Customers are named by the shop's own ids."""

    market: Market
    events: list[LifeEvent]
    shoppers: list[Shopper]
    facts: list[Fact]
    carts: list[Cart]
    answers: list[Answered]


def generate_lives(market: Market) -> Lives:
    """The lives of this market, always the same. About three kilobytes of memory an order."""
    told, shoppers = Told(), []
    for number in range(market.customers):
        rng = Random(f"{market.seed}/{market.shop}/{number}")  # noqa: S311 - repeatable on purpose, and no secret
        somebody = shopper(rng, number, market.shares)
        shoppers.append(somebody)
        told.join(Life(rng, market, somebody).tell())
    told.order()
    arriving = Random(f"{market.seed}/{market.shop}/arrival")  # noqa: S311 - as above
    events = list(_events(market, arriving, told.happenings))
    return Lives(market, events, shoppers, told.facts, told.carts, told.answers)


def _events(market: Market, rng: Random, happenings: list[Happening]) -> Iterator[LifeEvent]:
    made = [_Numbered(one.occurred, at, one) for at, one in enumerate(happenings)]
    arrived = sorted(arrive(rng, market, made), key=lambda one: one[0])
    return (_event(market.shop, one) for _, _, one in arrived)


class _Numbered(NamedTuple):
    occurred: datetime
    number: int
    """Of the happening, which makes its id: repeated, it is the same event."""
    happening: Happening


def _event(shop: str, numbered: _Numbered) -> LifeEvent:
    _, number, (occurred, kind, data) = numbered
    who = str(data.get("customer_id") or data.get("visitor") or "")
    body: dict[str, Any] = {
        "specversion": "1.0",
        "id": derive_event_id(int(occurred.timestamp() * 1000), shop, str(number), kind),
        "source": shop,
        "type": kind,
        "subject": str(data.get("order_id") or data.get("cart_id") or who),
        "time": occurred.isoformat(),
        "shop": shop,
        "data": data,
    }
    topic = topics.RAW_ORDERS if kind in _ORDERS else topics.RAW_INTERACTIONS
    return LifeEvent(topic, message_key(shop, who), _ENCODER.encode(body), occurred)
