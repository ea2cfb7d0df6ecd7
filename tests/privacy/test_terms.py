"""Terms of a shop: who was not heard of is previewed, then erased, and nobody else; texts are searched for people."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.gateway.privacy import store
from services.gateway.privacy.domain import Text, texts_of
from services.gateway.shops import set_shop
from shared.contracts import topics
from shared.db import acquire
from tests.gateway.ground import NOW
from tests.privacy.ground import PARTITIONS, SHOP, Ground, order, said


@pytest.mark.stack
async def test_who_was_not_heard_of_is_erased_and_others_stay(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.gateway.privacy.jobs.INACTIVE_AT_ONCE", 2)
    old = [order(f"old{n}", 500, customer_id=f"old-{n}", email=f"old{n}@mail.ir") for n in range(5)]
    back = order("back", 500, customer_id="back", email="back@mail.ir"), order("again", 20, customer_id="back")
    agreed = order("yes", 500, customer_id="agreed", email="yes@mail.ir")
    await ground.take(*old, *back, agreed, order("new", 20, customer_id="new", email="new@mail.ir"))
    await ground.gateway.pool.execute("UPDATE customer SET created_at = $1", NOW - timedelta(days=500))
    await ground.post("/v1/consents", said(NOW - timedelta(days=3), customer_id="agreed"))
    await ground.carry()
    sums = await ground.metrics.pool.fetchval("SELECT sum(net) FROM order_fact")
    preview = (await ground.get("/v1/erasures/preview?months=12")).json()
    assert preview["customers"] == 5
    assert (await ground.get("/v1/erasures/preview?months=24")).json()["customers"] == 0
    await set_shop(ground.gateway.pool, ground.clock, SHOP, inactive_months=12)
    assert await ground.gateway.fire(topics.ERASURES, PARTITIONS) == 0, "a day to take a mistake back"
    ground.clock.advance(timedelta(days=1))
    for _ in range(6):
        await ground.gateway.fire(topics.ERASURES, PARTITIONS)
        await ground.carry()
        ground.clock.advance(timedelta(seconds=10))
    left = await ground.gateway.pool.fetch("SELECT email FROM customer WHERE erasure IS NULL ORDER BY 1")
    assert [row[0] for row in left] == ["back@mail.ir", "new@mail.ir", "yes@mail.ir"]
    done = (await ground.get("/v1/erasures")).json()["erasures"]
    assert [(one["reason"], one["reference"], one["state"]) for one in done] == [
        ("inactive", "12-months", "complete")
    ] * 5
    assert await ground.metrics.pool.fetchval("SELECT sum(net) FROM order_fact") == sums


@pytest.mark.stack
async def test_a_term_that_was_taken_back_erases_nobody(ground: Ground) -> None:
    await ground.take(order("old", 500, customer_id="old", email="old@mail.ir"))
    await ground.gateway.pool.execute("UPDATE customer SET created_at = $1", NOW - timedelta(days=500))
    await set_shop(ground.gateway.pool, ground.clock, SHOP, inactive_months=12)
    await set_shop(ground.gateway.pool, ground.clock, SHOP, inactive_months=0)
    ground.clock.advance(timedelta(days=2))
    await ground.gateway.fire(topics.ERASURES, PARTITIONS)
    assert await ground.gateway.pool.fetchval("SELECT count(*) FROM erasure") == 0


async def asked_by_term(ground: Ground) -> str:
    """Somebody of whom nothing was heard for long; the term has asked for the erasure, which nobody has heeded yet."""
    await ground.take(order("old", 500, customer_id="old", email="old@mail.ir"))
    await ground.gateway.pool.execute("UPDATE customer SET created_at = $1", NOW - timedelta(days=500))
    await set_shop(ground.gateway.pool, ground.clock, SHOP, inactive_months=12)
    ground.clock.advance(timedelta(days=1))
    await ground.gateway.fire(topics.ERASURES, PARTITIONS)
    (one,) = (await ground.get("/v1/erasures")).json()["erasures"]
    assert (one["reason"], one["erased_at"]) == ("inactive", None)
    return str(one["erasure"])


@pytest.mark.stack
@pytest.mark.parametrize("heard", ["ordered", "agreed", "told of", "term taken back"])
async def test_whoever_is_heard_of_before_it_is_done_is_not_erased(ground: Ground, heard: str) -> None:
    erasure = await asked_by_term(ground)
    if heard == "ordered":
        await ground.take(order("new", 0, customer_id="old"))
    elif heard == "agreed":
        await ground.post("/v1/consents", said(NOW, customer_id="old"))
    elif heard == "told of":
        await ground.take(order("other", 500, customer_id="x"), order("new", 0, customer_id="old", email="old@mail.ir"))
    else:
        await set_shop(ground.gateway.pool, ground.clock, SHOP, inactive_months=0)
    await ground.carry()
    assert await ground.customer(email="old@mail.ir")
    assert (await ground.get(f"/v1/erasures/{erasure}")).status_code == 404
    assert await ground.gateway.dead_letters() == []


@pytest.mark.stack
async def test_people_may_insist_on_what_the_term_asked_for(ground: Ground) -> None:
    erasure = await asked_by_term(ground)
    customer = await ground.customer(email="old@mail.ir")
    asked = await ground.erase(customer, reference="DSR-9")
    assert (asked["erasure"], asked["reason"], asked["reference"]) == (erasure, "request", "DSR-9")
    await ground.take(order("new", 0, customer_id="old"))
    await ground.carry()
    done = await ground.certificate(erasure)
    assert (done["state"], done["reason"]) == ("complete", "request"), "heard of, and erased all the same"


@pytest.mark.stack
async def test_whoever_ordered_last_is_found_by_an_index(ground: Ground) -> None:
    async with acquire(ground.gateway.pool) as conn:
        await conn.execute("SET enable_seqscan = off")
        term = NOW - timedelta(days=365)
        rows = await conn.fetch(f"EXPLAIN {store._STILL_INACTIVE}", 1, term, int(term.timestamp() * 1_000_000), 7)
        await conn.execute("RESET enable_seqscan")
    assert "ix_order_customer_customer" in "\n".join(row[0] for row in rows)


def found(body: bytes) -> set[Text]:
    return set(texts_of(body))


def test_only_fields_of_persons_give_ids() -> None:
    body = b'{"customer_id": 77, "quantity": 77, "user": {"id": "u-1"}, "product": {"id": "p-1"}, "userId": "u-2"}'
    assert {one.text for one in found(body) if one.may_be_id} == {"77", "u-1", "u-2"}
    broken = b'{"customer_id": 77, "userId": "u-2", "quantity": 5, "user_id":'
    assert {one.text for one in found(broken) if one.may_be_id} == {"77", "u-2"}


def test_addresses_and_numbers_are_found_in_notes_and_in_what_cannot_be_read() -> None:
    for body in (b'{"note": "call 0912 123 4567, or sara@mail.ir."}', b"\xff{call 0912 123 4567, or <sara@mail.ir>"):
        assert {"0912 123 4567", "sara@mail.ir"} <= {one.text for one in found(body)}


def test_a_deep_or_long_body_ends() -> None:
    assert found(b"[" * 100_000)
    assert len(found(b'["' + b'","'.join(b"%d" % n for n in range(50_000)) + b'"]')) == 20_000
