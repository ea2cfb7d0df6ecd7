"""An erasure empties what staff wrote of a member, keeps what sums rest on, and is answered once."""

from __future__ import annotations

import msgspec
import pytest

from services.loyalty.privacy import export_person
from shared.contracts.erasures import CustomerErased, Erased
from shared.contracts.topics import ERASURES, ORDERS
from shared.kernel import CustomerId
from shared.messaging.chores import Housekeeping
from shared.testing import Databases
from tests.loyalty_orders.ground import SHOP, START, completed, name, points
from tests.loyalty_orders.test_members_api import an_api

pytestmark = pytest.mark.stack
ERASED = CustomerErased(
    id="019d0fbe-4b40-8a31-9c5e-2f6d1f0a7b14",
    source="mandegar/gateway",
    subject=name(1),
    time=START,
    shop=SHOP.slug,
    data=Erased(erasure_id="019d0fbe-4b40-8a31-9c5e-2f6d1f0a7b15", customer=name(1), customers=[name(1), name(2)]),
)


async def test_reasons_go_points_stay_and_the_answer_says_so(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.worker.feed(ORDERS, [completed("a"), completed("b", 2), completed("c", 3)])
        for customer in (1, 3):
            await api.post(customer, "block", reason="Sara Karimi resells codes", key=f"k-{customer}")
        await api.worker.feed(ERASURES, [ERASED], doubled=1.0)
        (answer,) = await api.worker.published(ERASURES)
        assert answer.event["data"]["removed"] == {"reasons": 1, "kept_answers": 1}
        assert answer.event["data"]["kept"] == {"memberships": 2, "orders": 2, "postings": 2}
        absences = await api.worker.pool.fetch("SELECT customer, absences FROM member WHERE absences IS NOT NULL")
        assert {row[0] for row in absences if b"Sara" in row[1]} == {3}
        kept = await api.worker.pool.fetch("SELECT key, body FROM kept_answer")
        assert [row["key"] for row in kept if b"Sara" in row["body"]] == ["k-3"]
        assert await points(api.worker, 1) == 100


async def test_answers_for_repeats_go_after_a_day_though_nobody_writes_again(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.worker.feed(ORDERS, [completed("a"), completed("b", 2)])
        for customer in (1, 2):
            await api.post(customer, "block", reason="resells codes", key=f"k-{customer}")
        pool = api.worker.pool
        await pool.execute("UPDATE kept_answer SET at = now() - interval '25 hours' WHERE key = 'k-1'")
        async with pool.acquire() as conn:
            keeping = Housekeeping("loyalty", api.clock, letters_days=30, ids_days=92, audit_days=400)
            await keeping.work(conn)
        assert [row["key"] for row in await pool.fetch("SELECT key FROM kept_answer")] == ["k-2"]


async def test_all_that_is_held_of_somebody_is_handed_out(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.worker.feed(ORDERS, [completed("a")])
        found = msgspec.to_builtins(await export_person(api.worker.pool, SHOP.slug, CustomerId(1)))
        assert (found["membership"]["how"], found["account"]["active"]) == ("first_order", 100)
        assert [(one["order_id"], one["points"]) for one in found["orders"]] == [("a", 100)]
        assert [(one["kind"], one["debit"], one["credit"], one["points"]) for one in found["postings"]] == [
            ("earn", "issued", "active", 100)
        ]
        nobody = await export_person(api.worker.pool, SHOP.slug, CustomerId(9))
        assert (nobody["membership"], nobody["orders"], nobody["postings"]) == (None, [], [])
