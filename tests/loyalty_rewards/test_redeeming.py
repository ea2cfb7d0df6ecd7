"""Holding, capturing, releasing and using rewards over HTTP, on a real database: also all at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

import asyncpg
import httpx
import msgspec
import pytest

from services.loyalty.programmes import Sliding
from shared.contracts.topics import CUSTOMERS, LOYALTY_POINTS, LOYALTY_REWARDS, ORDERS
from shared.db import create_pool
from shared.kernel import Zone
from shared.testing import Databases, api_url
from tests.loyalty_orders.ground import FLAT, NOW, SHOP, START, completed, name, refunded
from tests.loyalty_orders.test_identities import told
from tests.loyalty_rewards.ground import PARTITIONS, TEN_OFF, Api, an_api

pytestmark = pytest.mark.stack
VOUCHER = {"what": {"kind": "voucher", "codes": "uploaded"}}


async def offers(api: Api, **cart: object) -> dict[str, list[tuple[str, int | None]]]:
    """What stands in the way of each reward."""
    body = {"customer": name(1)} | ({"cart": cart} if cart else {})
    answer = await api.ask("POST", "/v1/rewards/available", body)
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    return {one["reward"]: [(why["reason"], why["missing"]) for why in one["why_not"]] for one in items}


async def rows(api: Api) -> dict[str, int]:
    """How many rows there are of whatever a redemption changes."""
    tables = ("reward_use", "reward_code", "redemption", "account", "entry", "hold", "outbox", "timer", "occasion")
    return {table: await api.worker.pool.fetchval(f"SELECT count(*) FROM {table}") for table in tables}


async def at_once(*asked: Callable[[], Awaitable[httpx.Response]]) -> list[httpx.Response]:
    """All answers. Who found no connection free in time asks again, as 503 says."""

    async def insist(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        for _ in range(20):
            answer = await ask()
            if answer.status_code != 503:
                return answer
        return answer

    return await asyncio.gather(*(insist(ask) for ask in asked))


async def test_the_next_reward_is_the_nearest_that_points_alone_are_missing_for(databases: Databases) -> None:
    async with an_api(databases) as api:
        for reward, changes in {
            "in reach": {"points": 100},
            "far": {"points": 900},
            "near": {"points": 130},
            "twin of near": {"points": 130},
            "nearer, but gone": {"points": 110, "stock": 1, "active": False},
            "nearer, with a cart": {"points": 120, "minimum_spend": 5_000},
        }.items():
            await api.make(id=reward.replace(" ", "-").replace(",", ""), name=reward, **changes)
        answer = (await api.ask("POST", "/v1/rewards/available", {"customer": name(1)})).json()
        assert answer["next"] == {"reward": "near", "name": "near", "points": 130, "missing": 30}
        cart = {"customer": name(1), "cart": {"total": 6_000, "currency": "USD"}}
        with_cart = (await api.ask("POST", "/v1/rewards/available", cart)).json()
        assert with_cart["next"]["reward"] == "nearer-with-a-cart"
        assert with_cart["next"]["missing"] == 20


async def test_spending_begins_the_time_of_all_points_anew_where_any_activity_counts(databases: Databases) -> None:
    sliding = msgspec.structs.replace(FLAT, expiry=Sliding(days=100, activity="any"))
    async with an_api(databases, programme=sliding) as api:
        await api.make()
        before = await api.worker.pool.fetchval("SELECT expires_day FROM lot")
        held = (await api.hold()).json()
        assert await api.worker.pool.fetchval("SELECT expires_day FROM lot") == before
        await api.step(held["redemption"], "capture")
        after = await api.worker.pool.fetchval("SELECT expires_day FROM lot")
        assert (before, after) == (START.toordinal() + 101, NOW.toordinal() + 101)
        await api.worker.feed(ORDERS, [completed("old", revenue=500, hours=24)])
        assert await api.worker.pool.fetchval("SELECT max(expires_day) FROM lot") == after
        assert await api.worker.pool.fetchval("SELECT expires_day FROM lot WHERE source = 'first'") == after
        await api.is_sound()


async def test_a_reward_is_held_captured_and_used_on_an_order(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.make()
        held = (await api.hold()).json()
        assert (held["state"], await api.account()) == ("held", (90, 10))
        captured = (await api.step(held["redemption"], "capture", order="A-1")).json()
        assert (captured["state"], captured["order"], await api.account()) == ("used", "A-1", (90, 0))
        assert (await api.step(held["redemption"], "capture", order="A-1")).json() == captured, "once"
        assert (await api.step(held["redemption"], "release")).status_code == 409
        assert await api.told() == ["reward.granted", "reward.redeemed"]
        (spent,) = [
            one.event for one in await api.worker.published(LOYALTY_POINTS) if one.event["type"] == "points.redeemed"
        ]
        assert spent["data"]["source"] == {"kind": "reward", "id": held["redemption"]}
        await api.is_sound()


async def test_what_is_released_or_lapses_is_free_again(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.make(stock=1, each=1, budget=1000)
        first = (await api.hold()).json()["redemption"]
        assert (await offers(api))["ten-off"] == [("sold_out", None), ("budget_spent", None), ("limit_reached", None)]
        assert (await api.hold()).status_code == 409
        assert (await api.step(first, "release")).json()["state"] == "released"
        assert (await api.step(first, "release")).json()["state"] == "released"
        assert (await api.step(first, "capture")).status_code == 409
        second = (await api.hold()).json()["redemption"]
        api.clock.advance(timedelta(minutes=15))
        assert (await api.step(second, "capture")).status_code == 409, "its time is over, whenever the timer fires"
        await api.worker.fire(ORDERS, PARTITIONS)
        assert (await api.ask("GET", f"/v1/redemptions/{second}")).json()["state"] == "lapsed"
        assert await api.account() == (100, 0)
        assert (await offers(api))["ten-off"] == []
        assert await api.told() == []
        await api.is_sound()


async def test_asking_what_one_could_have_changes_nothing(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.make(minimum_spend=3000)
        await api.make(id="dear", points=101)
        await api.make(id="paused", active=False)
        before = await rows(api)
        assert await offers(api) == {"dear": [("points_missing", 1)], "ten-off": [("cart_needed", None)]}
        assert (await offers(api, total=2000, currency="USD"))["ten-off"] == [("spend_more", 1000)]
        cart = {"total": 4000, "currency": "USD"}
        quote = (await api.ask("POST", "/v1/rewards/ten-off/quote", {"customer": name(1), "cart": cart})).json()
        assert (quote["available"], quote["points"], quote["worth"]) == (True, 10, 1000)
        assert before == await rows(api)
        assert await api.account() == (100, 0)
        nobody = await api.ask("POST", "/v1/rewards/available", {"customer": name(77)})
        assert nobody.status_code == 404
        guest = await api.ask("POST", "/v1/rewards/ten-off/quote", {"customer": name(2), "cart": cart})
        assert [why["reason"] for why in guest.json()["why_not"]] == ["not_a_member", "points_missing"]


async def test_two_hundred_spends_at_once_take_exactly_what_the_balance_allows(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.make()
        answers = await at_once(*(api.hold for _ in range(200)))
        assert Counter(one.status_code for one in answers) == {200: 10, 409: 190}
        assert await api.account() == (0, 100)
        (taken,) = await api.worker.pool.fetch("SELECT taken, committed FROM reward")
        assert tuple(taken) == (10, 10_000), "what was refused took nothing off the shelf"
        held = [one.json()["redemption"] for one in answers if one.status_code == 200]
        ends = await at_once(*(partial(api.step, one, what) for one in held for what in ("capture", "release")))
        assert Counter(one.status_code for one in ends) == {200: 10, 409: 10}, "each ends once"
        await api.is_sound()


@pytest.mark.parametrize(
    ("limits", "allowed", "reason"),
    [({"stock": 7}, 7, "sold-out"), ({"budget": 5_999}, 5, "budget-spent"), ({"each": 3}, 3, "limit-reached")],
    ids=["stock", "budget", "each"],
)
async def test_limits_hold_however_many_ask_at_once(
    databases: Databases, limits: dict[str, int], allowed: int, reason: str
) -> None:
    async with an_api(databases, points=10_000) as api:
        await api.make(**limits)
        answers = await at_once(*(api.hold for _ in range(40)))
        assert Counter(one.status_code for one in answers) == {200: allowed, 409: 40 - allowed}
        said = {one.json()["type"] for one in answers if one.status_code == 409}
        assert said == {f"urn:mandegar:problem:{reason}"}
        await api.is_sound()


async def test_each_code_is_given_to_one_customer_once(databases: Databases) -> None:
    async with an_api(databases, points=10_000) as api:
        await api.make(**VOUCHER)
        codes = [f"SPA-{number}" for number in range(12)]
        uploaded = await api.ask("POST", "/v1/rewards/ten-off/codes", {"codes": [*codes, "SPA-0"]})
        assert uploaded.json() == {"added": 12, "known": 0}
        again = await api.ask("POST", "/v1/rewards/ten-off/codes", {"codes": codes})
        assert again.json() == {"added": 0, "known": 12}
        answers = await at_once(*(api.hold for _ in range(30)))
        held = [one.json() for one in answers if one.status_code == 200]
        assert len(held) == 12
        assert all(one["code"] is None for one in held), "nobody sees a code before it is theirs"
        (await api.step(held[0]["redemption"], "release")).raise_for_status()
        again_held = (await api.hold()).json()
        granted = [(await api.step(one["redemption"], "capture")).json() for one in (*held[1:], again_held)]
        assert sorted(one["code"] for one in granted) == sorted(codes)
        uses = await asyncio.gather(
            *(
                api.ask("POST", "/v1/redemptions/use", {"code": granted[0]["code"], "order": f"A-{number}"})
                for number in range(8)
            )
        )
        assert Counter(one.status_code for one in uses) == {200: 1, 409: 7}, "one order, once"
        assert (await api.ask("POST", "/v1/redemptions/use", {"code": "SPA-99"})).status_code == 404
        other = await api.ask("POST", "/v1/redemptions/use", {"code": granted[1]["code"]}, key="other")
        assert other.status_code == 404


async def test_a_code_of_our_own_is_drawn_for_each(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.make(what={"kind": "voucher", "codes": "own"})
        codes = {(await api.granted())["code"] for _ in range(3)}
        assert len(codes) == 3
        assert all(len(code) == 16 for code in codes)


async def test_points_come_back_as_the_order_is_refunded(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.make()
        await api.worker.feed(ORDERS, [completed("A-1", customer=2, hours=2)])
        await api.granted(order="A-1")
        await api.worker.feed(ORDERS, [refunded("A-1", "half", 5_000, hours=3)])
        assert await api.account() == (95, 0)
        await api.worker.feed(ORDERS, [refunded("A-1", "rest", None, hours=4)])
        assert await api.account() == (100, 0)
        await api.granted(order="A-2")
        assert await api.account() == (90, 0)
        await api.worker.feed(ORDERS, [completed("A-2", customer=2, hours=5), refunded("A-2", "all", None, hours=6)])
        assert await api.account() == (100, 0), "of an order that was not known yet, too"
        await api.worker.feed(ORDERS, [completed("A-3", customer=2, hours=7), refunded("A-3", "all", None, hours=8)])
        await api.granted(order="A-3")
        assert await api.account() == (100, 0), "of one that was refunded before"
        await api.is_sound()


async def test_a_refund_and_a_capture_at_once_give_back_all_the_same(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.make()
        for number in range(10):
            held, order = (await api.hold()).json()["redemption"], f"B-{number}"
            events = [completed(order, customer=2, hours=number + 1), refunded(order, "all", None, hours=number + 1)]
            await asyncio.gather(api.step(held, "capture", order=order), api.worker.feed(ORDERS, events))
            assert await api.account() == (100, 0), number
        await api.is_sound()


async def test_a_reward_that_is_not_used_expires_with_reminders(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.make(valid_days=10, reminders=[7, 1])
        used, left = await api.granted(), await api.granted()
        (await api.step(used["redemption"], "use", order="A-9")).raise_for_status()
        days: list[int] = []
        for day in range(13):
            await api.worker.fire(ORDERS, PARTITIONS)
            days += [day] * (len(await api.told()) - len(days))
            api.clock.advance(timedelta(days=1))
        told = [one.event for one in await api.worker.published(LOYALTY_REWARDS)][3:]
        found = [(one["type"], one["data"]["redemption"], one["data"]["days"]) for one in told]
        expiring, name_ = "reward.expiring", left["redemption"]
        assert found == [(expiring, name_, 7), (expiring, name_, 1), ("reward.expired", name_, None)]
        assert days[3:] == [4, 10, 11], "at midnight of the shop"
        assert (await api.step(left["redemption"], "use")).status_code == 409
        assert await api.account() == (80, 0), "its points do not come back"


async def test_however_late_the_timer_is_each_day_is_told_as_it_would_have_been(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.make(valid_days=10, reminders=[7, 3, 1])
        await api.granted()
        api.clock.advance(timedelta(days=9))
        await api.worker.fire(ORDERS, PARTITIONS)
        api.clock.advance(timedelta(days=60))
        await api.worker.fire(ORDERS, PARTITIONS)
        granted, *told = [one.event for one in await api.worker.published(LOYALTY_REWARDS)]
        assert [one["data"]["days"] for one in told] == [7, 3, 1, None]
        zone = Zone(SHOP.zone)
        days = [zone.day_of(datetime.fromisoformat(one["time"])) for one in (granted, *told)]
        assert [day - days[0] for day in days] == [0, 4, 8, 10, 11]
        assert all(
            zone.start_of(day).isoformat() == one["time"].replace("Z", "+00:00")
            for day, one in zip(days[1:], told, strict=True)
        )


async def test_a_write_that_is_sent_again_has_one_effect(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.make()
        body = {"customer": name(1), "reward": "ten-off"}
        asked = [api.ask("POST", "/v1/redemptions", body, **{"Idempotency-Key": "k1"}) for _ in range(5)]
        answers = [one for one in await asyncio.gather(*asked) if one.status_code == 200]
        again = await api.ask("POST", "/v1/redemptions", body, **{"Idempotency-Key": "k1"})
        assert {one.json()["redemption"] for one in (*answers, again)} == {again.json()["redemption"]}
        assert await api.account() == (90, 10)
        other = await api.ask("POST", "/v1/redemptions", body | {"order": "A-1"}, **{"Idempotency-Key": "k1"})
        assert other.status_code == 422
        path = f"/v1/redemptions/{again.json()['redemption']}/capture"
        capture = partial(api.ask, "POST", path, {"order": "A-1"}, **{"Idempotency-Key": "k2"})
        captured = await at_once(*(capture for _ in range(5)))
        assert {(one.status_code, one.text) for one in captured} == {(200, captured[0].text)}
        assert await api.account() == (90, 0)
        assert await api.told() == ["reward.granted", "reward.redeemed"]


async def test_what_was_used_is_refused_to_all_but_its_own_order(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.make(points=0)
        gift = (await api.granted())["redemption"]
        assert (await api.step(gift, "capture")).status_code == 200
        late = await api.step(gift, "capture", order="A-1")
        assert late.json()["type"] == "urn:mandegar:problem:other-order"
        assert await api.told() == ["reward.granted"]
        answers = [await api.step(gift, "use", **named) for named in ({"order": "A-1"}, {"order": "A-1"}, {})]
        answers += [await api.step(gift, "use", order="A-2"), await api.step(gift, "capture", order="A-2")]
        assert [one.status_code for one in answers] == [200, 200, 409, 409, 409]
        assert await api.told() == ["reward.granted", "reward.redeemed"]


async def test_a_change_is_a_version_and_takes_nothing_from_those_who_have_it(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.make(stock=5)
        granted = await api.granted()
        body = {key: value for key, value in TEN_OFF.items() if key != "id"} | {"version": 1, "reason": "dearer"}
        assert (await api.ask("PUT", "/v1/rewards/ten-off", body | {"stock": 0})).status_code == 409
        changed = await api.ask("PUT", "/v1/rewards/ten-off", body | {"points": 20, "stock": 1})
        assert (changed.json()["version"], changed.json()["taken"]) == (2, 1)
        assert (await api.ask("PUT", "/v1/rewards/ten-off", body)).status_code == 412
        versions = (await api.ask("GET", "/v1/rewards/ten-off/versions")).json()["items"]
        assert [(one["version"], one["reward"]["points"], one["reason"]) for one in versions] == [
            (2, 20, "dearer"),
            (1, 10, ""),
        ]
        now = (await api.ask("GET", f"/v1/redemptions/{granted['redemption']}")).json()
        assert (now["version"], now["points"]) == (1, 10)
        assert (await api.ask("POST", "/v1/rewards", TEN_OFF)).status_code == 409
        again = await api.ask("POST", "/v1/rewards", TEN_OFF | {"points": 20, "stock": 1})
        assert (again.status_code, again.json()["version"]) == (200, 2), "just as it is"


async def test_what_follows_the_events_is_granted_at_once(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.make(what={"kind": "entitlement", "entitlement": "pro-days", "quantity": 30})
        await api.make(id="cash", what={"kind": "wallet", "amount": 250})
        assert (await api.granted())["state"] == "used"
        assert (await api.granted("cash"))["worth"] == 250
        told = [one.event["data"] for one in await api.worker.published(LOYALTY_REWARDS)]
        assert [(one["kind"], one["gives"], one["quantity"]) for one in told[::2]] == [
            ("entitlement", "pro-days", 30),
            ("wallet", "", 1),
        ]


async def test_identities_of_one_person_spend_together_and_count_together(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.make(points=150, each=1)
        await api.worker.feed(ORDERS, [completed("second", customer=2, revenue=10_000, hours=1)])
        assert (await api.hold(customer=2)).status_code == 409, "each has 100"
        await api.worker.feed(CUSTOMERS, [told("merged", 2, 1, 5)])
        held = (await api.hold(customer=2)).json()["redemption"]
        assert sum([(await api.account(one))[1] for one in (1, 2)]) == 150
        again = await api.hold(customer=1)
        assert "limit_reached" in again.json()["detail"]
        listed = (await api.ask("GET", f"/v1/redemptions?customer={name(1)}")).json()["items"]
        assert [one["redemption"] for one in listed] == [held]
        await api.worker.feed(CUSTOMERS, [told("unmerged", 2, 2, 6)])
        (await api.step(held, "release")).raise_for_status()
        assert [await api.account(one) for one in (1, 2)] == [(100, 0), (100, 0)], "to whom they came from"
        await api.is_sound()


async def test_nothing_crosses_shops(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.make()
        held = (await api.hold()).json()["redemption"]
        for method, path in (
            ("GET", f"/v1/redemptions/{held}"),
            ("POST", f"/v1/redemptions/{held}/capture"),
            ("POST", f"/v1/redemptions/{held}/release"),
            ("GET", "/v1/rewards/ten-off"),
        ):
            assert (await api.ask(method, path, key="other")).status_code == 404
        assert (await api.ask("GET", "/v1/rewards", key="other")).json()["items"] == []
        assert await api.account() == (90, 10)


async def test_apis_change_no_entry_no_order_and_not_what_a_lot_was_earned_for(databases: Databases) -> None:
    async with an_api(databases) as api, await create_pool(api_url(api.url, "loyalty"), "loyalty", max_size=1) as pool:
        forbidden = (
            *("DELETE FROM entry", "UPDATE entry SET points = 1", "DELETE FROM lot", "UPDATE lot SET source = 'x'"),
            *("UPDATE occasion SET revenue = 1", "UPDATE occasion SET granted = NULL", "DELETE FROM account"),
            *("UPDATE order_spend SET points = 1", "UPDATE hold SET customer = 2", "UPDATE account SET customer = 2"),
            *("UPDATE redemption SET points = 0", "UPDATE reward_version SET body = '{}'", "DELETE FROM reward_code"),
            *("UPDATE correction SET points = 5", "UPDATE correction SET asked_by = 'x'", "DELETE FROM ledger_root"),
        )
        for statement in forbidden:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.execute(statement)
