"""Short ways to write programmes and orders down, and strategies that generate them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from services.loyalty.earning import Context, GivenBack, Line, Purchase, Returned
from services.loyalty.programmes import Programme
from services.loyalty.programmes.domain.reading import read_programme

NOON = datetime(2026, 3, 20, 8, 30, tzinfo=UTC)
"""A Friday; noon in Tehran."""
RATE = {"kind": "rate", "points": 1, "per": 100}


def micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def rule(id: str = "base", earn: Any = None, **more: Any) -> dict[str, Any]:
    return {"id": id, "name": id, "earn": earn or RATE, **more}


def programme(*rules: dict[str, Any], **more: Any) -> Programme:
    data = {"name": "Points", "currency": "EUR", "rules": list(rules) or [rule()], **more}
    return read_programme(data)


def fixed(points: int) -> dict[str, Any]:
    return {"kind": "fixed", "points": points}


def order(revenue: int, *lines: Line, refunds: tuple[GivenBack, ...] = (), **more: Any) -> Purchase:
    given = {"id": "o-1", "at": micros(NOON), "currency": "EUR", "revenue": revenue, "lines": lines, "refunds": refunds}
    return Purchase(**given | more)


def context(**more: Any) -> Context:
    return Context(**{"version": 1, "zone": "Asia/Tehran"} | more)


TIERS = {
    "levels": [
        {"id": "regular", "name": "Regular", "threshold": 0},
        {"id": "gold", "name": "Gold", "threshold": 10, "percent": 150},
    ]
}

points = st.integers(1, 500)
caps = st.lists(
    st.fixed_dictionaries(
        {
            "points": st.integers(1, 300),
            "per": st.sampled_from(["order", "day", "month", "total"]),
            "over": st.sampled_from(["trim", "reject"]),
        }
    ),
    max_size=2,
    unique_by=lambda cap: cap["per"],
)
leaves = st.one_of(
    st.builds(lambda names: {"kind": "category", "names": names}, st.lists(st.sampled_from("abc"), min_size=1)),
    st.builds(lambda ids: {"kind": "product", "ids": ids}, st.lists(st.sampled_from("pqr"), min_size=1)),
    st.builds(lambda least: {"kind": "spend", "least": least}, st.integers(0, 20_000)),
    st.builds(lambda count: {"kind": "first", "count": count}, st.integers(1, 3)),
    st.just({"kind": "weekdays", "days": ["fri"]}),
    st.just({"kind": "tier", "ids": ["gold"]}),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(
            lambda kind, of: {"kind": kind, "of": of},
            st.sampled_from(["all", "any"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(lambda that: {"kind": "not", "that": that}, inner),
    ),
    max_leaves=4,
)
earns = st.one_of(
    st.builds(lambda p, per: {"kind": "rate", "points": p, "per": per}, points, st.integers(1, 1_000)),
    st.builds(lambda p: {"kind": "piece", "points": p}, points),
    st.builds(fixed, points),
)
roundings = st.sampled_from(["down", "up", "half_up", "half_even"])


@st.composite
def programmes(draw: st.DrawFn, **fixed_fields: Any) -> Programme:
    """Several rules with conditions, caps and tiers."""
    rules = [
        rule(f"r{place}", draw(earns), when=draw(st.none() | conditions), caps=draw(caps), by_tier=draw(st.booleans()))
        for place in range(draw(st.integers(1, 4)))
    ]
    given = {
        "stacking": draw(st.sampled_from(["sum", "best", "first"])),
        "rounding": draw(roundings),
        "taken_back": draw(roundings),
        "caps": draw(caps),
        "tiers": TIERS,
    }
    return programme(*rules, **given | fixed_fields)


@st.composite
def orders(draw: st.DrawFn, refunds_max: int = 4) -> Purchase:
    """Orders whose refunds name lines, money, both or neither."""
    lines = tuple(
        Line(
            f"l{place}",
            draw(st.integers(1, 4)),
            draw(st.integers(0, 5_000)),
            draw(st.sampled_from("pqrs")),
            category=draw(st.sampled_from("abcd")),
        )
        for place in range(draw(st.integers(0, 4)))
    )
    total = sum(line.quantity * line.price for line in lines)
    revenue = draw(st.just(total) | st.integers(0, 20_000)) if lines else draw(st.integers(0, 20_000))
    returned = st.builds(
        Returned,
        st.sampled_from([line.line_id for line in lines] or [""]),
        st.integers(0, 3),
        st.just(0) | st.integers(0, 5_000),
    )
    given_back = st.builds(
        GivenBack,
        amount=st.none() | st.integers(0, 8_000),
        currency=st.sampled_from(["", "EUR", "USD"]),
        whole=st.sampled_from([False] * 9 + [True]),
        items=st.lists(returned, max_size=2).map(tuple),
    )
    refunds = tuple(draw(st.lists(given_back, max_size=refunds_max)))
    return order(revenue, *lines, refunds=refunds)


contexts = st.builds(
    lambda number, tier, used: context(number=number, tier=tier, used=used),
    st.integers(1, 5),
    st.sampled_from(["", "regular", "gold"]),
    st.dictionaries(
        st.sampled_from([f"{rule}:{per}" for rule in ("", "r0", "r1") for per in ("day", "month", "total")]),
        st.integers(1, 400),
    ),
)


def with_refunds(purchase: Purchase, *refunds: GivenBack) -> Purchase:
    data = {name: getattr(purchase, name) for name in Purchase.__dataclass_fields__}
    return Purchase(**data | {"refunds": refunds})


def changed(value: Any, **more: Any) -> Any:
    return msgspec.structs.replace(value, **more)
