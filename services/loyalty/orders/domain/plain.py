"""The common case by columns: orders that nobody knew, completed once, of members, by a programme of one rate. Pure.

What it comes to is what `granting.settle` gives for each; a test holds them together, to the bytes that are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from services.loyalty.earning import Context, PlainRule, Purchase
from services.loyalty.orders.domain.schemes import NEVER, Scheme, days_of
from services.loyalty.programmes import Programme, Sliding, Version
from services.loyalty.tiers import Day, added, gathered, level_on

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PlainOrders:
    """Columns of one length, of orders that are alone with their event in the batch."""

    place: Ints
    """Of each among the events of the batch."""
    shop: Ints
    order_id: list[str]
    customer: Ints
    at: Ints
    revenue: Ints
    currency: list[str]

    def __len__(self) -> int:
        return len(self.order_id)

    def chosen(self, keep: Flags) -> PlainOrders:
        """Some of them."""
        rows = np.flatnonzero(keep)
        at = rows.tolist()
        return PlainOrders(
            self.place[rows],
            self.shop[rows],
            [self.order_id[row] for row in at],
            self.customer[rows],
            self.at[rows],
            self.revenue[rows],
            [self.currency[row] for row in at],
        )


class PlainGrant(NamedTuple):
    """What one order was given."""

    version: int
    rule: str
    points: int
    starts: int
    expires: int
    stored: bytes
    """As `Grant` is kept."""
    kept: int
    """Revenue, as tiers count it."""
    day: int


@lru_cache(maxsize=256)
def rule_of(programme: Programme) -> PlainRule | None:
    """The one rule of a programme by which columns can be judged; None where orders need the general way."""
    return None if isinstance(programme.expiry, Sliding) else PlainRule.of(programme)


def versions_at(orders: PlainOrders, schemes: Mapping[int, Scheme]) -> list[Version | None]:
    """What was in force when each was completed; None where nothing was, or where columns do not do."""
    found: list[Version | None] = [None] * len(orders)
    for shop in np.unique(orders.shop).tolist():
        scheme = schemes[shop]
        known = [None, *(one if rule_of(one.programme) else None for one in scheme.in_force)]
        rows = np.flatnonzero(orders.shop == shop)
        places = np.searchsorted(np.array(scheme.beginnings, np.int64), orders.at[rows], side="right")
        for row, place in zip(rows.tolist(), places.tolist(), strict=True):
            found[row] = known[place]
    return found


def goes_by_columns(scheme: Scheme) -> bool:
    """Whether levels, if there are any, follow from what columns hold: not from points, which follow from levels."""
    stages = () if scheme.plan is None else scheme.plan.stages
    return bool(scheme.in_force) and all(stage.tiers is None or stage.tiers.by != "points" for stage in stages)


def days_of_orders(orders: PlainOrders, schemes: Mapping[int, Scheme]) -> list[int]:
    """The shop's day that each was completed on."""
    days = np.zeros(len(orders), np.int64)
    for shop in np.unique(orders.shop).tolist():
        mine = orders.shop == shop
        days[mine] = schemes[shop].place.zone.days_of((orders.at[mine] // 1_000_000).tolist())
    found: list[int] = days.tolist()
    return found


def levels_of(
    orders: PlainOrders,
    versions: Sequence[Version],
    members: Sequence[bool],
    schemes: Mapping[int, Scheme],
    known: dict[tuple[int, int], list[Day]],
) -> list[str]:
    """By which level each earns: that on which its customer is when it comes, what came before in the batch counted.

    `known`: what customers did before it, to which this is added.
    """
    found = []
    seen: set[tuple[int, int]] = set()
    columns = zip(
        orders.shop.tolist(), orders.customer.tolist(), days_of_orders(orders, schemes), orders.revenue.tolist(),
        orders.currency, versions, members, strict=True,
    )  # fmt: skip
    for shop, customer, day, amount, currency, version, is_member in columns:
        plan, place = schemes[shop].plan, (shop, customer)
        if plan is None or not is_member:
            found.append("")
            continue
        if place not in seen:
            seen.add(place)
            known[place] = gathered(known.get(place, ()))
        level = level_on(known[place], plan, day)
        found.append("" if level is None else level.id)
        one = Day(day, amount if currency == version.programme.currency else 0, orders=1)
        known[place] = added(known[place], one)
    return found


def granted(
    orders: PlainOrders, versions: Sequence[Version], schemes: Mapping[int, Scheme], levels: Sequence[str] = ()
) -> list[PlainGrant]:
    """What each is given, by its own membership. `levels`: by which each earns; none where there are no tiers."""
    levels = levels or [""] * len(orders)
    points = np.zeros(len(orders), np.int64)
    for number in {(shop, version.number) for shop, version in zip(orders.shop.tolist(), versions, strict=True)}:
        _give(points, orders, versions, levels, number)
    forms: dict[tuple[int, int, int, str], _Form] = {}
    found = []
    columns = zip(
        orders.shop.tolist(), orders.customer.tolist(), orders.at.tolist(), days_of_orders(orders, schemes),
        points.tolist(), versions, orders.revenue.tolist(), orders.currency, levels, strict=True,
    )  # fmt: skip
    for shop, customer, at, day, given, version, amount, currency, level in columns:
        form = forms.get((shop, version.number, day, level))
        if form is None:
            form = forms[shop, version.number, day, level] = _form(version, schemes[shop], at, day, level)
        parts = f'"parts":[[{form.rule_text},{form.version},"",{given}]]' if given else ""
        joint = "," if given and form.tail else ""
        comma = "," if given or form.tail else ""
        stored = f'{{"customer":{customer},"through":{customer},{form.head}{comma}{parts}{joint}{form.tail}}}'
        kept = amount if currency == version.programme.currency else 0
        found.append(PlainGrant(form.version, form.rule, given, form.starts, form.expires, stored.encode(), kept, day))
    return found


class _Form(NamedTuple):
    """What orders of one day, version and level have in common."""

    version: int
    rule: str
    rule_text: str
    starts: int
    expires: int
    head: str
    tail: str


def _form(version: Version, scheme: Scheme, at: int, day: int, level: str) -> _Form:
    rule = rule_of(version.programme)
    assert rule is not None, "see `versions_at`"
    starts, expires = days_of(Purchase(id="", at=at), version.programme, scheme.place, None)
    context = msgspec.json.encode(Context(version=version.number, zone=scheme.place.zone.name, tier=level)).decode()
    head = f'"context":{context},"day":{day}'
    tail = ",".join(
        [*([f'"starts":{starts}'] if starts else []), *([f'"expires":{expires}'] if expires != NEVER else [])]
    )
    return _Form(version.number, rule.rule, msgspec.json.encode(rule.rule).decode(), starts, expires, head, tail)


def _give(
    points: Ints, orders: PlainOrders, versions: Sequence[Version], levels: Sequence[str], number: tuple[int, int]
) -> None:
    shop, version = number
    rows = np.array(
        [row for row, one in enumerate(versions) if one.number == version and orders.shop[row] == shop], np.int64
    )
    rule = rule_of(versions[int(rows[0])].programme)
    assert rule is not None, "see `versions_at`"
    own = np.array([orders.currency[row] == rule.currency for row in rows.tolist()], np.bool_)
    rows = rows[own]
    percents = {level: rule.percent_of(level) for level in set(levels)}
    percent = np.array([percents[levels[row]] for row in rows.tolist()], np.int64)
    points[rows] = rule.points_of(orders.revenue[rows], percent)
