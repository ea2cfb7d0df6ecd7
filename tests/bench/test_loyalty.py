"""What loyalty's rates are measured by must itself be right: recounts that see what is missing, repeated or wrong."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import msgspec
import numpy as np
import pytest

from bench.loyalty import FLAT, PROGRAMMES, SHARE
from bench.loyalty_told import Told
from bench.plain_loyalty import CENTS_A_POINT
from bench.stream import make_stream
from services.loyalty.earning import PlainRule

STREAM = make_stream(200, 20)


def event(order: int, points: int | None = None, identity: str = "") -> bytes:
    """As both contestants tell it."""
    earned = int(STREAM.revenue[order]) // CENTS_A_POINT
    data = {
        "customer": "c",
        "points": earned if points is None else points,
        "source": {"kind": "order", "id": f"o{order}"},
    }
    return msgspec.json.encode({"id": identity or f"id-{order}", "type": "points.earned", "data": data})


def told(events: Sequence[bytes]) -> Told:
    """Read from a topic in any order."""
    found = Told()
    for value in events:
        found.add(value)
    return found


def test_all_orders_told_once_in_any_order_are_right() -> None:
    orders = list(range(200))
    Random(1).shuffle(orders)
    assert told([event(order) for order in orders]).wrong(STREAM, 200) == ""


@pytest.mark.parametrize(
    "events",
    [
        [event(order) for order in range(199)],
        [event(order) for order in range(200)] + [event(7, identity="another")],
        [event(order) for order in range(199)] + [event(7, identity="another")],
        [event(order) for order in range(199)] + [event(199, points=int(STREAM.revenue[199]))],
    ],
    ids=["one is missing", "one is told again", "one is told in place of another", "one has wrong points"],
)
def test_what_differs_is_seen(events: list[bytes]) -> None:
    assert told(events).wrong(STREAM, 200)


def test_the_flat_programme_goes_by_columns_and_gives_what_the_plain_code_gives() -> None:
    rule = PlainRule.of(FLAT)
    assert rule is not None
    points = rule.points_of(STREAM.revenue, np.full(len(STREAM), 100, np.int64))
    assert points.tolist() == (STREAM.revenue // CENTS_A_POINT).tolist()
    assert points.min() > 0  # an order without points would be told by nobody


def test_every_programme_has_its_share_of_the_orders_and_those_with_tiers_take_the_general_way() -> None:
    assert PROGRAMMES.keys() == SHARE.keys()
    assert [name for name, programme in PROGRAMMES.items() if programme.tiers is not None] == ["tiers"]
