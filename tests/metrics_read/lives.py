"""Lives of customers by the pure functions, written into the tables as the service's write side would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import msgspec
import numpy as np

from services.metrics.counters import Measure
from services.metrics.lifecycle.domain.stages import Reason, Stage, Standing, Transition, history
from services.metrics.lifecycle.domain.thresholds import Activity, Figure, Rules, Threshold, threshold
from shared.contracts.shops import Shop
from tests.metrics_read.ground import GENERATION, Ground, customer_number
from tests.metrics_read.recount import Bought, days_by_customer

FIGURE_DAY = 700_000
FIGURE = Figure(FIGURE_DAY, 400, 33, 90, 25)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rules_of_shop(shop: Shop) -> Rules:
    """The rules that a shop's settings say, spelled out."""
    settings = shop.lifecycle
    return Rules(
        settings.lost_days,
        settings.onboarding_days,
        settings.lapsing == "personal",
        settings.lapsing_days,
        settings.lapsing_floor,
        settings.lapsing_quantile,
        Activity[settings.activity.upper()],
    )


def lived(days: Sequence[int], visits: Sequence[int], rules: Rules, until: int) -> tuple[Standing, list[Transition]]:
    """One life up to the end of a day, from nothing."""
    return history(
        [day for day in days if day <= until],
        [day for day in visits if day <= until],
        rules,
        lambda _day: FIGURE,
        until,
    )


async def live(
    ground: Ground, shop: Shop, bought: list[Bought], visits: dict[int, list[int]], today: int
) -> dict[int, list[int]]:
    """Write stages, changes and counters of a history that `Ground.fill` wrote. Gives order days by customer.

    Some changes are numbered as corrections are, after later ones; beside them stand changes that were taken back.
    """
    rng, rules, counted = Random(shop.number), rules_of_shop(shop), Counter[tuple[int, int, int]]()
    days = days_by_customer(bought)
    await ground.pool.execute(
        "INSERT INTO gap_figure VALUES ($1, $2, -1, $3, $4, $5, $6, $7)", shop.number, GENERATION, *FIGURE
    )
    for customer, mine in days.items():
        seen = visits.get(customer, [])
        standing, changes = lived(mine, seen, rules, today)
        for change in changes:
            counted[Measure.STAGE, change.previous, change.day] -= 1
            counted[Measure.STAGE, change.stage, change.day] += 1
            counted[Measure.STAGE_FLOW, change.previous * 8 + change.stage, change.day] += 1
        await _write(ground, shop, customer, standing, _numbered(rng, changes))
        await ground.pool.executemany(
            "INSERT INTO visit (customer, shop, day, identity) VALUES ($1, $2, $3, $1)",
            [(customer_number(shop.number, customer), shop.number, day) for day in sorted(set(seen))],
        )
    await ground.pool.executemany(
        "INSERT INTO counter VALUES ($1, $2, 0, $3, $4, 0, $5, '', 1, $6)",
        [(shop.number, GENERATION, *place, value) for place, value in counted.items() if value],
    )
    return days


Numbered = list[tuple[int, Transition, bool]]
"""(number, change, taken back)."""


def _numbered(rng: Random, changes: list[Transition]) -> Numbered:
    untrue = [
        Transition(change.day + rng.randint(-3, 40), change.previous, change.stage, Reason.WINDOW, None, None)
        for change in changes
        if rng.random() < 0.3
    ]
    rows = [(change, False) for change in changes] + [(change, True) for change in untrue]
    if rng.random() < 0.5:
        rng.shuffle(rows)
    return [(n, change, gone) for n, (change, gone) in enumerate(rows, 1)]


async def _write(ground: Ground, shop: Shop, customer: int, standing: Standing, changes: Numbered) -> None:
    number = customer_number(shop.number, customer)
    await ground.pool.execute(
        "UPDATE customer_state SET stage = $4, stage_began = $5, last_visit = $6, threshold = $7, figure_day = $8,"
        " changes = $9, gaps = $10 WHERE customer = $1 AND shop = $2 AND generation = $3",
        number,
        shop.number,
        GENERATION,
        standing.stage,
        standing.began,
        standing.last_visit,
        standing.threshold.days if standing.threshold else 0,
        (standing.threshold.figure_day or 0) if standing.threshold else 0,
        len(changes),
        np.array([*[0] * 20, *standing.gaps][-20:], ">u2").tobytes(),
    )
    await ground.pool.executemany(
        "INSERT INTO transition (customer, shop, generation, n, day, previous, stage, reason, last_active, threshold,"
        " evidence, late, time, event_id, retracted_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        [
            (
                *(number, shop.number, GENERATION, n, change.day, change.previous, change.stage, change.reason),
                change.last_active,
                change.threshold.days if change.threshold else None,
                msgspec.json.encode(change.threshold) if change.threshold else None,
                gone,
                EPOCH + timedelta(days=change.day - 719_163),
                f"event-{number}-{n}",
                f"gone-{number}-{n}" if gone else None,
            )
            for n, change, gone in changes
        ],
    )


def evident(standing: Standing, rules: Rules) -> Threshold:
    """The threshold in force, worked out anew."""
    return threshold(rules, standing.gaps, FIGURE)


def stage_at(days: list[int], visits: list[int], rules: Rules, day: int) -> Stage:
    """Where a customer stands at the end of a day."""
    return lived(days, visits, rules, day)[0].stage
