"""Between customers' rows and what the domain walks with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import asyncpg
import numpy as np

from services.metrics.counters import Ints
from services.metrics.lifecycle.domain.stages import Stage, Standing
from services.metrics.lifecycle.domain.thresholds import Activity, Figure, Rules, Threshold, threshold
from services.metrics.lifecycle.domain.walking import Happening, Person
from services.metrics.lifecycle.speaking import Life
from services.metrics.lifecycle.store import changes, visits
from services.metrics.orders import GAP_MAX, GAPS, Lives, order_days


def people_of(rules: Rules, lives: Lives, last_day: Ints, rows: Ints, figures: Sequence[Figure]) -> list[Person]:
    """The customers of some rows. `figures` by row chosen: the one that the threshold rests on."""
    columns = (lives.stage, lives.stage_began, last_day, lives.last_visit, lives.threshold, lives.seen)
    numbers = np.stack([column[rows] for column in (*columns, lives.changes, lives.put_off)], axis=1).tolist()
    found = []
    for (stage, began, last, visit, days, seen, told, put_off), gaps, figure in zip(
        numbers, lives.gaps[rows].tolist(), figures, strict=True
    ):
        own = tuple(gap for gap in gaps if gap)
        standing = Standing(Stage(stage), began, last, visit, own, _threshold(rules, days, own, figure))
        found.append(Person(standing, seen, told, bool(put_off)))
    return found


def _threshold(rules: Rules, days: int, own: tuple[int, ...], figure: Figure) -> Threshold | None:
    if not days:
        return None
    found = threshold(rules, own, figure)
    return found if found.days == days else Threshold(days, personal=False, own_gaps=len(own))


def put_back(lives: Lives, rows: Ints, people: Sequence[Person], due: Sequence[int]) -> None:
    """Write into the columns how the customers stand now. `due`: the days for which their timers are armed."""
    if not people:
        return
    numbers = [
        (
            person.standing.stage,
            person.standing.began,
            person.standing.last_visit,
            0 if person.standing.threshold is None else person.standing.threshold.days,
            0 if person.standing.threshold is None else person.standing.threshold.figure_day or 0,
            person.seen,
            armed,
            person.changes,
            person.put_off,
        )
        for person, armed in zip(people, due, strict=True)
    ]
    columns = np.array(numbers, np.int64).T
    targets = (lives.stage, lives.stage_began, lives.last_visit, lives.threshold, lives.figure_day, lives.seen)
    for target, column in zip((*targets, lives.due, lives.changes, lives.put_off), columns, strict=True):
        target[rows] = column
    gaps = [(0,) * (GAPS - len(person.standing.gaps)) + person.standing.gaps for person in people]
    lives.gaps[rows] = np.minimum(np.array(gaps, np.int64), GAP_MAX)


async def load_facts(
    conn: asyncpg.Connection[Any],
    life: Life,
    people: Mapping[int, Person],
    happenings: Mapping[int, Iterable[Happening]],
    orders: Mapping[int, Sequence[int]] | None = None,
) -> None:
    """Give customers (by number) their facts as they were before what happened, and what was told of them.

    Orders and visits are written already. `orders`: days as `before` gives them, where they were read.
    """
    wanted = list(people)
    if not wanted:
        return
    days = await before(conn, life, wanted, happenings) if orders is None else orders
    seen: Mapping[int, list[int]] = {}
    if life.rules.activity is not Activity.ORDERS:
        seen = await visits.days_of(conn, life.number, wanted)
    told = await changes.standing(conn, life.number, life.generation, wanted)
    put_off = [customer for customer, person in people.items() if person.put_off]
    for customer, owed in (await changes.owed(conn, life.number, life.generation, put_off)).items():
        people[customer].owed = owed
    for customer, person in people.items():
        person.orders = list(days[customer])
        new = {one.visited for one in happenings.get(customer, ()) if one.visited is not None}
        person.visits = [day for day in seen.get(customer, ()) if day not in new]
        person.told = told[customer]


async def before(
    conn: asyncpg.Connection[Any], life: Life, customers: Sequence[int], happenings: Mapping[int, Iterable[Happening]]
) -> dict[int, list[int]]:
    """Days of counted orders before what happened, which is written already."""
    found = {}
    for customer, days in (await order_days(conn, life.number, customers)).items():
        times = Counter(days)
        for one in happenings.get(customer, ()):
            times.subtract(one.added)
            times.update(one.removed)
        found[customer] = sorted(times.elements())
    return found
