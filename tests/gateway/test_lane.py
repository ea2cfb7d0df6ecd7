"""History through gateway: it stays in its lane, is of origin `backfill`, and holds up no live row of the outbox."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from shared.db.shards import LANE_SHARDS, OUTBOX_SHARDS
from tests.gateway.clock_ground import START, clock
from tests.gateway.ground import Gateway, raw

pytestmark = pytest.mark.stack


async def rows(pool: asyncpg.Pool[Any], topic: str) -> list[int]:
    found = await pool.fetch("SELECT shard FROM outbox WHERE topic = $1", topic)
    return [row["shard"] for row in found]


async def test_history_goes_out_by_the_lane_as_history_whatever_it_says(
    gateway: Gateway, pool: asyncpg.Pool[Any]
) -> None:
    await gateway.harness.feed("raw.orders.backfill.v1", [raw("1", customer_id="c"), raw("2", origin="live")])
    events = [event.event for event in await gateway.harness.published("orders.backfill.v1")]
    assert [event["origin"] for event in events] == ["backfill", "backfill"]
    assert await gateway.orders() == []
    (customer,) = await gateway.customers()
    assert customer.origin == "backfill"
    assert set(await rows(pool, "orders.backfill.v1")) <= set(LANE_SHARDS)
    assert set(await rows(pool, "customers.v1")) <= set(range(OUTBOX_SHARDS)), "the last state of a key must stay last"


async def test_the_same_event_by_the_lane_and_live_takes_effect_once(gateway: Gateway) -> None:
    event = json.dumps(raw("1", customer_id="c")).encode()
    await gateway.take([event])
    (outcome,) = await gateway.harness.feed("raw.orders.backfill.v1", [event])
    assert (outcome.handled, outcome.refused) == ({}, [])
    assert outcome.repeats == {"raw.orders.backfill.v1": 1}


async def test_a_clock_in_the_lane_is_refused(gateway: Gateway) -> None:
    (outcome,) = await gateway.harness.feed("raw.orders.backfill.v1", [clock(START, 0, 1)], placed="one")
    assert [refusal.reason for refusal in outcome.refused] == ["clock_in_lane"]
