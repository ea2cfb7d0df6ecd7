"""What makes a customer belong: a tree of typed conditions. `kind` tells which one a node is.

A tree says yes or no of every person: what is not known of them satisfies no condition but a `not`. Days are those of
the shop; amounts are minor units.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from shared.contracts.campaigns import Name
from shared.contracts.consents import Channel, Purpose

NODES_MAX = 200
DEPTH_MAX = 12
DAYS_MAX = 36_500
_YEARS = (1970, 2200)
HISTORY = "history"
"""What `needed` says of a condition that asks for single orders, or for what came of messages."""

Value = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Amount = Annotated[int, Meta(ge=0, le=10**15)]
Count = Annotated[int, Meta(ge=0, le=10**12)]
Days = Annotated[int, Meta(ge=0, le=DAYS_MAX)]
Limit = TypeVar("Limit", int, date)
Moment = Literal["first_order", "last_order", "last_answer"]
"""Instants of a customer: of counted orders, and of the last answer to a survey."""
Stated = Literal["name", "email", "phone", "locale", "birthday", "stage", "tier", "member", "nps_score"]


class _Node(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all conditions have in common."""


class All(_Node, frozen=True, kw_only=True, tag="all"):
    """Every one of them; of none: everybody."""

    of: tuple[Condition, ...]


class Some(_Node, frozen=True, kw_only=True, tag="any"):
    """At least one of them; of none: nobody."""

    of: tuple[Condition, ...]


class Not(_Node, frozen=True, kw_only=True, tag="not"):
    """All others."""

    of: Condition


class Number(_Node, frozen=True, kw_only=True, tag="number"):
    """Counted orders; points that can be spent, are pending or owed; the last score of NPS. Both limits are included;
    null is no limit. Who never gave a score has none."""

    field: Literal["orders", "points", "pending", "owed", "nps_score"]
    least: Count | None = None
    most: Count | None = None


class Money(_Node, frozen=True, kw_only=True, tag="money"):
    """Net revenue in one currency, or the average of the orders in it; without an order there is no average."""

    field: Literal["revenue", "average_order"]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
    least: Amount | None = None
    most: Amount | None = None


class Among(_Node, frozen=True, kw_only=True, tag="among"):
    """One of these values. `language` is the first part of the locale, in lower case; `nps_group` by the last score of
    NPS: `detractor` (0 to 6), `passive` (7, 8), `promoter`."""

    field: Literal["locale", "language", "stage", "tier", "member", "nps_group"]
    values: Annotated[tuple[Value, ...], Meta(min_length=1, max_length=500)]


class Known(_Node, frozen=True, kw_only=True, tag="known"):
    """Anything is known of it."""

    field: Stated | Moment


