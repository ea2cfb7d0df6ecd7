"""What is asked about stages equals what was written by the service itself, on any day."""

from __future__ import annotations

from random import Random

import pytest

from services.metrics.lifecycle.answering import ground_of
from services.metrics.lifecycle.domain.census import COUNTED
from services.metrics.lifecycle.domain.stages import Stage
from services.metrics.lifecycle.store.counting import census_at
from services.metrics.lifecycle.store.listing import InStage, staged
from services.metrics.lifecycle.store.lives import changes_of, life_of
from services.metrics.retention import figures
from shared.kernel import DayOrdinal, FixedClock
from shared.testing import Databases
from tests.metrics.streams import NOW
from tests.metrics_lifecycle.ground import PERSONAL, dirty, interleaved, shop_of, standing
from tests.metrics_lifecycle.test_stream import run, worker

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("seed", [3, 4])
async def test_numbers_and_lists_of_stages_are_those_of_the_changes_that_stand(databases: Databases, seed: int) -> None:
    shop, rng = shop_of(PERSONAL), Random(seed)
    async with worker(databases, shop) as harness:
        await run(harness, interleaved(dirty(seed, shop), rng), 60, rng)
        told = await standing(harness)
        async with harness.pool.acquire() as reads:
            ground = await ground_of(reads, shop, FixedClock(NOW))
            own = ground.counters.shop, ground.counters.generation
            for day in [ground.today, *rng.sample(range(ground.today - 200, ground.today), 5)]:
                at = _at(told, day)
                [census] = await census_at(reads, ground.counters, [day], [day - 30])
                assert {stage: count for stage, count in census.stages.items() if count} == _counted(at)
                retention = await figures(reads, shop, DayOrdinal(day), window=PERSONAL.lost_days)
                assert census.held == retention.held
                for stage in COUNTED:
                    for sort in ("customer", "day"):
                        asked = InStage(*own, stage, day, day == ground.today, None, sort)  # type: ignore[arg-type]  # one of the two
                        found = await staged(reads, asked, limit=500)
                        assert sorted(row.customer for row in found.rows) == sorted(
                            who for who, stands in at.items() if stands is stage
                        )
            for who, stage in _at(told, ground.today).items():
                life = await life_of(reads, *own, who, ground.rules)
                assert life is not None and life.standing.stage is stage
                assert len([one for one in await changes_of(reads, *own, who) if one.retracted_by is None]) == len(
                    told[who]
                )


def _at(told: dict[int, list[tuple[int, int, int]]], day: int) -> dict[int, Stage]:
    """Where each customer stands at the end of a day: the end of the chain of changes up to it."""
    found = {}
    for who, changes in told.items():
        left = [change for change in changes if change[0] <= day]
        stands = Stage.PROSPECT
        while left:
            following = next(change for change in left if change[1] == stands)
            left.remove(following)
            stands = Stage(following[2])
        if stands is not Stage.PROSPECT:
            found[who] = stands
    return found


def _counted(at: dict[int, Stage]) -> dict[Stage, int]:
    return {stage: list(at.values()).count(stage) for stage in set(at.values())}
