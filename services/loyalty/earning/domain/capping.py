"""Caps: what of the points of an order fits under them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from services.loyalty.earning.domain.context import ALL_RULES, Context, Limit
from services.loyalty.programmes import POINTS_MAX, Cap, Rule


class Cut(NamedTuple):
    """A cap that took something away."""

    rule: str
    """Whose cap; `ALL_RULES`: of all together."""
    per: str
    """`order`, `day`, `month`, `total`; `posting`: no posting is larger than `POINTS_MAX`."""
    points: int
    """The cap."""
    used: int
    """Earned under it before."""
    over: str
    """`trim` or `reject`."""
    before: int
    after: int


def capped(
    wanted: Sequence[tuple[Rule, int]], caps: Sequence[Cap], context: Context
) -> tuple[dict[str, int], dict[str, tuple[Cut, ...]]]:
    """Points by rule, and what was cut, from the points that rules give, in the programme's order.

    Each rule's own caps come first; then those of all rules together, which rules fill in their order. More room never
    gives fewer points of a rule by its own cap, nor of all together by theirs.
    """
    points: dict[str, int] = {}
    cuts: dict[str, list[Cut]] = {}

    def cut(rule: str, whose: str, per: str, cap: tuple[int, int, str], after: int) -> None:
        limit, used, over = cap
        cuts.setdefault(rule, []).append(Cut(whose, per, limit, used, over, points[rule], after))
        points[rule] = after

    for rule, given in wanted:
        points[rule.id] = given
        if given > POINTS_MAX:
            cut(rule.id, rule.id, "posting", (POINTS_MAX, 0, "trim"), POINTS_MAX)
        for cap in rule.caps:
            used = _used(rule.id, cap, context)
            room = max(0, cap.points - used)
            if points[rule.id] > room:
                cut(rule.id, rule.id, cap.per, (cap.points, used, cap.over), room if cap.over == "trim" else 0)
    for cap in caps:
        used = _used(ALL_RULES, cap, context)
        room = max(0, cap.points - used)
        if sum(points.values()) <= room:
            continue
        for rule, _ in wanted:
            after = min(points[rule.id], room) if cap.over == "trim" else 0
            if after < points[rule.id]:
                cut(rule.id, ALL_RULES, cap.per, (cap.points, used, cap.over), after)
            room -= after
    return points, {rule: tuple(made) for rule, made in cuts.items()}


def _used(rule: str, cap: Cap, context: Context) -> int:
    return 0 if cap.per == "order" else context.used.get(Limit(rule, cap.per).key, 0)