class Attribute(_Node, frozen=True, kw_only=True, tag="attribute"):
    """What surveys found out: one of these options was chosen, or a number lies within the limits, both included; with
    neither: anything was said of it."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,49}$")]
    values: Annotated[tuple[Value, ...], Meta(max_length=100)] = ()
    least: Count | None = None
    most: Count | None = None


class Age(_Node, frozen=True, kw_only=True, tag="age"):
    """Whole days of the shop since then, both limits included; null is no limit."""

    since: Moment
    least: Days | None = None
    most: Days | None = None


class Between(_Node, frozen=True, kw_only=True, tag="dates"):
    """It lies on these local days, the first and the last included; null is no limit."""

    field: Moment
    since: date | None = None
    until: date | None = None


class Agreed(_Node, frozen=True, kw_only=True, tag="consent"):
    """They may be sent messages by this channel for this purpose."""

    channel: Channel
    purpose: Purpose


class Bought(_Node, frozen=True, kw_only=True, tag="bought"):
    """In so many counted orders at least they bought one of these, and kept a piece of it: products by their ids or
    SKUs, or categories. `days`: orders of no more than so many days of the shop ago; null: of any time."""

    field: Literal["product", "category"]
    values: Annotated[tuple[Value, ...], Meta(min_length=1, max_length=500)]
    least: Annotated[int, Meta(ge=1, le=10_000)] = 1
    days: Days | None = None


class Responded(_Node, frozen=True, kw_only=True, tag="responded"):
    """They opened or clicked a message of the campaign (a scanner is nobody), or ordered within seven days of it, where
    it was the last before the order; null: of any campaign. `days`: no more than so many ago; null: at any time."""

    did: Literal["opened", "clicked", "converted"]
    campaign: Name | None = None
    days: Days | None = None


Condition = All | Some | Not | Number | Money | Among | Known | Attribute | Age | Between | Agreed | Bought | Responded


class _Whole(msgspec.Struct, frozen=True):
    condition: Condition


def parse(value: Any) -> Condition:
    """A condition from what JSON holds. ValueError names the field, never its value."""
    try:
        condition = msgspec.convert({"condition": value}, _Whole, strict=True).condition
    except msgspec.ValidationError as error:
        raise ValueError(_said(str(error))) from None
    except RecursionError:
        raise ValueError(f"condition: at most {DEPTH_MAX} levels") from None
    if (fault := _fault(condition)) is not None:
        raise ValueError(fault)
    return condition


def written(condition: Condition) -> Any:
    """As `parse` takes it."""
    return msgspec.to_builtins(condition)


def nodes(condition: Condition) -> Iterator[Condition]:
    """It, and all that it is made of."""
    waiting = [condition]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += _under(node)


def needed(condition: Condition) -> frozenset[str]:
    """The kinds of what it asks for: `consent`, `age`, `orders`, `stage` …; for who has to fetch it."""
    found = set[str]()
    for node in nodes(condition):
        if isinstance(node, Number | Money | Among | Known | Between):
            found.add(node.field)
        elif isinstance(node, Age):
            found |= {"age", node.since}
        elif isinstance(node, Agreed | Attribute):
            found.add("consent" if isinstance(node, Agreed) else "attribute")
        elif isinstance(node, Bought | Responded):
            found |= {HISTORY, "bought" if isinstance(node, Bought) else "responded"}
    return frozenset(found)


def timed(condition: Condition) -> bool:
    """Whether time alone can change whom it holds for."""
    return any(is_timed(node) for node in nodes(condition))


def is_timed(node: Condition) -> bool:
    """Whether time alone can change what this one node says."""
    return isinstance(node, Age) or (isinstance(node, Bought | Responded) and node.days is not None)


def _fault(condition: Condition) -> str | None:
    """What no type can say."""
    level, depth, count = [condition], 0, 0
    while level:
        depth, count = depth + 1, count + len(level)
        if depth > DEPTH_MAX or count > NODES_MAX:
            return f"condition: at most {DEPTH_MAX} levels and {NODES_MAX} conditions in all"
        level = [below for node in level for below in _under(node)]
    return next(filter(None, map(_node_fault, nodes(condition))), None)


def _node_fault(node: Condition) -> str | None:
    if isinstance(node, Number | Money | Age):
        return _limits_fault("least", "most", node.least, node.most)
    if isinstance(node, Attribute):
        return _attribute_fault(node)
    if not isinstance(node, Between):
        return None
    if any(one is not None and not _YEARS[0] <= one.year <= _YEARS[1] for one in (node.since, node.until)):
        return f"condition: years from {_YEARS[0]} to {_YEARS[1]} are taken"
    return _limits_fault("since", "until", node.since, node.until)


def _attribute_fault(node: Attribute) -> str | None:
    if node.least is None and node.most is None:
        return None
    if node.values:
        return "condition: an attribute has `values`, or `least` and `most`"
    return _limits_fault("least", "most", node.least, node.most)


def _limits_fault(low: str, high: str, least: Limit | None, most: Limit | None) -> str | None:
    if least is None and most is None:
        return f"condition: `{low}` or `{high}` is needed"
    if least is not None and most is not None and least > most:
        return f"condition: `{low}` lies above `{high}`"
    return None


def _under(node: Condition) -> tuple[Condition, ...]:
    if isinstance(node, All | Some):
        return node.of
    return (node.of,) if isinstance(node, Not) else ()


def _said(message: str) -> str:
    """What msgspec says, without the values that it quotes of unknown fields and kinds."""
    what, _, where = message.partition(" - at `")
    place = where.rstrip("`").removeprefix("$.") or "condition"
    if what.startswith("Invalid") or "contains unknown" in what:
        what = "none of those that there are"
    return f"{place}: {what}"
