"""What members and staff read is what the ledger and a recount say, of the whole person, and of one shop alone."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import msgspec
import pytest

from services.loyalty.programmes import AfterDays, Rolling
from shared.contracts.topics import CUSTOMERS, ORDERS
from shared.testing import Databases
from tests.loyalty_orders.ground import NOW, SHOP, START, Story, completed, name, refunded
from tests.loyalty_orders.test_identities import told
from tests.loyalty_statements.ground import ground
from tests.loyalty_tiers.ground import TIERED

pytestmark = pytest.mark.stack
ANA = name(1)
PATIENT = msgspec.structs.replace(TIERED, pending=AfterDays(days=14), expiry=Rolling(months=12))


async def test_a_balance_tells_what_becomes_active_and_what_expires_when(databases: Databases) -> None:
    async with ground(databases, PATIENT, now=START + timedelta(days=2)) as here:
        await here.worker.feed(ORDERS, [completed("a", 1, 10_000), completed("b", 1, 5_000, hours=30)])
        found = await here.get(f"/v1/members/{ANA}/account")
        assert (found["customer"], found["is_member"], found["as_of"]) == (ANA, True, "2026-03-03")
        assert found["balance"] == {"active": 0, "pending": 150, "held": 0, "owed": 0}
        assert found["activating"] == [{"on": "2026-03-15", "points": 100}, {"on": "2026-03-16", "points": 50}]
        here.clock.advance(timedelta(days=13))
        await here.worker.fire(ORDERS, range(12))
        found = await here.get(f"/v1/members/{ANA}/account")
        assert found["balance"] == {"active": 150, "pending": 0, "held": 0, "owed": 0}
        assert found["activating"] == []
        assert [one["points"] for one in found["expiring"]] == [100, 50]
        assert found["expiring"][0]["on"] == "2027-03-15"


async def test_staff_see_what_expired_and_until_when_it_can_be_reinstated(databases: Databases) -> None:
    ending = msgspec.structs.replace(TIERED, expiry=Rolling(days=10), reinstate_days=5)
    async with ground(databases, ending, now=START + timedelta(days=2)) as here:
        await here.worker.feed(ORDERS, [completed("a", 1, 10_000), completed("b", 1, 5_000, hours=24)])
        assert (await here.get(f"/v1/points/accounts/{ANA}"))["expired"] == []
        here.clock.advance(timedelta(days=9))
        await here.worker.fire(ORDERS, range(12))
        found = await here.get(f"/v1/points/accounts/{ANA}")
        assert [one["source_id"] for one in found["lots"]] == ["b"]
        (expired,) = found["expired"]
        lot = await here.worker.pool.fetchval("SELECT lot::text FROM lot WHERE source = 'a'")
        assert expired == {
            "customer": ANA,
            "lot": lot,
            "source": "order",
            "source_id": "a",
            "points": 100,
            "expired_on": "2026-03-11",
            "until": "2026-03-16",
        }
        here.clock.advance(timedelta(days=5))
        await here.worker.fire(ORDERS, range(12))
        assert [one["source_id"] for one in (await here.get(f"/v1/points/accounts/{ANA}"))["expired"]] == ["b"]


async def test_history_names_rule_version_and_reason_page_by_page(databases: Databases) -> None:
    async with ground(databases, TIERED, now=START + timedelta(days=2)) as here:
        await here.worker.feed(ORDERS, [completed("a", 1, 10_000)])
        here.clock.advance(timedelta(hours=1))
        await here.worker.feed(ORDERS, [refunded("a", "r", 4_000)])
        first = await here.get(f"/v1/members/{ANA}/history", limit=1)
        (taken,) = first["items"]
        assert (taken["kind"], taken["points"], taken["effect"], taken["source_id"]) == ("claw_back", 40, -40, "a")
        rest = await here.get(f"/v1/members/{ANA}/history", limit=1, cursor=first["next"])
        (earned,) = rest["items"]
        assert (earned["kind"], earned["effect"], earned["rule"], earned["programme"]) == ("earn", 100, "Spend", 1)
        assert rest["next"] is None


async def test_the_tier_says_what_keeps_it_and_what_leads_to_the_next(databases: Databases) -> None:
    async with ground(databases, TIERED, now=START + timedelta(days=2)) as here:
        await here.worker.feed(ORDERS, [completed("a", 1, 25_000)])
        found = await here.get(f"/v1/members/{ANA}/tier")
        assert (found["level"]["id"], found["since"], found["counted"]) == ("silver", "2026-03-01", 25_000)
        assert found["keep"] == {"by": "2026-03-31", "missing": 20_000, "in_grace": False}
        assert (found["next"]["level"]["id"], found["next"]["missing"]) == ("gold", 25_000)
        assert found["next"]["by"] == "2026-03-30"
        assert found["sentences"] == [
            "Spend 200.00 USD by 2026-03-31 to keep Silver.",
            "Spend 250.00 USD by 2026-03-30 to reach Gold.",
        ]
        here.clock.advance(timedelta(days=60))
        assert (await here.get(f"/v1/members/{ANA}/tier"))["level"]["id"] == "regular", "though no timer has fired"


async def test_a_person_has_what_all_their_identities_have(databases: Databases) -> None:
    async with ground(databases, TIERED, now=START + timedelta(days=2)) as here:
        await here.worker.feed(ORDERS, [completed("a", 1, 15_000), completed("b", 2, 10_000, hours=1)])
        await here.worker.feed(CUSTOMERS, [told("merged", 2, 1, 5)])
        for who in (ANA, name(2)):
            found = await here.get(f"/v1/members/{who}/account")
            assert (found["customer"], found["balance"]["active"]) == (ANA, 250)
            assert (await here.get(f"/v1/members/{who}/tier"))["level"]["id"] == "silver"
            assert len((await here.get(f"/v1/members/{who}/history"))["items"]) == 2
        accounts = await here.get(f"/v1/points/accounts/{ANA}")
        assert [(one["customer"], one["active"]) for one in accounts["accounts"]] == [(ANA, 150), (name(2), 100)]


async def test_the_books_add_up_to_what_members_have(databases: Databases) -> None:
    async with ground(databases, TIERED, now=NOW) as here:
        await here.worker.feed(ORDERS, Story(Random(4), shops=(SHOP,)).tell(40), shuffled=20, rng=Random(2))
        found = await here.get("/v1/points/liability")
        held = await here.worker.pool.fetchval("SELECT sum(pending + active + held - owed) FROM account")
        assert found["outstanding"] == held > 0
        assert found["issued"] - found["reversed"] == held
        assert found["breakage"] == {"numerator": 0, "denominator": 0, "value": None}
        day_before = await here.get("/v1/points/liability", as_of="2026-02-01")
        assert (day_before["issued"], day_before["outstanding"]) == (0, 0)
        health = await here.get("/v1/points/health", days=366)
        members = await here.worker.pool.fetchval("SELECT count(*) FROM member WHERE shop = 1")
        assert (health["members"], health["joined"], health["issued"]) == (members, members, found["issued"])
        refused = await here.http.get("/v1/points/liability", params={"as_of": "2027-01-01"})
        assert refused.status_code == 422


async def test_staff_see_lots_and_lines_with_their_hashes(databases: Databases) -> None:
    async with ground(databases, PATIENT, now=START + timedelta(days=2)) as here:
        await here.worker.feed(ORDERS, [completed("a", 1, 10_000)])
        accounts = await here.get(f"/v1/points/accounts/{ANA}")
        (account,), (lot,) = accounts["accounts"], accounts["lots"]
        lines = await here.get(f"/v1/points/accounts/{ANA}/entries")
        assert lines["items"][0]["hash"] == account["head"]
        assert account["entries"] == len(lines["items"]) == 1
        assert (lot["pending"], lot["source_id"], lot["active_on"]) == (100, "a", "2026-03-15")
        assert (lines["items"][0]["debit"], lines["items"][0]["credit"]) == ("issued", "pending")


async def test_customers_of_another_shop_and_cursors_of_others_are_refused(databases: Databases) -> None:
    async with ground(databases, TIERED, now=START + timedelta(days=2)) as here:
        await here.worker.feed(ORDERS, [completed("a", 1, 10_000)])
        for path in ("account", "history", "tier"):
            assert (await here.other.get(f"/v1/members/{ANA}/{path}")).status_code == 404
        for path in ("", "/entries"):
            assert (await here.other.get(f"/v1/points/accounts/{ANA}{path}")).status_code == 404
        assert (await here.other.get("/v1/points/liability")).json()["issued"] == 0
        for cursor in ("WzEsMSw5OTk5OTk5OTk5OV0", "WzkyMjMzNzIwMzY4NTQ3NzU4MDcsMSwxXQ", "x"):
            answer = await here.http.get(f"/v1/members/{ANA}/history", params={"cursor": cursor})
            assert answer.status_code == 422
