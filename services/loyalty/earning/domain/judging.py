"""Whether a rule's conditions hold for an order and one of its lines, and if not, which one failed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, singledispatch
from typing import NamedTuple

from services.loyalty.earning.domain.context import Context, LocalTime, local_time
from services.loyalty.earning.domain.purchase import Line, Purchase
from services.loyalty.programmes import (
    WEEKDAYS,
    All,
    Any,
    Brand,
    Category,
    Channel,
    Condition,
    Dates,
    FirstOnes,
    Hours,
    Not,
    Nth,
    Product,
    Segment,
    Spend,
    Tier,
    Weekdays,
)
from shared.kernel import fold


class Facts(NamedTuple):
    """What conditions look at."""

    purchase: Purchase
    context: Context
    line: Line
    currency: str
    """That amounts of the rule are in."""

    @property
    def local(self) -> LocalTime:
        """When it happened, by the shop's clocks."""
        return local_time(self.purchase.at, self.context.zone)


class Failed(NamedTuple):
    """A condition that does not hold."""

    field: str
    """Where it stands: `when.of.1`."""
    kind: str
    """As the condition's own: what it asks for."""


def judge(condition: Condition | None, facts: Facts, field: str = "when") -> Failed | None:
    """None when it holds; else the first condition that does not."""
    if condition is None:
        return None
    if isinstance(condition, All):
        found = (judge(one, facts, f"{field}.of.{place}") for place, one in enumerate(condition.of))
        return next((failed for failed in found if failed is not None), None)
    if isinstance(condition, Any):
        holds = any(judge(one, facts, field) is None for one in condition.of)
        return None if holds else Failed(field, "any")
    if isinstance(condition, Not):
        return Failed(field, "not") if judge(condition.that, facts, field) is None else None
    return None if _holds(condition, facts) else Failed(field, str(condition.__struct_config__.tag))


@singledispatch
def _holds(condition: object, _facts: Facts) -> bool:
    raise TypeError(type(condition).__name__)


@_holds.register
def _(one: Product, facts: Facts) -> bool:
    return any(known in one.ids for known in (facts.line.product, facts.line.sku) if known)


@_holds.register
def _(one: Category, facts: Facts) -> bool:
    return _named(facts.line.category, one.names)


@_holds.register
def _(one: Brand, facts: Facts) -> bool:
    return _named(facts.line.brand, one.names)


@_holds.register
def _(one: Channel, facts: Facts) -> bool:
    return _named(facts.purchase.channel, one.names)


@_holds.register
def _(one: Spend, facts: Facts) -> bool:
    revenue = facts.purchase.revenue
    if facts.purchase.currency != facts.currency:
        return False
    return (one.least is None or one.least <= revenue) and (one.most is None or revenue <= one.most)


@_holds.register
def _(one: Dates, facts: Facts) -> bool:
    day = facts.local.day
    begun = one.since is None or one.since.toordinal() <= day
    return begun and (one.until is None or day <= one.until.toordinal())


@_holds.register
def _(one: Hours, facts: Facts) -> bool:
    since, until = _minute(one.since), _minute(one.until)
    minute = facts.local.minute
    return since <= minute < until if since < until else minute >= since or minute < until


@_holds.register
def _(one: Weekdays, facts: Facts) -> bool:
    return WEEKDAYS[facts.local.weekday] in one.days


@_holds.register
def _(one: Segment, facts: Facts) -> bool:
    return not _folded(one.names).isdisjoint(_folded(facts.context.segments))


@_holds.register
def _(one: Tier, facts: Facts) -> bool:
    return facts.context.tier in one.ids


@_holds.register
def _(one: Nth, facts: Facts) -> bool:
    number = facts.context.number
    return number == one.at if one.every is None else number % one.every == 0


@_holds.register
def _(one: FirstOnes, facts: Facts) -> bool:
    return facts.context.number <= one.count


def _named(value: str, names: tuple[str, ...]) -> bool:
    return bool(value) and fold(value) in _folded(names)


@lru_cache(maxsize=4096)
def _folded(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(fold, names))


def _minute(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def names_it(interaction: str, names: Iterable[str]) -> bool:
    """Whether an interaction's folded name is among them."""
    return interaction in _folded(tuple(names))
