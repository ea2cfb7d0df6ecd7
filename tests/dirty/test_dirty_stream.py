"""A dirty stream through gateway and metrics: every measure at random days equals a recount of the known truth."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from mandegar.generating import Settings, Stream, generate
from shared.testing import Databases
from tests.dirty.ground import Platform, a_platform, cohort_differences, differences, stream_days, truth_of

SEED = int(os.environ.get("DIRTY_SEED", "20140331"))


@pytest.mark.stack
@pytest.mark.parametrize(
    ("customers", "batch", "scattered"),
    [(300, 20_000, False), (300, 900, True), (60, 7, True), (12, 1, False)],
    ids=["one large batch", "scattered", "batches of seven", "one by one"],
)
async def test_every_measure_of_a_dirty_stream_equals_the_recount(
    databases: Databases, customers: int, batch: int, scattered: bool
) -> None:
    seed = SEED + batch
    stream = generate(Settings(customers=customers, days=420, seed=seed, bad=24))
    rng = Random(seed)
    async with a_platform(databases) as platform:
        await platform.open(stream.shops)
        await platform.play(stream.lines, batch=batch, rng=rng, scattered=scattered)
        figures, found = await compare(platform, stream, rng)
    assert figures > 1_500
    assert not found, f"seed {seed}: {len(found)} of {figures} differ, such as {found[:8]}"


@pytest.mark.stack
async def test_the_answers_are_right_at_every_stage_of_a_growing_stream(databases: Databases) -> None:
    # What was read half-way must not hang on what came later, and what comes late must mend the past.
    stream = generate(Settings(customers=120, days=300, seed=SEED))
    rng = Random(SEED)
    async with a_platform(databases) as platform:
        await platform.open(stream.shops)
        for part in range(4):
            lines = stream.lines[part * len(stream.lines) // 4 : (part + 1) * len(stream.lines) // 4]
            await platform.play(lines, batch=250, rng=rng, scattered=True)
        figures, found = await compare(platform, stream, rng)
        # All of it once more: nothing may change.
        await platform.play(stream.lines, batch=5_000, rng=rng)
        again, found_again = await compare(platform, stream, rng)
        # And the comparison itself must be able to fail: one order that the truth does not know is found.
        lost = next(fact for fact in stream.facts if fact.counted and fact.customer)
        _, found_wrong = await compare(platform, replace(stream, facts=[f for f in stream.facts if f != lost]), rng)
    assert min(figures, again) > 1_500
    assert not found
    assert not found_again
    assert found_wrong


@pytest.mark.stack
async def test_bad_lines_become_dead_letters_and_nothing_else_does(databases: Databases) -> None:
    stream = generate(Settings(customers=60, days=200, seed=SEED, bad=48))
    async with a_platform(databases) as platform:
        await platform.open(stream.shops)
        await platform.play(stream.lines, batch=500, rng=Random(1))
        letters = await platform.gateway.pool.fetch("SELECT reason FROM dead_letter")
        assert not await platform.metrics.pool.fetch("SELECT reason FROM dead_letter")
    assert len(letters) == 48, Counter(letter["reason"] for letter in letters)
    assert len(Counter(letter["reason"] for letter in letters)) >= 5


async def compare(platform: Platform, stream: Stream, rng: Random) -> tuple[int, list[str]]:
    """Random questions to each shop, and its cohort table in each of its currencies."""
    truth = truth_of(stream.facts)
    first, days = stream_days(stream)
    figures, found = 0, list[str]()
    for shop in stream.shops:
        async with platform.asked_as(shop.slug) as asked:
            count, differing = await differences(asked, truth, shop.slug, rng, first=first, days=days, questions=15)
            figures, found = figures + count, found + differing
            for currency in sorted({fact.currency for fact in stream.facts if fact.shop == shop.slug}):
                count, differing = await cohort_differences(
                    asked, truth, shop.slug, first=first, months=days // 30 + 2, currency=currency
                )
                figures, found = figures + count, found + differing
    return figures, found


def test_the_streams_bad_lines_are_as_many_as_asked_for() -> None:
    stream = generate(Settings(customers=60, days=200, seed=SEED, bad=48))
    good = 0
    for line in stream.lines:
        try:
            good += json.loads(line)["source"] != "bad"
        except (ValueError, RecursionError):
            continue
    assert len(stream.lines) - good == 48
