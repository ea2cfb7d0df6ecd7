"""From orders that came and went to changes of counters and new customer states: whole batches, by columns. Pure.

Three kinds of customer are told apart. Most only get orders on or after their last order day: an *append*, decided
from the state alone. Some only see an amount change. The rest (late, cancelled, refunded, moved orders) are *rewound*:
the stretch of their order days around the change is read, and counted as it is now less as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.metrics.counters import Ints
from services.metrics.orders.domain.changes import Amounts, Changes, Frame, Runs, Turns
from shared.orders import GUEST

Flags = npt.NDArray[np.bool_]
BEGINNING, END = -(2**31), 2**31 - 1


@dataclass(frozen=True, slots=True)
class Moves:
    """Counted orders that came (1) or went (-1): columns of one length. Guests have customer 0."""

    sign: Ints
    shop: Ints
    customer: Ints
    day: Ints
    currency: Ints
    net: Ints


@dataclass(frozen=True, slots=True)
class States:
    """What is known of customers, a row for each, sorted by (shop, customer). Zeros for one who is new."""

    shop: Ints
    customer: Ints
    first_day: Ints
    orders: Ints
    version: Ints
    days: Ints
    """(customers, depth): last order days, rising, 0 in front."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the states alone decide, and what must be read for the rest."""

    states: States
    owner: Ints
    """By move: index of its customer among the states, -1 for a guest."""
    net_owner: Ints
    """Index of the customer whose days changed …"""
    net_day: Ints
    net: Ints
    """… on that day, by so many orders."""
    appended: Flags
    """By customer: only orders on or after the last order day came."""
    rewound: Ints
    """Indexes of customers to be read …"""
    low: Ints
    """… from this day …"""
    high: Ints
    """… to this, with `depth` orders before and after. BEGINNING and END: all, since the first order may move."""


class Stretch(NamedTuple):
    """Counted orders as they are now, of the customers of `Plan.rewound`: sorted by (owner, day)."""

    owner: Ints
    """Index into `Plan.rewound`."""
    part: Ints
    """0 before the stretch, 1 in it, 2 after it."""
    day: Ints
    currency: Ints
    net: Ints


class Owners(NamedTuple):
    """Customers of a batch, sorted, distinct."""

    shop: Ints
    customer: Ints
    of_moves: Ints
    """Of each move its index among them, -1 for guests."""
    of_turns: Ints
    """Of each turn likewise."""


def owners_of(moves: Moves, turns: Turns, also: tuple[Ints, Ints] | None = None) -> Owners:
    """Everyone whose orders changed, be it for a moment: the turns may be of somebody without any move.

    `also`: (shop, customer) of further ones.
    """
    known = np.flatnonzero(moves.customer != GUEST)
    shops, customers = also or (moves.shop[:0], moves.customer[:0])
    shop = np.concatenate([moves.shop[known], turns.shop, shops])
    customer = np.concatenate([moves.customer[known], turns.customer, customers])
    order = np.lexsort((customer, shop))
    shop, customer = shop[order], customer[order]
    starts = _starts(shop, customer)
    owner = np.zeros(len(order), np.int64)
    owner[order] = np.cumsum(starts) - 1
    of_moves = np.full(len(moves.sign), -1, np.int64)
    of_moves[known] = owner[: len(known)]
    return Owners(shop[starts], customer[starts], of_moves, owner[len(known) : len(known) + len(turns)])


def plan(moves: Moves, owner: Ints, states: States) -> Plan:
    """Tell appends, amount changes and rewinds apart."""
    own = np.flatnonzero(owner >= 0)
    order = own[np.lexsort((moves.day[own], owner[own]))]
    who, day, sign = owner[order], moves.day[order], moves.sign[order]
    starts = np.flatnonzero(_starts(who, day))
    net = np.add.reduceat(sign, starts) if len(starts) else sign
    changed = net != 0
    who, day, net = who[starts][changed], day[starts][changed], net[changed]
    size = len(states.customer)
    low, high = np.full(size, END, np.int64), np.full(size, BEGINNING, np.int64)
    np.minimum.at(low, who, day)
    np.maximum.at(high, who, day)
    takes = np.zeros(size, bool)
    takes[who[net < 0]] = True
    moved = low <= high
    appended = moved & ~takes & (low >= states.days[:, -1])
    rewound = np.flatnonzero(moved & ~appended)
    low, high = low[rewound], high[rewound]
    whole = low <= states.first_day[rewound]
    return Plan(
        states=states,
        owner=owner,
        net_owner=who,
        net_day=day,
        net=net,
        appended=appended,
        rewound=rewound,
        low=np.where(whole, BEGINNING, low),
        high=np.where(whole, END, high),
    )


