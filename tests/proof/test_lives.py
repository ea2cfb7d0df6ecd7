"""Single customers by the thousand through metrics on PostgreSQL: what stands at last is what the oracle expects."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from mandegar.recount.stages import StageRules
from services.metrics.lifecycle import consumer, jobs, visiting
from services.metrics.main import create_service
from shared.contracts.envelope import Envelope
from shared.contracts.shops import Lifecycle, Shop
from shared.contracts.topics import INTERACTIONS, ORDERS
from shared.kernel import CustomerId, FixedClock, customer_id_text
from shared.testing import Databases, Harness, running
from tests.oracle.lives import Life, events_of, expected, life, rules
from tests.proof.asking import Found
from tests.proof.standing import compare_standing, published
from tests.proof.truth import Truth

pytestmark = pytest.mark.stack

SEED = int(os.environ.get("PROOF_SEED", "1"))
CASES = int(os.environ.get("CASES", "1000"))
"""So many lives; `make proof` lives a hundred times as many."""
TOGETHER = 50
"""Lives under the same rules, in one shop: each in a partition of its own, with its own clock and figures."""
AT_ONCE = 1_000
NOW = datetime(2030, 1, 1, tzinfo=UTC)
_FIGURES = "INSERT INTO gap_figure VALUES ($1, 1, $2, $3, $4, $5, $6, $7)"


@pytest.fixture
def figures_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A life says what its shop had frozen; nothing is frozen beside that, and nothing waits for the clock."""
    monkeypatch.setattr(consumer, "freeze", lambda known, *_, **__: (known, []))
    for place in (consumer, jobs, visiting):
        monkeypatch.setattr(place, "reached", lambda known, _: (known, {}))


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range((CASES + AT_ONCE - 1) // AT_ONCE))
@pytest.mark.usefixtures("figures_from_outside")
async def test_what_stands_at_last_of_each_life_is_what_the_oracle_expects(databases: Databases, chunk: int) -> None:
    found = Found()
    count = min(AT_ONCE, CASES - chunk * AT_ONCE)
    async with running(create_service(), await databases.create("metrics"), clock=FixedClock(NOW)) as harness:
        for number in range((count + TOGETHER - 1) // TOGETHER):
            await _live(harness, f"{SEED}/{chunk}/{number}", number + 1, min(TOGETHER, count), found)
        assert await harness.dead_letters() == []
    found.judge(f"{SEED}/{chunk}", 2 * min(count, 100))


async def _live(harness: Harness, seed: str, number: int, count: int, found: Found) -> None:
    rng = Random(seed)
    chosen = rules(rng)
    lives = {customer_id_text(CustomerId(at * 7 + 1)): life(rng, chosen) for at in range(count)}
    shop = _shop(number, chosen)
    await harness.configure(shop)
    await harness.pool.executemany(
        _FIGURES, [(number, at, day, *one) for at, own in enumerate(lives.values()) for day, one in own.frozen.items()]
    )
    arriving = _mixed([_told(at, name, own, shop.slug) for at, (name, own) in enumerate(lives.items())], rng)
    batch = rng.choice((1_000, 300, 40))
    for at in range(0, len(arriving), batch):
        for topic in (ORDERS, INTERACTIONS):
            placed = [(place, event) for place, of, event in arriving[at : at + batch] if of == topic]
            await harness.feed_placed(topic, placed, batch=batch)
        if rng.random() < 0.3:
            await harness.fire(ORDERS, range(count))
    await harness.fire(ORDERS, range(count))
    wanted = {name: changes for name, own in lives.items() if (changes := expected(own))}
    visited = {name: {step.day for step in own.steps if step.kind == "visit"} for name, own in lives.items()}
    truth = Truth(shop, [], {}, wanted, max(own.end for own in lives.values()), visited)
    await compare_standing(harness, truth, found, await published(harness), name=f"PROOF_SEED={seed}")
    await harness.pool.execute("TRUNCATE outbox")


def _shop(number: int, chosen: StageRules) -> Shop:
    lifecycle = Lifecycle(
        lost_days=chosen.lost_days, onboarding_days=chosen.onboarding_days, lapsing_days=chosen.lapsing_days,
        lapsing="personal" if chosen.personal else "fixed", lapsing_floor=chosen.floor,
        lapsing_quantile=chosen.quantile, activity=chosen.activity,
    )  # fmt: skip
    return Shop(number=number, slug=f"shop-{number}", name="x", clock="stream", windows=(30,), lifecycle=lifecycle)


def _told(place: int, customer: str, own: Life, shop: str) -> list[tuple[int, str, Any]]:
    return [(place, topic, event) for topic, event in events_of(own, shop, customer)]


def _mixed(streams: Sequence[list[tuple[int, str, Envelope]]], rng: Random) -> list[tuple[int, str, Envelope]]:
    """Each in its order, mixed at random."""
    turns = [at for at, stream in enumerate(streams) for _ in stream]
    rng.shuffle(turns)
    waiting = [iter(stream) for stream in streams]
    return [next(waiting[at]) for at in turns]
