"""Timers of lifecycle: customers for whom a day has come, and the daily figure of shops on wall time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from services.metrics import counters
from services.metrics.lifecycle.domain.figures import Series, frozen, histogram, reached
from services.metrics.lifecycle.domain.thresholds import NO_FIGURE
from services.metrics.lifecycle.domain.walking import Walk
from services.metrics.lifecycle.people import load_facts, people_of, put_back
from services.metrics.lifecycle.shops import lives_of, moments_of, watch_gaps
from services.metrics.lifecycle.speaking import Life
from services.metrics.lifecycle.store import besides, gaps
from services.metrics.lifecycle.store.gaps import WHOLE_SHOP
from services.metrics.lifecycle.telling import Telling
from services.metrics.orders import lock_lives, save_lives, settle_of
from shared.clocks import place_of
from shared.contracts.envelope import Envelope
from shared.kernel import parse_customer_id
from shared.messaging.handling import Timer, Work

_SLUGS = "SELECT number, slug FROM shop WHERE number = ANY($1::int[])"


async def freeze_gaps(work: Work, timers: Sequence[Timer]) -> None:
    """Timer handler: the figure of the day that has begun, for each shop; then the next day's timer."""
    lives = await lives_of(work, [work.shop(timer.identity) for timer in timers])
    telling = Telling()
    for timer in timers:
        life = lives[int(timer.shop)]
        if life.streams or not life.rules.personal:
            continue
        counted = await gaps.counted(work.tx.conn, life.number, life.generation, None)
        own = counted.get(WHOLE_SHOP, {})
        today = life.zone.day_of(work.tx.now)
        telling.keep(life, WHOLE_SHOP, [frozen(today, histogram(own), life.rules.quantile)])
        watch_gaps(work, life, timer.partition)
    await telling.finish(work)


async def fall_due(work: Work, timers: Sequence[Timer]) -> None:
    """Timer handler: what the clock does to these customers, up to now in their shop's time."""
    conn = work.tx.conn
    numbers = sorted({int(timer.shop) for timer in timers})
    slugs = dict(await conn.fetch(_SLUGS, numbers))
    held = await counters.hold(conn, numbers)
    lives = await lives_of(work, [work.shop(slugs[number]) for number in numbers])
    telling = Telling()
    ordered = sorted(timers, key=lambda timer: timer.shop)
    own = {
        number: {int(parse_customer_id(one.identity)): one for one in group}
        for number, group in groupby(ordered, key=lambda timer: int(timer.shop))
    }
    # Orders of all shops are locked before customers of any.
    for number in sorted(held.settling & own.keys()):
        await settle_of(conn, number, own[number])
    for number, of in own.items():
        await _fall_due(work, lives[number], of, telling)
        if number in held.built:
            await besides.mark(conn, number, of)
    deltas = counters.merge([await telling.finish(work)])
    await counters.add(conn, deltas, {number: life.generation for number, life in lives.items()}, work.shard)


async def _fall_due(work: Work, life: Life, timers: Mapping[int, Timer], telling: Telling) -> None:
    conn = work.tx.conn
    found = await lock_lives(conn, life.number, life.generation, list(timers))
    rows = np.arange(len(found.customer))
    partitions = [_partition(timers[customer]) for customer in found.customer]
    moments = await moments_of(work, life, partitions)
    of = partitions if life.streams else [WHOLE_SHOP] * len(partitions)
    series: dict[int, Series] = {}
    if life.rules.personal and len(rows):
        since = 0 if found.lives.put_off.any() else int(found.lives.figure_day.min())
        series = await gaps.figures(conn, life.number, life.generation, sorted(set(of)), since)
        if life.streams:
            series = {one: reached(figures, moments[one][0])[0] for one, figures in series.items()}
    days = found.lives.figure_day.tolist()
    figures = [series[one].of(day) if one in series else NO_FIGURE for one, day in zip(of, days, strict=True)]
    people = people_of(life.rules, found.lives, found.last_day, rows, figures)
    pairs = list(zip(found.customer, people, strict=True))
    await load_facts(conn, life, {customer: person for customer, person in pairs if person.put_off}, {})
    armed = []
    for (customer, person), one, partition in zip(pairs, of, partitions, strict=True):
        until, origin = moments[partition]
        walk = Walk(life.rules, series[one].at if one in series else lambda *_: NO_FIGURE)
        walk.fall_due(person, until, origin)
        # Timers of the shop's own clock that the wall finds: the shop has changed over, and catches up in silence.
        silent = timers[customer].partition < 0 and not life.streams
        telling.tell(life, customer, person.acts, _nobody, silent=silent)
        armed.append(telling.rearm(life, customer, person, 0, partition))
    after = found.lives.copy()
    put_back(after, rows, people, armed)
    await save_lives(conn, life.number, life.generation, found.customer, after)


def _partition(timer: Timer) -> int:
    return timer.partition if timer.partition >= 0 else place_of(timer.partition)[1]


def _nobody(_: int) -> Envelope:
    raise LookupError("the clock has no cause")
