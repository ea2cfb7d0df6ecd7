"""Erasures on real PostgreSQL: what goes, what stays, who answers; against races, repeats and merges."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
import pytest
from prometheus_client import REGISTRY

from services.gateway.identity.domain import Claim
from services.gateway.identity.store.reading import load_owners
from services.gateway.privacy.domain import OVERDUE_AFTER
from shared.contracts import topics
from shared.db import acquire
from shared.db.transaction import TOMBSTONE
from shared.kernel import CustomerId, parse_customer_id
from tests.gateway.ground import NOW
from tests.privacy.ground import OTHER, PARTITIONS, SARA, SHOP, Ground, order, said

pytestmark = pytest.mark.stack
KAVEH = {"customer_id": "U-9912", "phone": "09359998877", "email": "kaveh@mail.ir", "name": "Kaveh Moradi"}
PERSONAL = ("Sara Karimi", "9121234567", "sara@mail.ir", "U-7781", "1990-05-21")


async def with_two(ground: Ground) -> tuple[str, str]:
    """Sara and Kaveh have ordered."""
    await ground.take(order("1", 9, **SARA), order("2", 4, **SARA), order("3", 3, **KAVEH))
    await ground.carry()
    return await ground.customer(phone="+98 912 123 4567"), await ground.customer(email="KAVEH@mail.ir")


async def facts(ground: Ground) -> list[tuple[Any, ...]]:
    rows = await ground.metrics.pool.fetch("SELECT order_id, customer, net, counted FROM order_fact ORDER BY 1")
    sums = await ground.metrics.pool.fetch(
        "SELECT shop, measure, param, currency, day, gap, sum(value) FROM counter GROUP BY 1, 2, 3, 4, 5, 6"
        " ORDER BY 1, 2, 3, 4, 5, 6"
    )
    return [tuple(row) for row in (*rows, *sums)]


async def test_an_erasure_leaves_nothing_of_the_person_and_every_sum(ground: Ground) -> None:
    sara, kaveh = await with_two(ground)
    await ground.post("/v1/consents", said(NOW, evidence="Sara Karimi ticked the box", phone="09121234567"))
    before, texts = await facts(ground), await ground.texts()
    assert all(part in texts for part in PERSONAL)
    asked = await ground.erase(sara, reference="DSR-17")
    assert (asked["state"], asked["waiting"], asked["erased_at"]) == (
        "waiting",
        ["campaigns", "feedback", "gateway", "loyalty", "metrics"],
        None,
    )
    await ground.carry()
    texts = await ground.texts()
    assert not [part for part in PERSONAL if part in texts]
    assert "Kaveh Moradi" in texts and await ground.customer(customer_id="U-9912") == kaveh
    assert await facts(ground) == before
    done = await ground.certificate(asked["erasure"])
    assert (done["state"], done["waiting"], done["overdue"], done["reference"]) == ("complete", [], False, "DSR-17")
    answers = {one["service"]: one for one in done["answers"]}
    assert answers["metrics"]["kept"]["orders"] == 2 and answers["metrics"]["removed"] == {}
    removed = answers["gateway"]["removed"]
    assert (removed["names"], removed["phone_identifiers"], removed["consents"], removed["tombstones"]) == (1, 1, 1, 1)
    assert set(done["kept_because"]) >= {"orders", "identities"}
    assert [one["topic"] for one in done["topics"]] == ["customers.v1", "raw.*.v1", "all others"]


async def test_a_tombstone_takes_the_place_of_what_waits_for_the_topic_of_customers(ground: Ground) -> None:
    await ground.take(order("1", 9, **SARA), order("3", 3, **KAVEH))
    sara = await ground.customer(customer_id="U-7781")
    await ground.erase(sara)
    rows = await ground.gateway.pool.fetch("SELECT value FROM outbox WHERE topic = $1", topics.ERASURES)
    await ground.gateway.feed(topics.ERASURES, [row["value"] for row in rows])
    rows = await ground.gateway.pool.fetch(
        "SELECT key, value FROM outbox WHERE topic = $1 ORDER BY id", topics.CUSTOMERS
    )
    of = [row["value"] for row in rows if sara.encode() in row["key"]]
    assert of == [TOMBSTONE]
    assert len(rows) == 2, "the other customer's still waits"


async def test_asked_again_it_is_the_same_erasure_and_a_dry_run_erases_nobody(ground: Ground) -> None:
    sara, _ = await with_two(ground)
    preview = await ground.erase(sara, dry_run=True)
    assert (preview["customers"], preview["removes"]["name"], preview["removes"]["phone_identifiers"]) == ([sara], 1, 1)
    assert await ground.customer(customer_id="U-7781") == sara
    answers = await asyncio.gather(*(ground.erase(sara, reference=f"R-{n}") for n in range(5)))
    assert len({one["erasure"] for one in answers}) == 1
    await ground.carry()
    again = await ground.erase(sara)
    assert (again["erasure"], again["state"]) == (answers[0]["erasure"], "complete")
    asked = await ground.gateway.pool.fetchval("SELECT count(*) FROM erasure")
    assert asked == 1


async def test_events_of_erasures_may_come_doubled_and_shuffled(ground: Ground) -> None:
    sara, kaveh = await with_two(ground)
    first, second = await ground.erase(sara), await ground.erase(kaveh)
    for _ in range(6):
        for source in (ground.gateway, ground.metrics, ground.loyalty, ground.campaigns, ground.feedback):
            rows = await source.pool.fetch("DELETE FROM outbox WHERE topic = $1 RETURNING value", topics.ERASURES)
            for reader in (ground.gateway, ground.metrics, ground.loyalty, ground.campaigns, ground.feedback):
                await reader.feed(
                    topics.ERASURES, [row[0] for row in rows], doubled=0.7, shuffled=20, rng=Random(3), batch=2
                )
        await ground.gateway.fire(topics.ERASURES, PARTITIONS)
    for asked in (first, second):
        done = await ground.certificate(asked["erasure"])
        assert (done["state"], len(done["answers"])) == ("complete", 5)
    assert await ground.gateway.pool.fetchval("SELECT count(*) FROM dead_letter") == 0


async def test_who_comes_again_is_somebody_new_and_a_refund_without_a_name_finds_its_order(ground: Ground) -> None:
    sara, _ = await with_two(ground)
    await ground.erase(sara)
    await ground.carry()
    refund = {**order("r1", 1, order_id="o-2", refund_id="r", refund_amount="4.00"), "type": "Order Refunded"}
    await ground.take(order("4", 1, **SARA), refund)
    await ground.carry()
    new = await ground.customer(email="sara@mail.ir")
    assert new != sara
    owners = dict(await ground.metrics.pool.fetch("SELECT order_id, customer FROM order_fact"))
    assert owners["o-1"] == owners["o-2"] != owners["o-4"]
    assert await ground.metrics.pool.fetchval("SELECT net FROM order_fact WHERE order_id = 'o-2'") == 600
    answer = await ground.get(f"/v1/customers/{sara}/consents")
    assert answer.json()["consents"] == []
    assert (await ground.post("/v1/consents", said(NOW, customer=sara))).status_code == 404


async def test_all_identities_of_a_person_go_and_pointers_stay(ground: Ground) -> None:
    guest = {"email": "sara@mail.ir"}
    known = {"customer_id": "U-7781", "phone": "09121234567"}
    await ground.take(order("1", 9, **guest), order("2", 8, **known), order("3", 7, **SARA))
    await ground.carry()
    sara = await ground.customer(customer_id="U-7781")
    found = (await ground.post("/v1/customers/find", {"email": "sara@mail.ir"})).json()
    assert found["customer"] == sara and len(found["identities"]) == 2
    other = next(one for one in found["identities"] if one != sara)
    await ground.erase(other)
    await ground.carry()
    await ground.gateway.pool.execute("DELETE FROM outbox WHERE value = ''")
    texts = await ground.texts()
    assert not [part for part in PERSONAL if part in texts]
    exported = (await ground.get(f"/v1/customers/{sara}/export")).json()
    assert [one["customer"] for one in exported["identities"]] == found["identities"]
    assert not any(one["identifiers"] or one["email"] for one in exported["identities"])
    assert (await ground.erase(sara))["state"] == "complete", "it is the same person's erasure"


async def test_a_merged_customers_pointer_follows_the_tombstone(ground: Ground) -> None:
    await ground.take(order("1", 9, email="sara@mail.ir"), order("2", 8, customer_id="U-7781", phone="09121234567"))
    await ground.take(order("3", 7, **SARA))
    sara = await ground.customer(customer_id="U-7781")
    await ground.erase(sara)
    rows = await ground.gateway.pool.fetch("SELECT value FROM outbox WHERE topic = $1", topics.ERASURES)
    await ground.gateway.feed(topics.ERASURES, [row["value"] for row in rows])
    rows = await ground.gateway.pool.fetch(
        "SELECT key, value FROM outbox WHERE topic = $1 ORDER BY id", topics.CUSTOMERS
    )
    by_key: dict[bytes, list[bytes]] = {}
    for key, value in rows:
        by_key.setdefault(key, []).append(value)
    assert sorted(len(values) for values in by_key.values()) == [1, 2]
    assert all(values[0] == TOMBSTONE for values in by_key.values())
    (pointer,) = [json.loads(values[1])["data"] for values in by_key.values() if len(values) == 2]
    assert (pointer["canonical"], pointer["merged_into"]) == (sara, sara)
    assert pointer["email"] is None and pointer["phone"] is None


async def test_what_staff_wrote_of_a_person_beside_the_merge_of_another_goes_too(ground: Ground) -> None:
    sara, kaveh = await with_two(ground)
    reason = {"reason": "Sara Karimi rang: both are hers"}
    assert (await ground.post(f"/v1/customers/{kaveh}/merge", {"into": sara, **reason})).status_code == 200
    exported = (await ground.get(f"/v1/customers/{sara}/export")).json()
    assert [(one["customer"], one["other"], one["reason"]) for one in exported["merges"]] == [
        (kaveh, sara, reason["reason"])
    ]
    assert (await ground.post(f"/v1/customers/{kaveh}/unmerge", reason)).status_code == 200
    await ground.erase(sara)
    await ground.carry()
    texts = await ground.texts()
    assert "Sara Karimi" not in texts and "Kaveh Moradi" in texts
    kept = await ground.gateway.pool.fetch("SELECT action, reason FROM customer_join ORDER BY id")
    assert [tuple(row) for row in kept] == [("merged", ""), ("unmerged", "")]


async def test_what_is_taken_in_at_that_moment_brings_no_contact_back(ground: Ground) -> None:
    """Workers that had read the identifiers before the erasure committed find the customer erased, and begin again."""
    await ground.take(order("1", 9, **SARA))
    sara = await ground.customer(customer_id="U-7781")
    await ground.erase(sara)
    rows = await ground.gateway.pool.fetch("DELETE FROM outbox WHERE topic = $1 RETURNING value", topics.ERASURES)
    events = [order(f"n{n}", 2, **SARA) for n in range(40)]

    async def late() -> None:
        for event in events:
            await ground.gateway.feed(topics.RAW_ORDERS, [json.dumps(event).encode()])

    # The erasure stands on a partition of another topic: both are at work at once, each in transactions of its own.
    async with asyncio.timeout(60):
        await asyncio.gather(late(), ground.gateway.feed(topics.ERASURES, [row["value"] for row in rows]))
    assert await ground.customer(customer_id="U-7781") != sara
    kept = await ground.gateway.pool.fetch("SELECT name, phone, erasure FROM customer ORDER BY created_at")
    assert [(row["name"], row["phone"], row["erasure"] is None) for row in kept] == [
        (None, None, False),
        ("Sara Karimi", "+989121234567", True),
    ]


async def test_who_had_read_the_identifiers_before_the_erasure_begins_again(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ground.take(order("1", 9, **SARA))
    sara = await ground.customer(customer_id="U-7781")
    await ground.erase(sara)
    rows = await ground.gateway.pool.fetch("DELETE FROM outbox WHERE topic = $1 RETURNING value", topics.ERASURES)
    rounds = 0

    async def read_then_erased(conn: asyncpg.Connection[Any], claims: Sequence[Claim]) -> dict[bytes, CustomerId]:
        nonlocal rounds
        rounds += 1
        found = await load_owners(conn, claims)
        if rounds == 1:
            assert len(found) == 3
            await ground.gateway.feed(topics.ERASURES, [row["value"] for row in rows])
        return found

    monkeypatch.setattr("services.gateway.identity.store.claiming.load_owners", read_then_erased)
    await ground.take(order("2", 1, **SARA))
    assert rounds == 2
    kept = await ground.gateway.pool.fetch("SELECT name, phone, erasure FROM customer ORDER BY erasure NULLS LAST")
    assert [(row["name"], row["erasure"] is None) for row in kept] == [(None, False), ("Sara Karimi", True)]


async def test_people_of_many_erasures_are_locked_in_the_order_of_all_writers(ground: Ground) -> None:
    """Else two who hold what the other one waits for: here with somebody who takes two of them, as a batch does."""
    await ground.take(*(order(str(n), 9, customer_id=f"U-{n}") for n in range(3)))
    low, middle, high = sorted([await ground.customer(customer_id=f"U-{n}") for n in range(3)])
    assert (await ground.post(f"/v1/customers/{high}/merge", {"into": low})).status_code == 200
    for one in (low, middle):
        await ground.erase(one)
    rows = await ground.gateway.pool.fetch("DELETE FROM outbox WHERE topic = $1 RETURNING value", topics.ERASURES)
    hold = "SELECT 1 FROM customer WHERE customer = $1 FOR UPDATE"
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(60), acquire(ground.gateway.pool) as conn, acquire(ground.gateway.pool) as other:
        async with conn.transaction():
            await conn.execute(hold, parse_customer_id(middle))
            erasing = asyncio.create_task(ground.gateway.feed(topics.ERASURES, [row["value"] for row in rows]))
            for _ in range(400):
                if await other.fetchval(waits):
                    break
                await asyncio.sleep(0.05)
            await asyncio.sleep(1.5)  # past the time after which PostgreSQL looks for a circle, once for each who waits
            await conn.execute(hold, parse_customer_id(high))
        await erasing
    assert await ground.gateway.pool.fetchval("SELECT count(*) FROM customer WHERE erasure IS NOT NULL") == 3


async def test_dead_letters_of_the_person_go_and_those_of_others_stay(ground: Ground) -> None:
    sara, _ = await with_two(ground)
    mails = {
        "broken": b'{"id": "x1", "shop": "default", "data": {"phone": "0912 123 4567", "note": "for Sara',
        "by id": json.dumps({**order("x2", 1, customer_id="U-7781"), "time": "soon"}).encode(),
        "in a note": json.dumps({**order("x3", 1), "time": "?", "data": {"note": "call sara@mail.ir!"}}).encode(),
        "of Kaveh": json.dumps({**order("x4", 1, **KAVEH), "time": "soon"}).encode(),
        "of nobody": json.dumps({**order("x5", 1), "time": "soon", "data": {"quantity": "U-7781"}}).encode(),
    }
    await ground.take(*mails.values())
    assert await ground.gateway.pool.fetchval("SELECT count(*) FROM dead_letter") == 5
    asked = await ground.erase(sara)
    await ground.carry()
    assert await ground.gateway.pool.fetchval("SELECT count(*) FROM dead_letter") == 2
    texts = await ground.texts()
    assert "Kaveh Moradi" in texts and "sara@mail.ir" not in texts
    done = await ground.certificate(asked["erasure"])
    (own,) = [one for one in done["answers"] if one["service"] == "gateway"]
    assert own["removed"]["dead_letters"] == 3
    sought = await ground.gateway.pool.fetchval("SELECT count(*) FROM erasure WHERE sought IS NOT NULL")
    assert sought == 0, "what was looked for is forgotten with the search"


async def test_a_search_goes_on_where_it_stopped(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.gateway.privacy.jobs.LETTERS_AT_ONCE", 3)
    sara, _ = await with_two(ground)
    bad = [json.dumps({**order(f"x{n}", 1, **(SARA if n % 2 else KAVEH)), "time": "?"}).encode() for n in range(20)]
    await ground.take(*bad)
    asked = await ground.erase(sara)
    await ground.carry()
    assert (await ground.certificate(asked["erasure"]))["state"] == "complete"
    assert await ground.gateway.pool.fetchval("SELECT count(*) FROM dead_letter") == 10


async def test_an_answer_that_does_not_come_is_seen(ground: Ground) -> None:
    sara, _ = await with_two(ground)
    asked = await ground.erase(sara)
    rows = await ground.gateway.pool.fetch("DELETE FROM outbox WHERE topic = $1 RETURNING value", topics.ERASURES)
    await ground.gateway.feed(topics.ERASURES, [row["value"] for row in rows])
    await ground.gateway.fire(topics.ERASURES, PARTITIONS)
    rows = await ground.gateway.pool.fetch("DELETE FROM outbox WHERE topic = $1 RETURNING value", topics.ERASURES)
    await ground.gateway.feed(topics.ERASURES, [row["value"] for row in rows])  # gateway's own answer; metrics is away
    ground.clock.advance(OVERDUE_AFTER + timedelta(minutes=1))
    assert await ground.gateway.fire(topics.ERASURES, PARTITIONS) == 1
    found = await ground.certificate(asked["erasure"])
    assert (found["waiting"], found["overdue"], found["state"]) == (
        ["campaigns", "feedback", "loyalty", "metrics"],
        True,
        "waiting",
    )
    assert REGISTRY.get_sample_value("mandegar_erasures_overdue") == 1
    await ground.metrics.feed(topics.ERASURES, [row["value"] for row in rows])
    await ground.loyalty.feed(topics.ERASURES, [row["value"] for row in rows])
    await ground.campaigns.feed(topics.ERASURES, [row["value"] for row in rows])
    await ground.feedback.feed(topics.ERASURES, [row["value"] for row in rows])
    listed = (await ground.get("/v1/erasures")).json()["erasures"]
    assert [one["erasure"] for one in listed] == [asked["erasure"]]


async def test_an_erasure_that_nobody_handles_is_seen_too(ground: Ground) -> None:
    sara, _ = await with_two(ground)
    await ground.erase(sara)
    assert await ground.gateway.fire(topics.ERASURES, PARTITIONS) == 0
    ground.clock.advance(OVERDUE_AFTER + timedelta(minutes=1))
    assert await ground.gateway.fire(topics.ERASURES, PARTITIONS) == 1
    assert REGISTRY.get_sample_value("mandegar_erasures_overdue") == 1


async def test_what_metrics_could_not_read_of_the_person_goes_there_too(ground: Ground) -> None:
    sara, kaveh = await with_two(ground)
    for customer, name in ((sara, "Sara Karimi"), (kaveh, "Kaveh Moradi")):
        broken = {"type": "customer.updated", "id": name, "shop": SHOP, "data": {"customer": customer, "name": name}}
        await ground.metrics.feed(topics.CUSTOMERS, [json.dumps(broken).encode()])
    assert await ground.metrics.pool.fetchval("SELECT count(*) FROM dead_letter") == 2
    asked = await ground.erase(sara)
    await ground.carry()
    (letter,) = await ground.metrics.pool.fetch("SELECT id, body FROM dead_letter")
    assert b"Kaveh" in ground.metrics.cipher.open(letter["body"], str(letter["id"]))
    done = await ground.certificate(asked["erasure"])
    assert {one["service"]: one["removed"] for one in done["answers"]}["metrics"] == {"dead_letters": 1}


async def test_what_metrics_had_to_leave_unsearched_is_on_the_certificate(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    sara, _ = await with_two(ground)
    for number in range(3):
        broken = {"type": "customer.updated", "id": str(number), "shop": SHOP, "data": {"customer": sara, "name": "S"}}
        await ground.metrics.feed(topics.CUSTOMERS, [json.dumps(broken).encode()])
    monkeypatch.setattr("shared.messaging.erasing.ROUNDS_MAX", 0)
    asked = await ground.erase(sara)
    await ground.carry()
    (answer,) = [one for one in (await ground.certificate(asked["erasure"]))["answers"] if one["service"] == "metrics"]
    assert answer["kept"]["dead_letters_not_searched"] == 3


async def test_another_shop_learns_nothing_and_erases_nobody(ground: Ground) -> None:
    sara, _ = await with_two(ground)
    for path, body in (("erase", {"reason": "request"}), ("erase", {"reason": "request", "dry_run": True})):
        assert (await ground.post(f"/v1/customers/{sara}/{path}", body, OTHER)).status_code == 404
    assert (await ground.post("/v1/customers/find", {"phone": "09121234567"}, OTHER)).status_code == 404
    for path in (f"/v1/customers/{sara}/export", f"/v1/customers/{sara}/consents"):
        assert (await ground.get(path, OTHER)).status_code == 404
    asked = await ground.erase(sara)
    assert (await ground.get(f"/v1/erasures/{asked['erasure']}", OTHER)).status_code == 404
    assert (await ground.get("/v1/erasures", OTHER)).json() == {"erasures": []}


async def test_an_export_holds_what_both_services_know(ground: Ground) -> None:
    sara, _ = await with_two(ground)
    await ground.post("/v1/consents", said(NOW, evidence="box on page 3", customer=sara))
    person = (await ground.get(f"/v1/customers/{sara}/export")).json()
    (identity,) = person["identities"]
    assert (identity["name"], identity["phone"], identity["email"]) == ("Sara Karimi", "+989121234567", "sara@mail.ir")
    assert identity["identifiers"] == {"customer_id": 1, "phone": 1, "email": 1}
    assert [one["evidence"] for one in person["consents"]] == ["box on page 3"]
    answer = await ground.facts.get(
        f"/v1/customers/{sara}/export", headers={"Authorization": f"Bearer {ground.keys[SHOP]}"}
    )
    assert answer.status_code == 200, answer.text
    assert [one["order_id"] for one in answer.json()["orders"]] == ["o-1", "o-2"]
    assert answer.json()["stage_changes"][0]["stage"] == "new"
    for body in ({}, {"phone": "1", "email": "x"}, {"phone": None}):
        assert (await ground.post("/v1/customers/find", body)).status_code == 422


@pytest.mark.parametrize(
    "body",
    [{}, {"reason": "because"}, {"reason": "request", "reference": "Sara Karimi"}, {"reason": "request", "dry_run": 1}],
)
async def test_a_reason_is_needed_and_no_free_text_is_taken(ground: Ground, body: dict[str, Any]) -> None:
    sara, _ = await with_two(ground)
    assert (await ground.post(f"/v1/customers/{sara}/erase", body)).status_code == 422
    assert await ground.gateway.pool.fetchval("SELECT count(*) FROM erasure") == 0
