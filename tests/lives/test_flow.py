"""Lives through the collector, gateway, feedback and metrics: what comes out is what is true of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import httpx
import pytest

from mandegar.generating.lives import Answered, Lives, Market, generate_lives
from mandegar.playing import play_to_collector, play_to_kafka
from mandegar.stack import Stack
from services.gateway.main import create_service
from services.gateway.shops import add_shop
from services.metrics.main import SERVICE as METRICS
from shared.contracts import topics
from shared.kernel import SystemClock
from shared.messaging.cluster.topics import ensure_topics
from shared.testing import Databases
from shared.testing.harness import Harness, running
from tests.dirty.ground import asked_as, differences, truth_of
from tests.feedback.ground import NPS, a_ground
from tests.gateway_collector.ground import SECRET, collecting, make_keys, settings_for

pytestmark = pytest.mark.stack
MARKET = Market("laleh", customers=30, days=200, seed=11, start=date(2024, 1, 10))


async def through(gateway: Harness, written: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, list[bytes]]:
    """What gateway publishes of raw events, by topic."""
    for topic in (topics.RAW_INTERACTIONS, topics.RAW_ORDERS):
        await gateway.feed(topic, [json.dumps(event).encode() for at, event in written if at == topic], batch=500)
    assert await gateway.dead_letters() == []
    found: dict[str, list[bytes]] = {}
    for row in await gateway.pool.fetch("SELECT topic, value FROM outbox ORDER BY shard, id"):
        found.setdefault(row["topic"], []).append(row["value"])
    return found


async def handed_in(databases: Databases, customers: Sequence[bytes], answers: Sequence[Answered]) -> list[Any]:
    """What feedback tells of the answers, handed in when they were given."""
    numbers = {}
    for value in customers:
        data = json.loads(value)["data"]
        if data.get("shop_customer_id"):
            numbers[data["shop_customer_id"]] = data["canonical"]
    async with a_ground(databases, answers[0].at - timedelta(hours=1)) as feedback:
        await feedback.worker.feed(topics.CUSTOMERS, customers)
        await feedback.publish("nps-after-delivery", NPS)
        key = await feedback.key("cases:write")
        for one in answers:
            feedback.clock.advance(one.at - feedback.clock.now())
            body = {"customer": numbers[one.customer], "survey": "nps-after-delivery", "ref": one.ref}
            said = {**body, "answers": {"score": one.score}}
            answer = await feedback.http.post("/v1/answers", json=said, headers=key)
            assert answer.status_code == 200, answer.text
        return [json.dumps(event.event).encode() for event in await feedback.worker.published(topics.FEEDBACK_SURVEYS)]


async def assert_answers(asked: httpx.AsyncClient, lives: Lives, days: Sequence[date]) -> None:
    for day in days:
        found = (await asked.get("/v1/retention", params={"as_of": day.isoformat(), "window_days": "90"})).json()
        last: dict[str, int] = {}
        for one in lives.answers:
            if day - timedelta(days=90) < one.at.astimezone(MARKET.info).date() <= day:
                last[one.customer] = one.score
        said = Counter("promoters" if s >= 9 else "detractors" if s <= 6 else "passives" for s in last.values())
        assert {name: found["nps"][name] for name in ("promoters", "passives", "detractors")} == {
            name: said[name] for name in ("promoters", "passives", "detractors")
        }


async def test_lives_that_go_in_by_the_collector_come_out_as_they_were_lived(
    databases: Databases, stack: Stack
) -> None:
    lives, clock, rng = generate_lives(MARKET), SystemClock(), Random(3)
    url = await databases.create("gateway", "metrics")
    await ensure_topics(stack.bootstrap_servers, [create_service(SECRET.encode())], partitions=12)
    async with running(create_service(SECRET.encode()), url) as gateway, running(METRICS, url) as metrics:
        shop = await add_shop(gateway.pool, clock, "laleh", zone="Asia/Tehran", currency="IRR", phone_region="IR")
        await add_shop(gateway.pool, clock, "sib", currency="USD", phone_region="US")
        keys = await make_keys(gateway.pool)
        async with collecting(settings_for(url, stack.bootstrap_servers), keys, gateway.pool) as door:
            door.http.headers["Authorization"] = f"Bearer {keys['writer']}"
            done = await play_to_collector(lives.events, door.http)
            assert (done.accepted, done.refused) == (len(lives.events), 0), done.reasons
            written = await door.written()
            # A shop that produces itself writes the same events: all but what the collector stamps on them.
            assert await play_to_kafka(lives.events, stack.bootstrap_servers) == len(lives.events)
            both = Counter(event["id"] for _, event in await door.written())
            assert set(both.values()) == {2} and len(both) == len(lives.events)
        await metrics.configure(shop)
        found = await through(gateway, written[: len(lives.events)])
        told = await handed_in(databases, found[topics.CUSTOMERS], lives.answers)
        for topic in (topics.CUSTOMERS, topics.ORDERS, topics.INTERACTIONS):
            await metrics.feed(topic, found[topic], batch=500)
        await metrics.feed(topics.FEEDBACK_SURVEYS, told, batch=50)
        assert await metrics.dead_letters() == []
        added = [json.loads(value)["data"] for value in found[topics.INTERACTIONS]]
        carts = {one["cart_id"] for one in added if one["name"] == "product added"}
        assert carts == {cart.cart_id for cart in lives.carts}, "each cart is told of, by its own id"
        async with asked_as(metrics.pool, url, shop.number) as asked:
            span = {"first": MARKET.start, "days": MARKET.days, "questions": 6}
            figures, wrong = await differences(asked, truth_of(lives.facts), "laleh", rng, **span)  # type: ignore[arg-type]  # as named
            assert figures > 60 and not wrong, wrong[:5]
            await assert_answers(asked, lives, [date(2024, 3, 1), date(2024, 5, 15), date(2024, 8, 20)])
        assert len(lives.answers) > 8 and sum(cart.order_id is None for cart in lives.carts) > 5
