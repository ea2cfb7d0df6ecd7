"""Cards over HTTP: issued to members, found at the till, blocked, replaced; bank cards by a token alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.loyalty.cards.domain import is_right
from services.loyalty.cards.store import forget
from shared.contracts.topics import CUSTOMERS, ORDERS
from shared.testing import Databases
from tests.loyalty_orders.ground import FLAT, START, completed, name
from tests.loyalty_orders.test_identities import told
from tests.loyalty_statements.ground import Ground, ground

pytestmark = pytest.mark.stack
ANA, BOB, EVE = name(1), name(2), name(3)
TOKEN = "tok_4f1c2b9e7a4d3c8b"


async def members(here: Ground) -> None:
    await here.worker.feed(ORDERS, [completed("a", 1), completed("b", 2, hours=1)])
    await here.worker.feed(CUSTOMERS, [told("updated", 3, 3, 9)])


async def post(here: Ground, path: str, body: Any = None, status: int = 200, **headers: str) -> dict[str, Any]:
    answer = await here.http.post(f"/v1/{path}", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def test_a_member_gets_a_card_that_a_till_knows(databases: Databases) -> None:
    async with ground(databases, FLAT, now=START + timedelta(days=2)) as here:
        await members(here)
        card = await post(here, f"members/{ANA}/cards", {"kind": "physical"})
        assert is_right(card["number"])
        assert (card["kind"], card["state"], card["customer"]) == ("physical", "active", ANA)
        found = await post(here, "cards/lookup", {"number": card["printed"]})
        assert found == {"customer": ANA, "identity": ANA, "is_member": True, "by": "card"}
        image = await here.get(f"/v1/cards/{card['number']}/qr")
        assert image["svg"].startswith("<svg")
        wrong = card["number"][:-1] + str((int(card["number"][-1]) + 1) % 10)
        await post(here, "cards/lookup", {"number": wrong}, 422)
        refused = await post(here, f"members/{EVE}/cards", status=409)
        assert refused["type"].endswith("not-a-member")
        await post(here, f"members/{name(99)}/cards", status=404)


async def test_a_card_that_is_sent_for_twice_is_issued_once_and_nobody_has_too_many(databases: Databases) -> None:
    async with ground(databases, FLAT, now=START + timedelta(days=2)) as here:
        await members(here)
        once = {"Idempotency-Key": "card-1"}
        first = await post(here, f"members/{ANA}/cards", {"kind": "digital"}, **once)
        assert await post(here, f"members/{ANA}/cards", {"kind": "digital"}, **once) == first
        for _ in range(4):
            await post(here, f"members/{ANA}/cards")
        await post(here, f"members/{ANA}/cards", status=409)
        assert len((await here.get(f"/v1/members/{ANA}/cards"))["cards"]) == 5


async def test_a_blocked_or_replaced_card_identifies_nobody(databases: Databases) -> None:
    async with ground(databases, FLAT, now=START + timedelta(days=2)) as here:
        await members(here)
        number = (await post(here, f"members/{ANA}/cards"))["number"]
        assert (await post(here, f"cards/{number}/block"))["state"] == "blocked"
        await post(here, "cards/lookup", {"number": number}, 404)
        assert (await here.http.get(f"/v1/cards/{number}/qr")).status_code == 404
        assert (await post(here, f"cards/{number}/unblock"))["state"] == "active"
        fresh = (await post(here, f"cards/{number}/replace"))["number"]
        assert fresh != number
        await post(here, "cards/lookup", {"number": number}, 404)
        assert (await post(here, "cards/lookup", {"number": fresh}))["customer"] == ANA
        for change in ("block", "unblock", "replace"):
            await post(here, f"cards/{number}/{change}", status=409)
        cards = (await here.get(f"/v1/members/{ANA}/cards"))["cards"]
        assert [(one["state"], one["replaced_by"]) for one in cards] == [("replaced", fresh), ("active", None)]


async def test_a_bank_card_identifies_by_its_token_and_its_number_is_refused(databases: Databases) -> None:
    async with ground(databases, FLAT, now=START + timedelta(days=2)) as here:
        await members(here)
        linked = await post(here, f"members/{ANA}/bank-cards", {"token": TOKEN})
        assert len(linked["bank_cards"]) == 1
        assert (await post(here, "cards/lookup", {"token": TOKEN}))["customer"] == ANA
        await post(here, f"members/{BOB}/bank-cards", {"token": TOKEN})
        assert (await post(here, "cards/lookup", {"token": TOKEN}))["customer"] == BOB
        await post(here, f"members/{ANA}/bank-cards/unlink", {"token": TOKEN})
        assert (await post(here, "cards/lookup", {"token": TOKEN}))["customer"] == BOB, "it was no longer hers"
        await post(here, f"members/{BOB}/bank-cards/unlink", {"token": TOKEN})
        await post(here, "cards/lookup", {"token": TOKEN}, 404)
        refused = await post(here, f"members/{ANA}/bank-cards", {"token": "6037990000000006"}, 422)
        assert "6037990000000006" not in str(refused)
        kept = await here.worker.pool.fetch("SELECT token FROM bank_card")
        assert TOKEN.encode() not in [row[0] for row in kept]


async def test_a_card_leads_to_whom_the_person_is_counted_as(databases: Databases) -> None:
    async with ground(databases, FLAT, now=START + timedelta(days=2)) as here:
        await members(here)
        number = (await post(here, f"members/{BOB}/cards"))["number"]
        await here.worker.feed(CUSTOMERS, [told("merged", 2, 1, 5)])
        found = await post(here, "cards/lookup", {"number": number})
        assert (found["customer"], found["identity"]) == (ANA, BOB)


async def test_cards_of_another_shop_are_unknown(databases: Databases) -> None:
    async with ground(databases, FLAT, now=START + timedelta(days=2)) as here:
        await members(here)
        number = (await post(here, f"members/{ANA}/cards"))["number"]
        await post(here, f"members/{ANA}/bank-cards", {"token": TOKEN})
        for body in ({"number": number}, {"token": TOKEN}):
            assert (await here.other.post("/v1/cards/lookup", json=body)).status_code == 404
        for change in ("block", "unblock", "replace"):
            assert (await here.other.post(f"/v1/cards/{number}/{change}")).status_code == 404
        assert (await here.other.get(f"/v1/cards/{number}/qr")).status_code == 404
        assert (await here.other.get(f"/v1/members/{ANA}/cards")).status_code == 404


async def test_what_identifies_a_person_at_a_till_is_forgotten(databases: Databases) -> None:
    async with ground(databases, FLAT, now=START + timedelta(days=2)) as here:
        await members(here)
        number = (await post(here, f"members/{ANA}/cards"))["number"]
        await post(here, f"members/{ANA}/bank-cards", {"token": TOKEN})
        async with here.worker.pool.acquire() as conn:
            assert dict(await forget(conn, 1, [1])) == {"cards": 1, "bank_cards": 1}
            assert dict(await forget(conn, 1, [1])) == {}
        for body in ({"number": number}, {"token": TOKEN}):
            await post(here, "cards/lookup", body, 404)
