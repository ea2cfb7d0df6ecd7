"""Runs on real PostgreSQL: entered once, moved step by step, ended by their goal, whatever comes twice or late."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from services.campaigns.journeys import standing
from services.campaigns.journeys.store.definitions import Stand
from services.campaigns.messages.jobs import Sender
from shared.contracts.topics import (
    CAMPAIGNS_JOURNEYS,
    CAMPAIGNS_MESSAGES,
    CAMPAIGNS_REQUESTS,
    CONSENTS,
    CUSTOMERS,
    ERASURES,
    LOYALTY_REQUESTS,
)
from shared.messaging import crash
from shared.testing import Databases
from tests.campaigns.ground import erased, told
from tests.campaigns_journeys.ground import (
    CART,
    INTERACTIONS,
    ORDERS,
    SEND,
    START,
    a_ground,
    added,
    asked,
    did,
    ordered,
)
from tests.campaigns_messages.ground import an_inbox, said, settings_of

pytestmark = pytest.mark.stack
MINUTE = timedelta(minutes=1)


async def test_a_cart_that_is_left_is_reminded_of_once_and_each_cart_is_one_run(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("cart", CART)
        await ground.harness.feed(INTERACTIONS, [added(1, "c-1", 1), added(1, "c-2", 2), added(1, "c-1", 3)])
        assert await ground.told() == ["entered c-1", "entered c-2"]
        await ground.later(59)
        assert await ground.messages() == {}
        await ground.later(2)
        assert await ground.messages() == {"first planned": 2}
        await ground.later(3_000)
        whole = ["hour: over", "first: planned", "day: over", "second: planned"]
        assert sorted(await ground.told()) == sorted(
            ["entered c-1", "entered c-2", *whole, *whole, *["completed c-1", "completed c-2"]]
        )
        assert await ground.messages() == {"first planned": 2, "second planned": 2}
        await ground.harness.feed(INTERACTIONS, [added(1, "c-1", 4, at=ground.clock.now())])
        assert await ground.states() == {"completed": 2}, "a cart has its run once"


async def test_what_is_put_into_the_cart_meanwhile_has_the_wait_begin_anew(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("cart", CART)
        await ground.harness.feed(INTERACTIONS, [added(1, "c-1", 1)])
        await ground.later(50)
        await ground.harness.feed(INTERACTIONS, [added(1, "c-1", 2, at=ground.clock.now())])
        await ground.later(55)
        assert await ground.messages() == {}
        await ground.later(6)
        assert await ground.messages() == {"first planned": 1}


async def test_the_goal_ends_the_run_and_silences_what_waits(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("cart", CART)
        await ground.harness.feed(INTERACTIONS, [added(1, "c-1", 1), added(2, "c-2", 1)])
        await ground.later(61)
        assert await ground.messages() == {"first planned": 2}
        await ground.harness.feed(ORDERS, [ordered(1, "A-1", at=ground.clock.now())])
        assert await ground.messages() == {"first planned": 1, "first suppressed goal": 1}
        assert await ground.states() == {"goal": 1, "running": 1}
        (silenced,) = await ground.harness.published(CAMPAIGNS_MESSAGES)
        assert silenced.event["data"]["suppressed"] == "goal" and silenced.event["data"]["version"] == 1
        await ground.later(3_000)
        assert (await ground.told(1))[-1] == "goal.reached c-1"
        assert await ground.messages() == {"first planned": 1, "first suppressed goal": 1, "second planned": 1}


async def test_a_goal_that_arrives_before_what_it_came_after_counts(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("cart", CART)
        await ground.harness.feed(
            ORDERS, [ordered(1, "A-1", at=START - MINUTE), ordered(2, "A-2", at=START - 3 * MINUTE)]
        )
        late = [added(1, "c-1", 1, at=START - 2 * MINUTE), added(2, "c-2", 1, at=START - 2 * MINUTE)]
        await ground.harness.feed(INTERACTIONS, late)
        assert await ground.told() == ["entered c-2"], (
            "who ordered before they filled the cart has not reached the goal"
        )


async def test_history_and_what_is_too_old_start_nothing(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("cart", CART)
        old = START - timedelta(hours=25)
        await ground.harness.feed(
            INTERACTIONS, [added(1, "c-1", 1, origin="backfill"), added(2, "c-2", 1, at=old), did(3, "page read", 1)]
        )
        assert await ground.told() == []


@pytest.mark.parametrize("batch", [1, 7, 20_000])
async def test_doubled_and_in_batches_of_any_size_the_same_is_told(databases: Databases, batch: int) -> None:
    found = []
    for size, doubled in ((batch, 1.0), (3, 0.0)):
        async with a_ground(databases) as ground:
            await ground.publish("cart", CART)
            await ground.publish(
                "thanks", {**CART, "trigger": {"kind": "event", "event": "order.completed"}, "key": "order", "goal": []}
            )
            rng = Random(7)
            carts = [added(n % 9 + 1, f"c-{n % 17}", n) for n in range(60)]
            orders = [ordered(n % 9 + 1, f"A-{n}", at=START + n * MINUTE) for n in range(5)]
            await ground.harness.feed(INTERACTIONS, carts, batch=size, doubled=doubled, rng=rng)
            await ground.later(10)
            await ground.harness.feed(ORDERS, orders, batch=size, doubled=doubled, rng=rng, placed="random")
            await ground.later(70)
            await ground.later(3_000)
            events = await ground.harness.published(CAMPAIGNS_JOURNEYS)
            by_customer: dict[str, list[Any]] = {}
            for one in events:
                by_customer.setdefault(one.event["subject"], []).append({**one.event, "sequence": 0})
            found.append({who: sorted(map(str, told)) for who, told in by_customer.items()})
            assert len({one.event["id"] for one in events}) == len(events)
            assert await ground.harness.dead_letters() == []
    assert found[0] == found[1] and len(found[0]) == 9


async def test_shuffled_each_cart_still_has_its_run_and_each_run_its_steps(databases: Databases) -> None:
    found = []
    for shuffled in (0, 50):
        async with a_ground(databases) as ground:
            await ground.publish("cart", {**CART, "goal": [{"event": "order.completed", "same": "checkout"}]})
            carts = [added(n % 5 + 1, f"c-{n}", n) for n in range(40)]
            orders = [ordered(n % 5 + 1, f"A-{n}", at=START + MINUTE, checkout_id=f"c-{n}") for n in range(0, 40, 3)]
            topics = [(INTERACTIONS, carts), (ORDERS, orders)]
            for topic, events in topics if not shuffled else reversed(topics):
                await ground.harness.feed(
                    topic, events, batch=3, shuffled=shuffled, doubled=0.5, rng=Random(3), placed="random"
                )
            await ground.later(70)
            rows = await ground.harness.pool.fetch("SELECT key FROM journey_run WHERE state = 0 ORDER BY key")
            found.append(([row[0] for row in rows], await ground.messages()))
    assert found[0] == found[1] and found[0][1] == {"first planned": 40 - 14}


class Died(BaseException):
    """Nothing handles it, as nothing handles a death."""


async def test_wherever_a_worker_dies_each_step_is_done_once(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("cart", CART)
        await ground.harness.feed(INTERACTIONS, [added(1, "c-1", 1)])
        points = ["timer_after_claim", "after_state", "after_outbox", "before_commit", "after_commit"]
        for point in points:

            def at(name: str, dies: str = point) -> None:
                if name == dies:
                    raise Died

            await ground.later(5)
            due = await ground.harness.pool.fetchval("SELECT min(due) FROM timer")
            ground.clock.advance(max(timedelta(0), (due or ground.clock.now()) - ground.clock.now()))
            monkeypatch.setattr(crash, "at", at)
            if due is not None:
                with pytest.raises(Died):
                    await ground.fire()
            monkeypatch.undo()
            await ground.fire()
        await ground.later(3_000)
        whole = ["entered c-1", "hour: over", "first: planned", "day: over", "second: planned", "completed c-1"]
        assert await ground.told() == whole
        assert await ground.messages() == {"first planned": 1, "second planned": 1}


async def test_paused_nothing_moves_or_is_sent_and_then_all_goes_on(databases: Databases) -> None:
    async with an_inbox() as inbox, a_ground(databases) as ground:
        sender = Sender(ground.harness.pool, settings_of(inbox.port), standing=standing)
        await ground.publish("cart", CART)
        await ground.harness.feed(CUSTOMERS, [told(1, 1, name="Sara", email="c1@example.com")])
        await ground.harness.feed(CONSENTS, [said(1, 2)])
        await ground.harness.feed(INTERACTIONS, [added(1, "c-1", 1), added(2, "c-2", 1, at=START + MINUTE)])
        await ground.harness.pool.execute("UPDATE journey_run SET due = due + interval '1 hour' WHERE customer = 2")
        await ground.later(61)
        await ground.harness.pool.execute("UPDATE message SET due = now(), expires_at = now() + interval '1 day'")
        await ground.stand("cart", Stand.PAUSED)
        await sender.step()
        assert inbox.letters == [] and await ground.messages() == {"first planned paused": 1}
        await ground.later(3_000)
        assert (await ground.told(1))[-1] == "first: planned" and await ground.told(2) == ["entered c-2"]
        await ground.harness.feed(INTERACTIONS, [added(3, "c-3", 1, at=ground.clock.now())])
        assert await ground.told(3) == [], "nobody enters what rests"

        await ground.stand("cart", Stand.ACTIVE)
        await ground.later(1)
        assert await ground.messages() == {"first planned": 2, "second planned": 1}
        assert (await ground.told(1))[-1] == "completed c-1"


async def test_killed_all_runs_end_and_none_of_their_messages_goes_out(databases: Databases) -> None:
    async with an_inbox() as inbox, a_ground(databases) as ground:
        sender = Sender(ground.harness.pool, settings_of(inbox.port), standing=standing)
        await ground.publish("cart", CART)
        await ground.harness.feed(INTERACTIONS, [added(n, f"c-{n}", 1) for n in range(1, 30)])
        await ground.later(61)
        await ground.stand("cart", Stand.KILLED)
        assert await sender.step() == 20
        told = {"first planned": 9, "first suppressed exit": 20}
        assert await ground.messages() == told, "whatever is claimed before the runs have ended"
        await ground.fire()
        assert await ground.states() == {"killed": 29} and await ground.messages() == {"first suppressed exit": 29}
        assert (await ground.told(1))[-1] == "exited c-1 killed"
        await ground.later(3_000)
        assert await ground.states() == {"killed": 29}


async def test_a_claim_sends_nothing_for_a_run_that_has_ended(databases: Databases) -> None:
    async with an_inbox() as inbox, a_ground(databases) as ground:
        sender = Sender(ground.harness.pool, settings_of(inbox.port), standing=standing)
        await ground.publish("cart", CART)
        await ground.harness.feed(INTERACTIONS, [added(1, "c-1", 1)])
        await ground.later(61)
        await ground.harness.pool.execute("UPDATE message SET due = now(), expires_at = now() + interval '1 day'")
        # As if the run had ended while the claim held its message.
        await ground.harness.pool.execute("UPDATE journey_run SET state = 2")
        await sender.step()
        assert await ground.messages() == {"first suppressed goal": 1} and inbox.letters == []


async def test_a_run_keeps_the_version_that_it_entered(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("cart", CART)
        await ground.harness.feed(INTERACTIONS, [added(1, "c-1", 1)])
        await ground.publish("cart", {**CART, "steps": [{**SEND, "id": "at-once"}]})
        await ground.harness.feed(INTERACTIONS, [added(2, "c-2", 1)])
        await ground.later(61)
        assert await ground.messages() == {"first planned": 1, "at-once planned": 1}
        rows = await ground.harness.pool.fetch("SELECT step, journey_version FROM message ORDER BY 1")
        assert [tuple(row) for row in rows] == [("at-once", 2), ("first", 1)]


async def test_a_wait_for_an_event_goes_one_way_or_the_other(databases: Databases) -> None:
    wait = {
        "kind": "wait_for",
        "id": "read",
        "events": [{"event": "page read", "where": [{"field": "category", "value": "guide"}]}],
        "minutes": 120,
        "met": [{**SEND, "id": "thanks"}],
        "missed": [{**SEND, "id": "again"}],
    }
    async with a_ground(databases) as ground:
        await ground.publish("guide", {"name": "Guide", "trigger": {"kind": "hand"}, "steps": [wait]})
        await ground.harness.feed(CAMPAIGNS_REQUESTS, [asked(n, "guide", "spring") for n in (1, 2, 3)], doubled=1.0)
        await ground.harness.feed(CAMPAIGNS_REQUESTS, [asked(1, "guide", "spring", 2)])
        await ground.later(10)
        at = START + MINUTE
        reads = [did(1, "page read", 1, at=at, category="guide"), did(2, "page read", 1, at=at, category="news")]
        await ground.harness.feed(INTERACTIONS, reads, doubled=1.0)
        await ground.fire()
        assert await ground.messages() == {"thanks planned": 1}
        await ground.later(120)
        assert await ground.messages() == {"thanks planned": 1, "again planned": 2}
        assert await ground.states() == {"completed": 3}


async def test_the_control_group_goes_the_same_way_and_gets_nothing(databases: Databases) -> None:
    steps = [{"kind": "points", "id": "gift", "points": 50}, {"kind": "reward", "id": "spa", "reward": "spa"}, SEND]
    async with a_ground(databases) as ground:
        await ground.publish(
            "gift", {"name": "Gift", "trigger": {"kind": "hand"}, "control_percent": 30, "steps": steps}
        )
        await ground.harness.feed(CAMPAIGNS_REQUESTS, [asked(n, "gift", "spring") for n in range(1, 201)])
        await ground.fire()
        entered = [one.event["data"] for one in await ground.harness.published(CAMPAIGNS_JOURNEYS)]
        held_out = {one["customer"] for one in entered if one["control"]}
        assert 35 <= len(held_out) <= 85
        requests = [one.event["data"] for one in await ground.harness.published(LOYALTY_REQUESTS)]
        assert len({one["id"] for one in requests}) == len(requests) == 2 * (200 - len(held_out))
        assert {one.get("points", one.get("reward")) for one in requests} == {50, "spa"}
        assert (await ground.messages())["first planned"] == 200 - len(held_out)
        assert not held_out & {one["customer"] for one in requests}
        assert await ground.states() == {"completed": 200}


async def test_who_was_erased_goes_no_further_and_enters_nothing(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("cart", CART)
        await ground.harness.feed(INTERACTIONS, [added(1, "c-1", 1)])
        await ground.harness.feed(ERASURES, [erased(1)])
        await ground.harness.feed(INTERACTIONS, [added(1, "c-2", 2)])
        await ground.later(61)
        assert await ground.told() == ["entered c-1", "exited c-1 erased"]
        assert await ground.messages() == {}
        assert await ground.harness.pool.fetchval("SELECT convert_from(context, 'UTF8') FROM journey_run") == "{}"


async def test_a_merged_person_is_one_customer_to_goals_and_re_entry(databases: Databases) -> None:
    once = {**CART, "reentry": {"kind": "never"}}
    async with a_ground(databases) as ground:
        await ground.publish("cart", once)
        await ground.harness.feed(CUSTOMERS, [told(1, 1), told(2, 1)])
        await ground.harness.feed(INTERACTIONS, [added(1, "c-1", 1)])
        await ground.harness.feed(CUSTOMERS, [told(1, 2, "merged", canonical=2)])
        await ground.harness.feed(INTERACTIONS, [added(2, "c-2", 1)])
        assert await ground.told() == ["entered c-1"]
        await ground.harness.feed(ORDERS, [ordered(2, "A-1", at=START + MINUTE)])
        assert await ground.told() == ["entered c-1", "goal.reached c-1"]
