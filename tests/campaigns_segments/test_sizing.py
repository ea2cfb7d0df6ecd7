"""A large shop is asked by a sample: how many there are and how many fit, with bounds that hold; in a bounded time."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from services.campaigns.segments import parse
from services.campaigns.segments.domain.sampling import Sample, room_of, start_of
from services.campaigns.segments.store.members import Asking
from services.campaigns.segments.store.sizing import EXACT_MAX, SAMPLE, size
from shared.db import acquire, create_pool
from shared.kernel.ids import CUSTOMER_ID_BITS
from shared.testing import Databases
from tests.campaigns_segments.ground import TEHRAN, condition

SPACE = 1 << CUSTOMER_ID_BITS
ASKING = Asking(1, TEHRAN, 739_000)
BUYERS = parse(condition("number", field="orders", least=1))


@pytest.mark.parametrize(("whole", "share"), [(1_000_000, 0.3), (1_000_000, 0.002), (300_000, 0.9)])
def test_bounds_hold_as_often_as_they_say(whole: int, share: float) -> None:
    """The place of the n-th of N even draws is a beta variable; the room of a sample of customers is one."""
    rng, drawn, held, around = Random(whole), 1_000, 0, 0.0
    for _ in range(200):
        room = round(rng.betavariate(drawn, whole - drawn + 1) * SPACE)
        found = Sample(drawn, room).whole(sum(rng.random() < share for _ in range(drawn)))
        held += found.low <= whole * share <= found.high
        around += found.value / 200
    assert held >= 190
    assert abs(around - whole * share) < 0.05 * whole * share + 300, "the mean of many is the number"


def test_a_sample_goes_over_the_end_of_ids_and_begins_elsewhere_in_each_shop() -> None:
    assert room_of(SPACE - 10, 5) == 16 and room_of(7, 7) == 1
    starts = [start_of(shop) for shop in range(1, 2_000)]
    assert len(set(starts)) == len(starts) and 0.4 < sum(one < SPACE // 2 for one in starts) / len(starts) < 0.6


@pytest.mark.stack
async def test_a_sample_finds_as_many_as_a_count_of_everybody_within_its_bounds(databases: Databases) -> None:
    rng = Random(5)
    rows = [(rng.randrange(1, SPACE), int(rng.random() < 0.3), rng.random() < 0.05) for _ in range(6_000)]
    pool = await create_pool(await databases.create("campaigns"), "campaigns", application="test")
    async with pool, acquire(pool) as conn:
        await conn.executemany("INSERT INTO profile (shop, customer, orders, erased) VALUES (1, $1, $2, $3)", rows)
        heads = [customer for customer, *_ in rows[:600]]
        merged = [(customer, rng.choice(heads)) for customer, *_ in rows[600:1_200]]
        await conn.executemany("INSERT INTO customer_pointer VALUES ($1, $2, 1, 1)", merged)
        await conn.execute("INSERT INTO customer_pointer VALUES (9, 8, 1, 1)")
        await conn.execute("INSERT INTO profile (shop, customer) VALUES (1, 9)")  # of 8 nothing is known by itself
        whole: dict[int, list[Any]] = {}
        pointers = dict(merged) | {9: 8}
        for customer, orders, erased in [*rows, (9, 0, False)]:
            whole.setdefault(pointers.get(customer, customer), []).append((customer, orders, erased))
        alive = {who: own for who, own in whole.items() if not _is_gone(who, own)}
        buyers = {who for who, own in alive.items() if any(orders for _, orders, _ in own)}
        exact = await size(conn, ASKING, BUYERS, None)
        assert (exact.customers, exact.size.value, exact.exact) == (len(alive), len(buyers), True)
        found = await size(conn, ASKING, BUYERS, None, (1_000, 2_000))
        assert not found.exact and found.size.low <= len(buyers) <= found.size.high
        assert found.size.high - found.size.low < 0.35 * len(buyers)
        assert abs(found.customers - len(alive)) < 0.1 * len(alive) and set(found.sample) <= buyers
        everybody = await size(conn, ASKING, BUYERS, None, (1_000, 100_000))
        assert everybody.size.low <= len(buyers) <= everybody.size.high
    assert SAMPLE < EXACT_MAX


def _is_gone(who: int, own: list[Any]) -> bool:
    return all(erased for *_, erased in own) and any(customer == who for customer, *_ in own)