def decide(frame: Frame, moves: Moves, plan: Plan, stretch: Stretch) -> tuple[Changes, States]:
    """The changes, and the states after them (of all customers, changed or not; the version rises with a change)."""
    states = plan.states
    appended = _append(states, plan)
    now, was = _rewind(states, plan, stretch)
    after = _after(states, plan, stretch, appended, now)
    return Changes(frame, _amounts(moves, after, plan, stretch), _joined((appended, now, was))), after


def _append(states: States, plan: Plan) -> Runs:
    """The new days of those who only got orders at the end."""
    mine = plan.appended[plan.net_owner]
    who, day, net = plan.net_owner[mine], plan.net_day[mine], plan.net[mine]
    chosen = np.flatnonzero(plan.appended)
    return Runs(
        sign=np.ones(len(chosen), np.int64),
        shop=states.shop[chosen],
        first_day=states.first_day[chosen],
        tail=states.days[chosen],
        length=_sum_by(who, net, len(states.customer))[chosen],
        days=np.repeat(day, net),
    )


def _rewind(states: States, plan: Plan, stretch: Stretch) -> tuple[Runs, Runs]:
    """The stretches as they are now (to be added) and as they were (to be taken away)."""
    count, depth = len(plan.rewound), states.days.shape[1]
    before = stretch.part == 0
    owner = stretch.owner[before]
    sizes = np.bincount(owner, minlength=count)
    place = np.arange(len(owner)) - (np.cumsum(sizes) - sizes)[owner]
    tail = np.zeros((count, depth), np.int64)
    tail[owner, depth - sizes[owner] + place] = stretch.day[before]

    index = np.full(len(states.customer), -1, np.int64)
    index[plan.rewound] = np.arange(count)
    changed = index[plan.net_owner]
    mine = changed >= 0
    now_owner, now_day = stretch.owner[~before], stretch.day[~before]
    was_owner, was_day = _multiset(
        np.concatenate([now_owner, changed[mine]]),
        np.concatenate([now_day, plan.net_day[mine]]),
        np.concatenate([np.ones(len(now_owner), np.int64), -plan.net[mine]]),
    )
    first_day = np.where(plan.low == BEGINNING, 0, states.first_day[plan.rewound])
    shop, sign = states.shop[plan.rewound], np.ones(count, np.int64)
    return (
        Runs(sign, shop, first_day, tail, np.bincount(now_owner, minlength=count), now_day),
        Runs(-sign, shop, first_day, tail, np.bincount(was_owner, minlength=count), was_day),
    )


def _multiset(owner: Ints, day: Ints, times: Ints) -> tuple[Ints, Ints]:
    """(owner, day) as often as `times` add up to, sorted. ValueError below zero: facts and changes disagree."""
    order = np.lexsort((day, owner))
    owner, day = owner[order], day[order]
    starts = np.flatnonzero(_starts(owner, day))
    sums = np.add.reduceat(times[order], starts) if len(starts) else times
    if (sums < 0).any():
        raise ValueError("an order that came in this batch is not among the facts that were read")
    return np.repeat(owner[starts], sums), np.repeat(day[starts], sums)


