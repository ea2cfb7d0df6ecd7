"""Lines that must be refused and do no harm: broken, incomplete, out of range, of nobody's shop, from the future."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec

from mandegar.generating.shops import GeneratedShop

_ENCODER = msgspec.json.Encoder()


def bad_lines(rng: Random, shops: Sequence[GeneratedShop], count: int) -> list[bytes]:
    """`count` of them, all kinds in turn. Their order ids are their own, so that they cannot touch the truth."""
    return [_bad_line(rng, rng.choice(shops).slug, number) for number in range(count)]


def _bad_line(rng: Random, shop: str, number: int) -> bytes:
    data: dict[str, Any] = {"order_id": f"bad-{number}", "customer_id": "bad", "revenue": "10.00", "currency": "EUR"}
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"bad-{number}",
        "source": "bad",
        "type": "Order Completed",
        "time": "2014-03-01T12:00:00Z",
        "shop": shop,
        "data": data,
    }
    kinds: list[Any] = [
        lambda: data.pop("order_id"),
        lambda: data.update(revenue="NaN"),
        lambda: data.update(revenue="-5.00"),
        lambda: data.update(revenue="1e400"),
        lambda: data.update(currency="EURO"),
        lambda: data.pop("revenue"),
        lambda: event.update(shop="no-such-shop"),
        lambda: event.update(time="2199-12-31T00:00:00Z"),
        lambda: event.update(time="yesterday"),
        lambda: event.update(type="Order Imagined"),
    ]
    choice = number % (len(kinds) + 2)
    if choice == len(kinds):
        return _ENCODER.encode(event)[: rng.randint(5, 60)]
    if choice == len(kinds) + 1:
        return b"[" * 2_000
    kinds[choice]()
    return _ENCODER.encode(event)
