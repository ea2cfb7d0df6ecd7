"""Corrections of points by hand: at once, or above the limit by two people; in the ledger a word, all else erasable."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.loyalty.corrections import empty_texts
from services.loyalty.corrections.domain import Correction, State, Trouble, decided, takes_two
from services.loyalty.programmes import Rolling
from shared.contracts.topics import LOYALTY_POINTS, ORDERS
from shared.db import acquire
from shared.kernel import CustomerId, ShopId
from shared.testing import Databases
from tests.loyalty_orders.ground import FLAT, NOW, START, name
from tests.loyalty_rewards.ground import PARTITIONS, Api, an_api


async def correct(api: Api, points: int, key: str = "first", **more: str) -> httpx.Response:
    body = {"customer": name(1), "points": points, "reason": "goodwill", "text": "Parcel came late"}
    return await api.ask("POST", "/v1/corrections", body | more, key=key)


async def decide(api: Api, correction: str, what: str, key: str) -> httpx.Response:
    body = {"text": "No such parcel"} if what == "refuse" else None
    return await api.ask("POST", f"/v1/corrections/{correction}/{what}", body, key=key)


@given(st.integers(-(10**9), 10**9), st.integers(0, 10**9))
def test_above_the_limit_up_or_down_it_takes_two(points: int, limit: int) -> None:
    assert takes_two(points, limit) == (points > limit or points < -limit)


@pytest.mark.parametrize("wanted", [State.POSTED, State.REFUSED])
def test_nobody_decides_upon_their_own(wanted: State) -> None:
    one = Correction("c", 1, 5_000, True, State.WAITING, "goodwill", NOW, "staff:ava")
    assert decided(one, wanted, "staff:ava", NOW) == Trouble(
        "same-person", "somebody else than who asked for it has to decide"
    )
    after = decided(one, wanted, "staff:kia", NOW)
    assert isinstance(after, Correction)
    assert (after.state, after.decided_by) == (wanted, "staff:kia")
    assert decided(after, wanted, "staff:kia", NOW) is after, "decided again in the same way"
    assert isinstance(decided(after, wanted, "staff:leo", NOW), Trouble)


@pytest.mark.stack
async def test_a_small_correction_is_posted_at_once(databases: Databases) -> None:
    async with an_api(databases) as api:
        up, down = (await correct(api, 1_000)).json(), (await correct(api, -200)).json()
        assert (up["state"], down["state"], await api.account()) == ("posted", "posted", (900, 0))
        short = await correct(api, -950)
        assert (short.status_code, await api.account()) == (409, (900, 0))
        rows = await api.worker.pool.fetch("SELECT reason, actor, source FROM entry WHERE reason = 'goodwill'")
        assert {row["actor"] for row in rows} == {"key:key0"}
        events = [one.event["data"] for one in await api.worker.published(LOYALTY_POINTS)][1:]
        assert [(one["source"], one["points"]) for one in events] == [
            ({"kind": "correction", "id": up["correction"]}, 1_000),
            ({"kind": "correction", "id": down["correction"]}, 200),
        ]
        await api.is_sound()


@pytest.mark.stack
async def test_a_large_one_waits_for_somebody_else_who_is_a_person(databases: Databases) -> None:
    async with an_api(databases) as api:
        asked = (await correct(api, 1_001, key="ava")).json()
        assert (asked["state"], await api.account()) == ("waiting", (100, 0))
        own = await decide(api, asked["correction"], "approve", "ava")
        assert (own.status_code, own.json()["type"]) == (409, "urn:mandegar:problem:same-person")
        for key in ("first", "second", "other"):
            assert (await decide(api, asked["correction"], "approve", key)).status_code == 403, "a key is nobody"
        listed = (await api.ask("GET", "/v1/corrections?state=waiting")).json()["items"]
        assert [one["correction"] for one in listed] == [asked["correction"]]
        done = await asyncio.gather(*(decide(api, asked["correction"], "approve", "kia") for _ in range(6)))
        assert Counter(one.status_code for one in done) == {200: 6}
        assert await api.account() == (1_101, 0), "posted once"
        assert (await decide(api, asked["correction"], "refuse", "kia")).status_code == 409
        refused = (await correct(api, -1_050)).json()["correction"]
        answer = (await decide(api, refused, "refuse", "kia")).json()
        assert (answer["state"], answer["answer"], await api.account()) == ("refused", "No such parcel", (1_101, 0))
        await api.is_sound()


@pytest.mark.stack
async def test_the_database_itself_takes_a_second_person_and_no_key(databases: Databases) -> None:
    async with an_api(databases) as api:
        await correct(api, 5_000)
        for who in ("asked_by", "'key:key1'", "''"):
            with pytest.raises(asyncpg.CheckViolationError, match="two_people"):
                await api.worker.pool.execute(f"UPDATE correction SET state = 2, decided_by = {who}")
        await api.worker.pool.execute("UPDATE correction SET state = 2, decided_by = 'staff:kia'")


ENDING = msgspec.structs.replace(FLAT, expiry=Rolling(days=100), reinstate_days=5)


async def days_pass(api: Api, days: int) -> None:
    api.clock.advance(timedelta(days=days))
    await api.worker.fire(ORDERS, PARTITIONS)


@pytest.mark.stack
async def test_points_given_by_hand_expire_as_points_earned_that_day_do(databases: Databases) -> None:
    async with an_api(databases, programme=ENDING) as api:
        await correct(api, 50)
        days = await api.worker.pool.fetch("SELECT expires_day FROM lot ORDER BY at")
        assert [row[0] for row in days] == [START.toordinal() + 101, NOW.toordinal() + 101]
        await days_pass(api, 101)
        assert await api.account() == (0, 0)
        await api.is_sound()


@pytest.mark.stack
async def test_an_expired_lot_is_reinstated_in_its_time_and_expires_again(databases: Databases) -> None:
    async with an_api(databases, limit=60, programme=ENDING) as api:
        lot = str(await api.worker.pool.fetchval("SELECT lot FROM lot"))

        async def ask(lot: str | None, **more: Any) -> httpx.Response:
            body = {"customer": name(1), "lot": lot, "reason": "goodwill", "text": "Was in hospital"}
            return await api.ask("POST", "/v1/corrections", body | more, key="ava")

        early = await ask(lot)
        assert (early.status_code, early.json()["type"]) == (409, "urn:mandegar:problem:not-expired")
        await days_pass(api, 9)
        assert await api.account() == (0, 0)
        asked = [(await ask(lot)).json() for _ in range(2)]
        assert {(one["state"], one["points"], one["lot"]) for one in asked} == {("waiting", 100, lot)}
        done = await decide(api, asked[0]["correction"], "approve", "kia")
        assert (done.json()["state"], await api.account()) == ("posted", (100, 0))
        told = [one.event for one in await api.worker.published(LOYALTY_POINTS)][-1]
        assert (told["type"], told["data"]["points"], told["data"]["reason"]) == ("points.restored", 100, "goodwill")
        assert told["data"]["source"] == {"kind": "order", "id": "first"}
        twice = await decide(api, asked[1]["correction"], "approve", "kia")
        assert (twice.status_code, twice.json()["type"]) == (409, "urn:mandegar:problem:not-expired")
        await days_pass(api, 4)
        assert await api.account() == (100, 0)
        await days_pass(api, 1)
        assert await api.account() == (0, 0)
        await days_pass(api, 5)
        late = await ask(lot)
        assert (late.status_code, late.json()["type"]) == (409, "urn:mandegar:problem:too-late")
        assert "give `points` instead" in late.json()["detail"]
        for wrong in (await ask("77"), await ask(lot, points=5), await ask(None)):
            assert wrong.status_code == 422, wrong.text
        await api.is_sound()


@pytest.mark.stack
async def test_an_erasure_empties_what_people_wrote_and_nothing_else(databases: Databases) -> None:
    async with an_api(databases) as api:
        await correct(api, 50)
        await decide(api, (await correct(api, 2_000)).json()["correction"], "refuse", "kia")
        async with acquire(api.worker.pool) as conn:
            assert await empty_texts(conn, ShopId(2), [CustomerId(1)]) == 0
            assert await empty_texts(conn, ShopId(1), [CustomerId(1)]) == 2
            assert await empty_texts(conn, ShopId(1), [CustomerId(1)]) == 0
        listed = (await api.ask("GET", "/v1/corrections")).json()["items"]
        assert {(one["text"], one["answer"], one["points"]) for one in listed} == {("", "", 50), ("", "", 2_000)}
        await api.is_sound()


@pytest.mark.stack
async def test_who_is_not_known_and_nothing_at_all_are_refused(databases: Databases) -> None:
    async with an_api(databases) as api:
        assert (await correct(api, 0)).status_code == 422
        assert (await correct(api, 5, customer=name(99))).status_code == 404
        assert (await correct(api, 5, reason="because")).status_code == 422
