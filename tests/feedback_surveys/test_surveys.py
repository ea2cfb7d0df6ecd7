"""Who is asked, from events to the message that is asked for, on a real PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import msgspec
import pytest

from services.feedback.surveys.domain.checking import faults
from services.feedback.surveys.domain.ready import READY
from shared.contracts.customers import Customer, CustomerMerged, CustomerUnmerged, CustomerUpdated
from shared.contracts.lifecycle import StageChange, StageChanged
from shared.contracts.orders import Clock, ClockAdvanced, OrderCancelled, OrderRefunded, Refund
from shared.contracts.topics import (
    CAMPAIGNS_MESSAGES,
    CUSTOMERS,
    INTERACTIONS,
    METRICS_LIFECYCLE,
    ORDERS,
    ORDERS_BACKFILL,
)
from shared.testing import Databases
from tests.feedback.ground import (
    BASE,
    DAY,
    LINKS,
    NOW,
    SHOP,
    a_ground,
    bought,
    delivered,
    envelope,
    name,
    survey,
)

pytestmark = pytest.mark.stack
PURCHASE = survey(trigger={"on": "order_completed", "delay_hours": 24}, again_days=0)
DELIVERY = survey(trigger={"delay_hours": 48})


def told(customer: int, sequence: int, form: Any = CustomerUpdated, canonical: int | None = None, **more: Any) -> Any:
    data = Customer(customer=name(customer), canonical=name(canonical or customer), **more)
    return envelope(form, name(customer), data, NOW, f"{sequence}", sequence=sequence)


def stage(customer: int, number: int, to: Any) -> Any:
    data = StageChange(
        customer=name(customer),
        number=number,
        previous="prospect",
        stage=to,
        day=NOW.date(),
        reason="order",
        last_active=None,
        days=None,
        window_days=365,
    )
    return envelope(StageChanged, name(customer), data, NOW, f"stage:{number}", sequence=number)


def cancelled(order: str, customer: int, **more: Any) -> Any:
    done = bought(order, customer)
    kept = {key: getattr(done, key) for key in ("source", "subject", "shop", "data", "receivedat")}
    return OrderCancelled(id=f"x-{order}", time=NOW + timedelta(minutes=1), **kept, **more)


async def test_an_order_that_arrived_asks_once_when_its_time_comes(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("nps", DELIVERY)
        await ground.worker.feed(CUSTOMERS, [told(7, 1, locale="fa-IR")])
        await ground.worker.feed(INTERACTIONS, [delivered("A-1", None)])  # before the order, and of nobody
        await ground.worker.feed(ORDERS, [bought("A-1", 7)])
        assert await ground.pass_time(hours=47) == 0 and await ground.asked() == []
        await ground.pass_time(hours=1)
        (asked,) = await ground.asked()
        token = LINKS.token(SHOP.slug, asked["occasion"])
        assert (asked["customer"], asked["template"], asked["purpose"]) == (name(7), "survey", "surveys")
        assert asked["values"]["link"] == f"{BASE}/pages/surveys/laleh/{token}"
        assert asked["values"]["title"] == "چطور بود؟"
        links = {one["score"]: one["link"] for one in asked["values"]["scores"]}
        assert list(links) == list(range(11)) and links[9].endswith("?score=9")
        kept = await ground.worker.pool.fetchval("SELECT string_agg(i::text, '') FROM invitation i")
        assert token not in kept, "the table has its hash alone"
        await ground.answer_sent()
        assert [kind for kind, _ in await ground.told()] == ["survey.sent"]
        await ground.pass_time(days=29)
        assert await ground.states() == [("nps", "sent")] and len(await ground.asked()) == 1


async def test_what_is_void_asks_nobody_and_asks_again_once_it_stands(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("buy", PURCHASE)
        await ground.worker.feed(ORDERS, [bought("A", 1), cancelled("A", 1), bought("B", 2), bought("C", 3)])
        back = Refund(order_id="B", customer=name(2), refund_id="r", full=True)
        await ground.worker.feed(ORDERS, [envelope(OrderRefunded, "B", back, NOW, "refund", receivedat=NOW)])
        await ground.worker.feed(ORDERS, [cancelled("C", 3)])
        assert sorted(state for _, state in await ground.states()) == ["withdrawn", "withdrawn"]
        again = msgspec.structs.replace(bought("C", 3), id="again", time=NOW + timedelta(minutes=2))
        await ground.worker.feed(ORDERS, [again])
        await ground.pass_time(days=2)
        assert [one["customer"] for one in await ground.asked()] == [name(3)]


async def test_history_and_what_is_known_too_late_ask_nobody(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("buy", PURCHASE)
        await ground.publish("nps", DELIVERY)
        await ground.worker.feed(ORDERS_BACKFILL, [bought("old", 1)])
        await ground.worker.feed(ORDERS, [bought("late", 2, NOW - timedelta(hours=25))])
        await ground.worker.feed(INTERACTIONS, [delivered("late", 2, NOW - timedelta(hours=25))])
        await ground.worker.feed(INTERACTIONS, [delivered("h", 3, origin="backfill")])
        await ground.pass_time(days=9)
        assert await ground.states() == [] and await ground.asked() == []


async def test_a_message_that_did_not_go_out_leaves_the_window_free(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("buy", PURCHASE)
        await ground.publish("nps", DELIVERY)
        await ground.worker.feed(ORDERS, [bought("A", 1)])
        await ground.worker.feed(INTERACTIONS, [delivered("A", 1)])
        await ground.pass_time(days=3, rounds=2)
        (first,) = await ground.asked()
        assert first["campaign"] == "survey.buy", "of two that were never asked, the one that was due first"
        await ground.worker.feed(CAMPAIGNS_MESSAGES, [ground.outcome(first, "no_consent")], doubled=1.0, rng=Random(1))
        await ground.pass_time(hours=1)
        assert [one["campaign"] for one in await ground.asked()] == ["survey.buy", "survey.nps"]
        assert await ground.states() == [("buy", "unsent"), ("nps", "asked")]


async def test_whoever_is_one_person_is_asked_as_one(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("buy", PURCHASE)
        await ground.worker.feed(CUSTOMERS, [told(1, 1), told(2, 2), told(2, 3, CustomerMerged, canonical=1)])
        await ground.worker.feed(ORDERS, [bought("A", 1), bought("B", 2), bought("C", 3)])
        await ground.pass_time(days=2)
        assert sorted(one["customer"] for one in await ground.asked()) == [name(1), name(3)]
        await ground.worker.feed(CUSTOMERS, [told(2, 4, CustomerUnmerged)])
        await ground.pass_time(days=31)
        assert sorted(one["customer"] for one in await ground.asked()) == [name(1), name(2), name(3)]


async def test_a_survey_at_intervals_comes_again_until_the_customer_is_lost(databases: Databases) -> None:
    body = survey(trigger={"on": "interval", "every_days": 100}, again_days=90)
    async with a_ground(databases) as ground:
        await ground.worker.feed(ORDERS, [bought("A", 1), bought("B", 2)])
        shown = msgspec.to_builtins(body)
        key = await ground.key("feedback:write")
        made = await ground.http.post("/v1/surveys", json={"survey": "pulse", **shown}, headers=key)
        assert made.status_code == 200, made.text
        await ground.worker.feed(ORDERS, [bought("A-2", 1, NOW + timedelta(hours=1)), bought("C", 3)])
        await ground.pass_time(hours=2)
        await ground.pass_time(days=99)
        assert await ground.asked() == []
        await ground.pass_time(days=1)
        assert sorted(one["customer"] for one in await ground.asked()) == [name(1), name(2), name(3)]
        await ground.worker.feed(METRICS_LIFECYCLE, [stage(2, 1, "lost")])
        await ground.pass_time(days=100)
        assert sorted(one["customer"] for one in (await ground.asked())[3:]) == [name(1), name(3)]
        await ground.pass_time(days=100)
        assert len(await ground.asked()) == 7


async def test_timers_of_a_replayed_shop_go_by_its_own_time(databases: Databases) -> None:
    past = NOW - timedelta(days=900)
    async with a_ground(databases) as ground:
        await ground.worker.configure(msgspec.structs.replace(SHOP, clock="stream"))
        await ground.publish("buy", PURCHASE)

        def until(days: int) -> Any:
            return envelope(ClockAdvanced, "laleh", Clock(until=past + DAY * days), past + DAY * days, f"clock:{days}")

        await ground.worker.feed(ORDERS, [bought("A", 1, past), until(0)], placed="one")
        assert await ground.pass_time(days=9) == 0
        await ground.worker.feed(ORDERS, [until(1)], placed="one")
        await ground.pass_time(days=0)
        (event,) = await ground.worker.published("campaigns.requests.v1")
        assert event.event["time"].startswith((past + DAY).date().isoformat()), "in the shop's own time"


def story(rng: Random) -> list[tuple[str, Any]]:
    """Orders that flap, arrive, and change hands, by topic."""
    told_: list[tuple[str, Any]] = []
    for number in range(40):
        who, order = rng.randint(1, 6), f"o-{number}"
        at = NOW + timedelta(minutes=rng.randint(-600, 0))
        told_.append((ORDERS, bought(order, who, at)))
        if rng.random() < 0.3:
            told_.append((ORDERS, cancelled(order, who)))
        if rng.random() < 0.6:
            told_.append((INTERACTIONS, delivered(order, rng.choice([None, who]), at + timedelta(minutes=5))))
    return told_


async def asked_after(databases: Databases, events: list[tuple[str, Any]], **how: Any) -> list[Any]:
    async with a_ground(databases) as ground:
        await ground.publish("buy", PURCHASE)
        await ground.publish("nps", DELIVERY)
        for topic in (ORDERS, INTERACTIONS) if how.pop("orders_first", True) else (INTERACTIONS, ORDERS):
            await ground.worker.feed(topic, [event for of, event in events if of == topic], **how)
        for _ in range(12):
            await ground.pass_time(days=11)
        assert await ground.worker.dead_letters() == []
        rows = await ground.worker.pool.fetch(
            "SELECT id, customer, survey, occasion, state, due, asked_at FROM invitation WHERE state <> 7 ORDER BY id"
        )
        requests = await ground.worker.published("campaigns.requests.v1")
        return [*map(tuple, rows), *sorted(one.event["id"] for one in requests)]


async def test_doubled_shuffled_and_in_batches_of_any_size_the_same_are_asked(databases: Databases) -> None:
    events = story(Random(5))
    plain = await asked_after(databases, events)
    assert len({row[4] for row in plain if isinstance(row, tuple)}) >= 2, "the story is worth telling"
    ways: list[dict[str, Any]] = [
        {"batch": 1, "placed": "random", "rng": Random(1)},
        {"batch": 7, "doubled": 1.0, "shuffled": 40, "rng": Random(2), "orders_first": False},
        {"batch": 20_000, "doubled": 0.5, "shuffled": 200, "rng": Random(3), "placed": "random"},
    ]
    for way in ways:
        assert await asked_after(databases, events, **way) == plain


@pytest.mark.parametrize("name_", READY)
def test_every_ready_survey_can_be_published(name_: str) -> None:
    assert faults(READY[name_]) == []


async def test_where_no_address_is_set_nobody_is_asked_until_there_is_one(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("buy", PURCHASE)
        await ground.worker.feed(ORDERS, [bought("A", 1)])
        with monkeypatch.context() as unset:
            unset.setattr(LINKS, "base", "")
            assert await ground.pass_time(days=2) == 1 and await ground.asked() == []
        await ground.pass_time(hours=6)
        assert len(await ground.asked()) == 1
