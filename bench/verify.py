"""Recounts the stream by brute force and compares: a rate counts only when the result is right.

Shares nothing with the service: for each window, every customer's order days are walked and intervals are painted
on the days they cover.
"""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
from numpy.typing import NDArray

from bench.ground import PARTITIONS
from bench.stream import DAYS, FIRST_DAY, Stream, last_day
from mandegar.recount.shops import changes_of_shop
from mandegar.recount.stages import StageRules
from shared.contracts.shops import Lifecycle

WINDOWS = (30, 90, 180, 365)


def recount(stream: Stream) -> dict[str, NDArray[np.int64]]:
    """By name, the value on each of the stream's days."""
    base = FIRST_DAY.toordinal()
    order = np.lexsort((stream.day, stream.customer))
    customer, day = stream.customer[order], stream.day[order] - base
    same = np.concatenate((customer[1:] == customer[:-1], [False]))
    following = np.where(same, np.append(day[1:], 0), np.iinfo(np.int64).max)
    before = np.where(
        np.concatenate(([False], same[:-1])), np.concatenate(([0], day[:-1])), np.iinfo(np.int64).min // 2
    )
    truth = {
        "orders": np.bincount(day, minlength=DAYS)[:DAYS].astype(np.int64),
        "revenue": np.bincount(day, weights=stream.revenue[order], minlength=DAYS)[:DAYS].astype(np.int64),
    }
    for window in WINDOWS:
        # an order holds its customer until the next one, at the most for the window
        truth[f"held{window}"] = _paint(day, np.minimum(following, day + window))
        # the last two orders lie in the window until the earlier of them leaves it, or until the next order
        truth[f"repeat{window}"] = _paint(day, np.minimum(following, before + window))
    return truth


def differing_days(stream: Stream, figures: dict[str, list[int]]) -> int:
    """On how many days of how many measures the service's figures differ from the recount. 0 is right."""
    base, wrong = FIRST_DAY.toordinal(), 0
    for name, truth in recount(stream).items():
        flat = np.array(figures.get(name, []), np.int64).reshape(-1, 2)
        changes = np.zeros(DAYS, np.int64)
        inside = (flat[:, 0] >= base) & (flat[:, 0] < base + DAYS)
        np.add.at(changes, flat[inside, 0] - base, flat[inside, 1])
        ours = changes if name in ("orders", "revenue") else np.cumsum(changes)
        wrong += int((ours != truth).sum())
    return wrong


def changes_of_stages(stream: Stream, lifecycle: Lifecycle) -> dict[str, int]:
    """How many changes of stages there are, by `previous>stage`, up to the start of the day after the last one."""
    rules = StageRules(
        lost_days=lifecycle.lost_days,
        onboarding_days=lifecycle.onboarding_days,
        personal=lifecycle.lapsing == "personal",
        lapsing_days=lifecycle.lapsing_days,
        floor=lifecycle.lapsing_floor,
        quantile=lifecycle.lapsing_quantile,
    )
    orders: dict[str, list[int]] = defaultdict(list)
    for customer, day in zip(stream.customer.tolist(), stream.day.tolist(), strict=True):
        orders[str(customer)].append(day)
    found = changes_of_shop(orders, rules, last_day(), partition_of=lambda name: int(name) % PARTITIONS)
    return dict(Counter(f"{one.previous}>{one.stage}" for changes in found.values() for one in changes))


def _paint(start: NDArray[np.int64], stop: NDArray[np.int64]) -> NDArray[np.int64]:
    painted = np.zeros(DAYS + 1, np.int64)
    some = stop > start
    np.add.at(painted, start[some], 1)
    np.add.at(painted, np.minimum(stop[some], DAYS), -1)
    return np.cumsum(painted[:DAYS])
