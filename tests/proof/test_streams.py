"""Dirty streams of several shops: every measure, base, list and stage at random days equals the recount."""

from __future__ import annotations

import os
from datetime import date
from random import Random

import pytest

from mandegar.generating import Inside, Settings, generate_inside
from services.metrics.main import create_service
from shared.kernel import FixedClock
from shared.testing import Databases, Harness, running
from tests.proof.asking import Found, Questions, asked_as
from tests.proof.playing import EDGES, NOW, Played, play_by_stream, play_by_wall
from tests.proof.standing import compare_standing, late_without_reason, published

pytestmark = pytest.mark.stack

SEED = int(os.environ.get("PROOF_SEED", "20140331"))
STREAMS = int(os.environ.get("STREAMS", "1"))
"""How many streams of each kind; `make proof` plays more."""
FEW = 6 if STREAMS == 1 else 36
"""Customers of the streams that are played in batches of seven, which take their time."""


async def compare(harness: Harness, url: str, played: Played, rng: Random, found: Found, *, asking: int = 6) -> None:
    """All questions to all shops."""
    values, today = await published(harness), played.clock.now().date()
    assert await harness.dead_letters() == []
    for shop in played.shops:
        truth = played.truths[shop.slug]
        await compare_standing(harness, truth, found, values)
        async with asked_as(harness.pool, url, shop.number, played.clock) as asked:
            questions = Questions(asked, truth, rng, found)
            await questions.measures(asking)
            await questions.return_rates(2)
            await questions.cohorts(today)
            await questions.stages(asking)


def seeds(kind: str) -> list[str]:
    return [f"{SEED}/{kind}/{number}" for number in range(STREAMS)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", seeds("stream"))
@pytest.mark.parametrize(("customers", "batch"), [(180, 3_000), (FEW, 7)])
async def test_a_dirty_stream_by_its_own_clock(databases: Databases, seed: str, customers: int, batch: int) -> None:
    rng = Random(f"{seed}/{batch}")
    stream = generated(rng, customers, clock=True)
    found, url = Found(), await databases.create("metrics")
    async with running(create_service(), url, clock=FixedClock(NOW)) as harness:
        played = await play_by_stream(harness, stream, batch=batch, rng=rng)
        await compare(harness, url, played, rng, found)
    found.judge(f"{seed} batch {batch}", 1_000)


@pytest.mark.slow
@pytest.mark.parametrize("seed", seeds("wall"))
async def test_a_dirty_stream_by_the_wall_clock(databases: Databases, seed: str) -> None:
    rng = Random(seed)
    stream = generated(rng, 80, clock=False, shops=3, days=150)
    clock = FixedClock(stream.entries[0].received)
    found, url = Found(), await databases.create("metrics")
    async with running(create_service(), url, clock=clock) as harness:
        played = await play_by_wall(harness, stream, clock, batch=400, rng=rng, tail_days=40)
        await compare(harness, url, played, rng, found)
    found.judge(seed, 600)


@pytest.mark.parametrize("seed", seeds("in order"))
async def test_a_stream_in_order_takes_nothing_back_for_lateness(databases: Databases, seed: str) -> None:
    rng = Random(seed)
    stream = generated(rng, 24, clock=True, in_order=True)
    found, url = Found(), await databases.create("metrics")
    async with running(create_service(), url, clock=FixedClock(NOW)) as harness:
        played = await play_by_stream(harness, stream, batch=200, rng=rng)
        await compare(harness, url, played, rng, found, asking=2)
        by_orders = {shop.slug for shop in played.shops if shop.lifecycle.activity == "orders"}
        assert late_without_reason(await published(harness), by_orders) == []
    found.judge(seed, 300)


def generated(
    rng: Random, customers: int, *, clock: bool, in_order: bool = False, shops: int = 6, days: int = 240
) -> Inside:
    """Six shops from early 2014 on: days that begin at one in the morning, orders on days on which something is due."""
    settings = Settings(
        customers=customers, days=days, seed=rng.getrandbits(32), shops=shops, edges=EDGES, in_order=in_order,
        start=date(2014, 1, 1), window=60,
    )  # fmt: skip
    return generate_inside(settings, visits=2.0, clock=clock, tail_days=70, nameless=not clock)
