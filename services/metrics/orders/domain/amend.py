"""Orders of a batch that are more than one plain completion: what is now known of them, and what that moves. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from services.metrics.counters import currency_code
from services.metrics.orders.domain.batch import OrderKey, PlainOrders
from services.metrics.orders.domain.books import NO_LIFE, Life, Step, is_simple, steps_of, told_of
from services.metrics.orders.domain.days import Ints, ShopDays, days_of
from services.metrics.orders.domain.decide import Moves
from shared.orders import (
    Content,
    Fact,
    Mark,
    OrderState,
    Refund,
    fact,
    first_completion,
    merge,
)


class Known(NamedTuple):
    """An order that was there before the batch."""

    state: OrderState
    life: Life
    """As it was counted."""


class Days(NamedTuple):
    """Local and booked day of an order's first completion; None while there was none."""

    day: int | None
    booked_day: int | None


class Dated(NamedTuple):
    """What is known of an order, and on which days that counts."""

    state: OrderState
    days: Days
    life: Life


class StatusRow(NamedTuple):
    """A completion or cancellation beside the first completion."""

    order: OrderKey
    mark: Mark
    received: int
    booked_day: int


class RefundRow(NamedTuple):
    """A telling of a refund."""

    order: OrderKey
    refund_id: str
    refund: Refund
    booked_day: int


@dataclass(frozen=True, slots=True)
class Amendment:
    """One order before and after what the batch tells of it."""

    order: OrderKey
    told: OrderState
    before: Known | None
    after: Dated

    @property
    def life_before(self) -> Life:
        """As it was counted before the batch."""
        return NO_LIFE if self.before is None else self.before.life


def amendments(
    told: Mapping[OrderKey, OrderState], known: Mapping[OrderKey, Known], shops: Mapping[int, ShopDays]
) -> list[Amendment]:
    """What the batch tells, joined with what was known. `shops` by number."""
    joined = {order: merge(known[order].state, state) if order in known else state for order, state in told.items()}
    found = dated(joined, shops)
    return [Amendment(order, told[order], known.get(order), found[order]) for order in joined]


def dated(states: Mapping[OrderKey, OrderState], shops: Mapping[int, ShopDays]) -> dict[OrderKey, Dated]:
    """Orders with the days on which what is known of them counts."""
    days = _first_days(states, shops)
    told = {order: told_of(state) for order, state in states.items()}
    _, booked = _local([(order.shop, one.at, one.received) for order, each in told.items() for one in each], shops)
    found, at = {}, 0
    for order, state in states.items():
        size = len(told[order])
        steps = steps_of(told[order], booked[at : at + size].tolist())
        at += size
        life = Life(fact(state, days[order].day), days[order].booked_day, steps)
        found[order] = Dated(state, days[order], life)
    return found


def _first_days(states: Mapping[OrderKey, OrderState], shops: Mapping[int, ShopDays]) -> dict[OrderKey, Days]:
    """Local and booked day of each order's first completion."""
    firsts = {order: first_completion(state) for order, state in states.items()}
    completed = [(order, *first) for order, first in firsts.items() if first is not None]
    day, booked = _local([(order.shop, at, received) for order, at, received in completed], shops)
    days = {order: Days(None, None) for order in states}
    for (order, _, _), one, other in zip(completed, day.tolist(), booked.tolist(), strict=True):
        days[order] = Days(one, other)
    return days


def _local(instants: Sequence[tuple[int, int, int]], shops: Mapping[int, ShopDays]) -> tuple[Ints, Ints]:
    """(local day, booked day) of each (shop, instant, instant of receipt)."""
    columns = np.array(instants, np.int64).reshape(-1, 3)
    day, booked = np.zeros((2, len(columns)), np.int64)
    for shop in np.unique(columns[:, 0]).tolist():
        mine = columns[:, 0] == shop
        day[mine], booked[mine] = days_of(shops[shop], columns[mine, 1], columns[mine, 2])
    return day, booked


