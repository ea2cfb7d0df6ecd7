"""Whether a programme holds together: what no type can say. Every finding names a field and what to do. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal, NamedTuple

from services.loyalty.programmes.domain import conditions as c
from services.loyalty.programmes.domain import terms as t
from services.loyalty.programmes.domain.body import Cap, Fixed, OnInteraction, Programme, Rate, Rule
from services.loyalty.programmes.domain.conditions import Condition
from shared.kernel import MoneyError, fold, minor_digits

DEPTH_MAX = 8
NODES_MAX = 200
"""Conditions of one rule: what it costs to judge an order is limited by both."""
_LENGTHS = ("order", "day", "month", "total")


class Finding(NamedTuple):
    """An `error` keeps a draft from being published; a `hint` does not."""

    field: str
    reason: str
    weight: Literal["error", "hint"] = "error"


def check(programme: Programme) -> list[Finding]:
    """All that is wrong with it, errors first."""
    found = [
        *_currency("currency", programme.currency),
        *_rules(programme),
        *_caps("caps", programme.caps),
        *_terms(programme),
        *_tiers(programme.tiers),
    ]
    return sorted(found, key=lambda one: one.weight != "error")


def _currency(field: str, code: str) -> Iterator[Finding]:
    try:
        minor_digits(code)
    except MoneyError:
        remedy = "give IRR and amounts in rial" if code == "IRT" else "give the ISO 4217 code of a currency in use"
        yield Finding(field, f"is no currency that amounts are kept in; {remedy}")


def _rules(programme: Programme) -> Iterator[Finding]:
    levels = {level.id for level in programme.tiers.levels} if programme.tiers else set[str]()
    times = Counter(rule.id for rule in programme.rules)
    for place, rule in enumerate(programme.rules):
        room = f"rules.{place}"
        if times[rule.id] > 1:
            yield Finding(f"{room}.id", "is the id of another rule as well; give each its own")
        yield from _earning(room, rule)
        yield from _caps(f"{room}.caps", rule.caps)
        if rule.when is not None:
            yield from _condition(f"{room}.when", rule, levels)
    yield from _hidden(programme)


def _earning(room: str, rule: Rule) -> Iterator[Finding]:
    if isinstance(rule.earn, Rate) and rule.earn.currency is not None:
        yield from _currency(f"{room}.earn.currency", rule.earn.currency)
    if not isinstance(rule.on, OnInteraction):
        return
    if not isinstance(rule.earn, Fixed):
        yield Finding(f"{room}.earn.kind", "an interaction has no amount and no pieces; give `fixed` points")
    names = [fold(name) for name in rule.on.names]
    for place, name in enumerate(names):
        if not name:
            yield Finding(f"{room}.on.names.{place}", "is blank; give the name of an interaction")
        elif name in names[:place]:
            yield Finding(f"{room}.on.names.{place}", "is there already; leave it out")


def _caps(room: str, caps: tuple[Cap, ...]) -> Iterator[Finding]:
    for place, cap in enumerate(caps):
        if any(other.per == cap.per for other in caps[:place]):
            yield Finding(f"{room}.{place}.per", "there is a cap for this already; keep one of the two")
        for other in caps:
            if _LENGTHS.index(other.per) > _LENGTHS.index(cap.per) and other.points < cap.points:
                reason = f"more than the {other.points} per {other.per}: the other cap always comes first"
                yield Finding(f"{room}.{place}.points", reason, "hint")


def _condition(room: str, rule: Rule, levels: set[str]) -> Iterator[Finding]:
    nodes = 0
    left: list[tuple[str, Condition, int]] = [(room, rule.when, 1)] if rule.when is not None else []
    while left:
        field, node, depth = left.pop()
        nodes += 1
        if depth > DEPTH_MAX:
            yield Finding(field, f"conditions may lie at most {DEPTH_MAX} deep; join some of them")
            return
        if nodes > NODES_MAX:
            yield Finding(room, f"a rule may have at most {NODES_MAX} conditions; make two rules of it")
            return
        if isinstance(node, c.All | c.Any):
            left += [(f"{field}.of.{place}", one, depth + 1) for place, one in enumerate(node.of)]
        elif isinstance(node, c.Not):
            left.append((f"{field}.that", node.that, depth + 1))
        else:
            yield from _leaf(field, node, rule, levels)


def _leaf(field: str, node: Condition, rule: Rule, levels: set[str]) -> Iterator[Finding]:
    interaction = isinstance(rule.on, OnInteraction)
    if isinstance(node, c.Spend):
        if node.least is None and node.most is None:
            yield Finding(field, "gives no limit; give `least`, `most` or both")
        elif node.least is not None and node.most is not None and node.least > node.most:
            yield Finding(f"{field}.least", "is more than `most`; exchange the two")
    if isinstance(node, c.Spend | c.Channel) and interaction:
        yield Finding(field, "an interaction has no amount and no channel; leave it out, or let the rule be on orders")
    yield from _times(field, node)
    if isinstance(node, c.Nth) and (node.at is None) == (node.every is None):
        yield Finding(field, "give either `at` or `every`")
    if isinstance(node, c.Tier):
        for place, one in enumerate(node.ids):
            if one not in levels:
                yield Finding(f"{field}.ids.{place}", "is no tier of this programme; name one of tiers.levels")


def _times(field: str, node: Condition) -> Iterator[Finding]:
    if isinstance(node, c.Dates):
        if node.since is None and node.until is None:
            yield Finding(field, "gives no day; give `since`, `until` or both")
        elif node.since is not None and node.until is not None and node.since > node.until:
            yield Finding(f"{field}.since", "lies after `until`; exchange the two")
    if isinstance(node, c.Hours) and node.since == node.until:
        yield Finding(f"{field}.until", "is when it begins; leave the hours out for the whole day")
    if isinstance(node, c.Weekdays) and len(set(node.days)) < len(node.days):
        yield Finding(f"{field}.days", "names a day twice; name each once")


def _hidden(programme: Programme) -> Iterator[Finding]:
    """Rules behind one that always comes first."""
    for kind in (Fixed, Rate):
        first: Rule | None = None
        for place, rule in enumerate(programme.rules):
            if isinstance(rule.on, OnInteraction) or isinstance(rule.earn, Fixed) != (kind is Fixed):
                continue
            if first is not None and programme.stacking == "first":
                reason = f"never counts: rule {first.id} stands before it and always applies; move it further up"
                yield Finding(f"rules.{place}", reason, "hint")
            if rule.when is None and first is None and not (isinstance(rule.earn, Rate) and rule.earn.currency):
                first = rule


def _terms(programme: Programme) -> Iterator[Finding]:
    expiry = programme.expiry
    if isinstance(expiry, t.Rolling | t.Sliding) and (expiry.months is None) == (expiry.days is None):
        yield Finding("expiry", "give either `months` or `days`")
    if isinstance(expiry, t.FixedDates) and len(set(expiry.dates)) < len(expiry.dates):
        yield Finding("expiry.dates", "names a day twice; name each once")
    if len(set(programme.notices)) < len(programme.notices):
        yield Finding("notices", "names a number of days twice; name each once")
    if len(set(programme.joining)) < len(programme.joining):
        yield Finding("joining", "names a way twice; name each once")
    if isinstance(expiry, t.Never) and programme.notices:
        yield Finding("notices", "points never expire, so nobody is told; leave them out or let points expire", "hint")


def _tiers(tiers: t.Tiers | None) -> Iterator[Finding]:
    if tiers is None:
        return
    if tiers.levels[0].threshold:
        yield Finding("tiers.levels.0.threshold", "everybody begins on the first tier; give 0")
    for place, level in enumerate(tiers.levels[1:], 1):
        room, before = f"tiers.levels.{place}", tiers.levels[place - 1]
        if level.threshold <= before.threshold:
            yield Finding(f"{room}.threshold", "is not above that of the tier before; order tiers from low to high")
        if level.id in {other.id for other in tiers.levels[:place]}:
            yield Finding(f"{room}.id", "is the id of another tier as well; give each its own")
        if level.percent < before.percent:
            yield Finding(f"{room}.percent", "is less than that of the tier before", "hint")