def _after(states: States, plan: Plan, stretch: Stretch, appended: Runs, now: Runs) -> States:
    depth, size = states.days.shape[1], len(states.customer)
    first_day, days = states.first_day.copy(), states.days.copy()
    at = np.flatnonzero(plan.appended)
    first_day[at] = _first(appended)
    days[at] = _last(appended, depth)
    # With `depth` unchanged orders behind the stretch, the last ones of the customer are among the unchanged.
    behind = np.bincount(stretch.owner[stretch.part == 2], minlength=len(plan.rewound))
    ended = behind < depth
    days[plan.rewound[ended]] = _last(now, depth)[ended]
    first_day[plan.rewound] = _first(now)
    touched = np.zeros(size, np.int64)
    touched[plan.net_owner] = 1
    return States(
        shop=states.shop,
        customer=states.customer,
        first_day=first_day,
        orders=states.orders + _sum_by(plan.net_owner, plan.net, size),
        version=states.version + touched,
        days=days,
    )


def _first(runs: Runs) -> Ints:
    """The first order day of each run's customer; 0 when none is left."""
    starts = np.cumsum(runs.length) - runs.length
    days = np.append(runs.days, 0)
    opening = np.where(runs.length > 0, days[starts], 0)
    return np.where(runs.first_day > 0, runs.first_day, opening)


def _last(runs: Runs, depth: int) -> Ints:
    """The last `depth` days of each run behind its tail."""
    ends = np.cumsum(runs.length)
    back = np.arange(depth, 0, -1)
    inside = runs.length[:, None] >= back
    beyond = np.minimum(depth - back + runs.length[:, None], depth - 1)
    days = np.append(runs.days, 0)
    last: Ints = np.where(
        inside, days[np.where(inside, ends[:, None] - back, 0)], np.take_along_axis(runs.tail, beyond, axis=1)
    )
    return last


def _amounts(moves: Moves, after: States, plan: Plan, stretch: Stretch) -> Amounts:
    owner, states = plan.owner, plan.states
    guest = owner < 0
    first = np.where(moves.sign > 0, np.append(after.first_day, 0)[owner], np.append(states.first_day, 0)[owner])
    parts = [(moves.sign, moves.shop, moves.customer, np.where(guest, 0, first), moves.day, moves.currency, moves.net)]
    # Where the first order moved, every order of the customer goes from its old cohort and comes to the new one.
    shifted = (after.first_day != states.first_day) & (states.first_day > 0)
    shifted[plan.appended] = False
    of = plan.rewound[stretch.owner]
    rows = np.flatnonzero(shifted[of])
    if len(rows):
        of = of[rows]
        same = (states.shop[of], states.customer[of])
        rest = (stretch.day[rows], stretch.currency[rows], stretch.net[rows])
        ones = np.ones(len(rows), np.int64)
        parts.append((ones, *same, after.first_day[of], *rest))
        parts.append((-ones, *same, states.first_day[of], *rest))
        # What this batch moved is among the rows read or is not: the first part has it, so take it out here.
        own = np.flatnonzero(~guest & shifted[np.where(guest, 0, owner)] & (moves.sign > 0))
        of = owner[own]
        same = (states.shop[of], states.customer[of])
        rest = (moves.day[own], moves.currency[own], moves.net[own])
        ones = np.ones(len(own), np.int64)
        parts.append((-ones, *same, after.first_day[of], *rest))
        parts.append((ones, *same, states.first_day[of], *rest))
    sign, shop, customer, first, day, currency, net = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Amounts(sign, shop, customer, first, day, currency, net)


def _joined(parts: tuple[Runs, ...]) -> Runs:
    return Runs(
        sign=np.concatenate([part.sign for part in parts]),
        shop=np.concatenate([part.shop for part in parts]),
        first_day=np.concatenate([part.first_day for part in parts]),
        tail=np.concatenate([part.tail for part in parts]),
        length=np.concatenate([part.length for part in parts]),
        days=np.concatenate([part.days for part in parts]),
    )


def _sum_by(who: Ints, value: Ints, size: int) -> Ints:
    sums = np.zeros(size, np.int64)
    np.add.at(sums, who, value)
    return sums


def _starts(*columns: Ints) -> Flags:
    """Where a row differs from the one before it."""
    differs = np.ones(len(columns[0]), bool)
    differs[1:] = False
    for column in columns:
        differs[1:] |= column[1:] != column[:-1]
    return differs