def status_rows(amended: Iterable[Amendment], shops: Mapping[int, ShopDays]) -> list[StatusRow]:
    """Marks to be kept beside the first completion, which the order's own row holds."""
    found: list[tuple[OrderKey, Mark, int]] = []
    for one in amended:
        marks = dict(one.told.marks)
        displaced = None if one.before is None else first_completion(one.before.state)
        if displaced is not None:
            marks.setdefault(Mark(displaced[0], completed=True), displaced[1])
        first = first_completion(one.after.state)
        found += [
            (one.order, mark, received)
            for mark, received in marks.items()
            if first is None or mark != Mark(first[0], completed=True)
        ]
    _, booked = _local([(order.shop, mark.at, received) for order, mark, received in found], shops)
    return [StatusRow(*row, day) for row, day in zip(found, booked.tolist(), strict=True)]


def refund_rows(amended: Iterable[Amendment], shops: Mapping[int, ShopDays]) -> list[RefundRow]:
    """Tellings of refunds that are new, or that were received earlier than was known."""
    found = [
        (one.order, key[0], one.after.state.tellings[key])
        for one in amended
        for key in one.told.tellings
        if one.before is None or one.before.state.tellings.get(key) != one.after.state.tellings[key]
    ]
    _, booked = _local([(order.shop, refund.at, refund.received) for order, _, refund in found], shops)
    return [RefundRow(*row, day) for row, day in zip(found, booked.tolist(), strict=True)]


def content_rows(amended: Iterable[Amendment]) -> list[tuple[OrderKey, Content]]:
    """Contents to be kept beside the order's own row, which tells of one alone and not when it was received."""
    return [
        (one.order, content)
        for one in amended
        for key, content in _kept(one.after.state).items()
        if one.before is None or _kept(one.before.state).get(key) != content
    ]


def _kept(state: OrderState) -> Mapping[tuple[int, str], Content]:
    return {} if is_simple(state) else state.contents


def step_rows(amended: Iterable[Amendment]) -> tuple[list[OrderKey], list[tuple[OrderKey, Step]]]:
    """(orders whose steps change, the steps that then stand beside their own rows)."""
    gone, come = [], []
    for one in amended:
        was, now = one.life_before, one.after.life
        if was.steps == now.steps and was.is_told_by_row == now.is_told_by_row:
            continue
        if not was.is_told_by_row:
            gone.append(one.order)
        if not now.is_told_by_row:
            come += [(one.order, step) for step in now.steps]
    return gone, come


def moves_of(plain: PlainOrders, fresh: Ints, amended: Iterable[Amendment]) -> Moves:
    """Counted orders that came and went: plain ones that are new (`fresh`: their places), and amended ones."""
    rows: list[tuple[int, int, Fact]] = []
    for one in amended:
        was, now = one.life_before.fact, one.after.life.fact
        if was != now:
            rows += [(-1, one.order.shop, was)] if was else []
            rows += [(1, one.order.shop, now)] if now else []
    facts = [moved for *_, moved in rows]
    ones = np.ones(len(fresh), np.int64)
    return Moves(
        sign=_both(ones, [sign for sign, *_ in rows]),
        shop=_both(plain.shop[fresh], [shop for _, shop, _ in rows]),
        customer=_both(plain.customer[fresh], [moved.customer for moved in facts]),
        day=_both(plain.day[fresh], [moved.day for moved in facts]),
        currency=_both(plain.currency_code[fresh], [currency_code(moved.currency) for moved in facts]),
        net=_both(plain.revenue[fresh], [moved.net for moved in facts]),
    )


def chosen(moves: Moves, rows: Ints) -> Moves:
    """Some of the moves."""
    return Moves(
        sign=moves.sign[rows],
        shop=moves.shop[rows],
        customer=moves.customer[rows],
        day=moves.day[rows],
        currency=moves.currency[rows],
        net=moves.net[rows],
    )


def _both(column: Ints, more: Sequence[int]) -> Ints:
    return np.concatenate([column, np.array(more, np.int64)]) if more else column
