"""Entitlements are told by signed webhook, granted and taken back, in their order."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from random import Random
from typing import Any

import msgspec
import pytest

from services.loyalty.entitlements import Sender, Vault
from shared.contracts.orders import OrderCancelled
from shared.contracts.topics import LOYALTY_REWARDS, ORDERS, ORDERS_BACKFILL
from shared.outgoing.client import Outgoing
from shared.testing import Databases
from shared.testing.harness import TEST_SECRET
from tests.loyalty_entitlements.ground import LIFE, Place, a_place
from tests.loyalty_entitlements.receiver import BREAKS
from tests.loyalty_orders.ground import completed, event, name, order, refunded

pytestmark = pytest.mark.stack


def cancelled(order_id: str, hours: float) -> Any:
    return event(OrderCancelled, order(order_id), hours)


async def test_what_is_granted_and_revoked_is_told_signed_and_names_random_ids_alone(databases: Databases) -> None:
    async with a_place(databases) as place:
        redemption = await place.grant()
        await place.send(2)
        (granted,) = place.receiver.taken
        assert granted.id == f"{redemption}-1"
        assert granted.said == {
            "type": "entitlement.granted",
            "timestamp": granted.said["timestamp"],
            "data": {
                "shop": "laleh", "redemption": redemption, "number": 1, "customer": name(1), "reward": "life",
                "version": 1, "name": "A life", "entitlement": "extra-life", "quantity": 3,
                "worth": {"amount": 200, "currency": "USD"}, "points": 10, "order": None, "reason": "",
            },
        }  # fmt: skip
        body = {"reason": "mistake", "give_back": True}
        for _ in range(2):
            answer = await place.api.ask("POST", f"/v1/redemptions/{redemption}/revoke", body)
            assert (answer.json()["state"], answer.json()["revoked_why"]) == ("revoked", "mistake")
        assert await place.api.account() == (1_000, 0)
        await place.send(2)
        assert place.told() == [(redemption, "granted"), (redemption, "revoked")]
        assert place.receiver.taken[-1].said["data"]["reason"] == "mistake"
        assert not place.receiver.refused
        assert await place.states() == {f"{redemption}-1": "delivered", f"{redemption}-2": "delivered"}
        assert await place.api.told() == ["reward.granted", "reward.redeemed", "reward.revoked"]
        (row,) = await place.pool.fetch("SELECT secret FROM entitlement_endpoint")
        assert place.receiver.secrets[0].encode() not in row["secret"]
        await place.api.is_sound()


async def test_a_shop_without_an_endpoint_has_nothing_written_and_follows_the_topic(databases: Databases) -> None:
    async with a_place(databases, endpoint=False) as place:
        await place.grant()
        assert await place.states() == {}
        shown = (await place.api.ask("GET", "/v1/entitlements/endpoint")).json()
        assert (shown["url"], shown["waiting"]) == (None, 0)
        assert await place.api.told() == ["reward.granted", "reward.redeemed"]


async def test_only_what_lasts_can_be_taken_back_after_use_and_nothing_before_it_is_granted(
    databases: Databases,
) -> None:
    async with a_place(databases) as place:
        await place.api.make(what={"kind": "voucher", "codes": "own"})

        async def revoke(redemption: str, **more: Any) -> tuple[int, str]:
            body = {"reason": "abuse", **more}
            answer = await place.api.ask("POST", f"/v1/redemptions/{redemption}/revoke", body)
            return answer.status_code, answer.json().get("state") or answer.json()["type"].rpartition(":")[2]

        held = (await place.api.hold()).json()["redemption"]
        assert await revoke(held) == (409, "not-granted")
        granted = (await place.api.step(held, "capture")).json()
        assert await revoke(held) == (200, "revoked")
        used = await place.api.ask("POST", "/v1/redemptions/use", {"code": granted["code"]})
        assert used.status_code == 409, "its code is worth nothing any more"
        other = await place.api.granted()
        await place.api.step(other["redemption"], "use")
        assert await revoke(other["redemption"]) == (409, "used-before")
        on_order = await place.grant(order="A-9")
        assert await revoke(on_order, give_back=True) == (409, "of-an-order")
        assert await revoke(on_order) == (200, "revoked")
        assert await revoke("0" * 32) == (404, "not-found")


async def test_an_entitlement_goes_with_its_order_and_comes_back_with_it_however_doubled_and_shuffled(
    databases: Databases,
) -> None:
    async with a_place(databases) as place:
        await place.api.make(**LIFE | {"id": "gift", "points": 0})
        lives = {fate: await place.grant(order=f"o-{fate}") for fate in ("kept", "part", "whole", "gone", "back")}
        gift = (await place.api.granted("gift", order="o-gone"))["redemption"]
        orders = [completed(f"o-{fate}", hours=-1) for fate in lives]
        ends = [
            refunded("o-part", "r1", 4_000, hours=1),
            refunded("o-whole", "r2", 4_000, hours=1),
            refunded("o-whole", "r3", 6_000, hours=2),
            cancelled("o-gone", 1),
            cancelled("o-back", 1),
        ]
        rng = Random(7)
        await place.api.worker.feed(ORDERS, orders + ends, batch=3, placed="random", doubled=1.0, shuffled=9, rng=rng)
        await place.send(3)
        assert {fate for fate, one in lives.items() if place.receiver.has(one)} == {"kept", "part"}
        assert not place.receiver.has(gift), "it cost no points, and goes all the same"
        back = [completed("o-back", hours=2)]
        await place.api.worker.feed(ORDERS, back + ends, batch=2, placed="random", doubled=1.0, shuffled=9, rng=rng)
        await place.send(4)
        assert {fate for fate, one in lives.items() if place.receiver.has(one)} == {"kept", "part", "back"}
        told = [what for one, what in place.told() if one == lives["back"]]
        assert told == ["granted", "revoked", "granted"], "each turn once"
        types = await place.api.told()
        assert (types.count("reward.revoked"), types.count("reward.granted")) == (4, 7)
        events = [one.event for one in await place.api.worker.published(LOYALTY_REWARDS)]
        assert len({one["id"] for one in events}) == len(events)
        assert await place.api.account() == (1_000 - 30 + 4 + await _earned(place), 0)
        await place.api.is_sound()


async def _earned(place: Place) -> int:
    """What the orders themselves came to: the life costs 10 each on kept, part and back, of which part has 4 back."""
    sums = "SELECT coalesce(sum(points), 0)::int FROM occasion WHERE shop = 1 AND id LIKE 'o-%'"
    earned: int = await place.pool.fetchval(sums)
    return earned


async def test_granted_on_an_order_that_is_gone_it_is_taken_back_at_once(databases: Databases) -> None:
    async with a_place(databases) as place:
        await place.api.worker.feed(ORDERS, [completed("o-1"), cancelled("o-1", 1)])
        granted = await place.api.granted("life", order="o-1")
        assert (granted["state"], granted["revoked_why"]) == ("revoked", "order")
        await place.send(2)
        assert [what for _, what in place.told()] == ["granted", "revoked"]
        assert await place.api.account() == (1_000, 0)


async def test_captures_and_cancellations_at_once_leave_none_granted_on_an_order_that_is_gone(
    databases: Databases,
) -> None:
    async with a_place(databases) as place:
        await place.api.worker.feed(ORDERS, [completed(f"o-{n}", hours=-1) for n in range(12)])
        held = [(await place.api.hold("life")).json()["redemption"] for _ in range(12)]
        await asyncio.gather(
            *(place.api.step(one, "capture", order=f"o-{n}") for n, one in enumerate(held)),
            place.api.worker.feed(ORDERS, [cancelled(f"o-{n}", 1) for n in range(12)], batch=2),
        )
        states = {(await place.api.ask("GET", f"/v1/redemptions/{one}")).json()["state"] for one in held}
        assert states == {"revoked"}
        await place.send(8)
        assert not any(place.receiver.has(one) for one in held)
        await place.api.is_sound()


async def test_no_webhook_follows_an_import_by_itself_and_staff_may_send_it(databases: Databases) -> None:
    async with a_place(databases) as place:
        redemption = await place.grant(order="o-1")
        await place.send()
        await place.api.worker.feed(ORDERS_BACKFILL, [completed("o-1"), cancelled("o-1", 1)])
        await place.send()
        assert [what for _, what in place.told()] == ["granted"]
        assert await place.states() == {f"{redemption}-1": "delivered", f"{redemption}-2": "failed"}
        (revoked,) = [one.event for one in await place.api.worker.published(LOYALTY_REWARDS)][2:]
        assert (revoked["type"], revoked["origin"]) == ("reward.revoked", "backfill")
        again = await place.api.ask("POST", f"/v1/entitlements/deliveries/{redemption}-2/retry")
        assert again.json()["state"] == "waiting"
        await place.send()
        assert [what for _, what in place.told()] == ["granted", "revoked"]


async def test_while_the_secret_is_replaced_webhooks_are_signed_with_both(databases: Databases) -> None:
    async with a_place(databases) as place:
        old = place.receiver.secrets[0]
        assert await place.set() == "", "an endpoint that moves keeps its secret"
        answer = await place.api.ask("POST", "/v1/entitlements/endpoint/rotate", {"keep_hours": 1})
        new = answer.json()["secret"]
        assert new.startswith("whsec_")
        assert new != old
        shown = (await place.api.ask("GET", "/v1/entitlements/endpoint")).text
        assert new not in shown
        assert old not in shown
        for secret in (old, new):
            place.receiver.secrets = [secret]
            await place.grant()
            await place.send()
        assert (len(place.receiver.taken), place.receiver.refused) == (2, 0)
        await place.pool.execute("UPDATE entitlement_endpoint SET previous_until = now()")
        place.receiver.secrets = [old]
        await place.grant()
        await place.send()
        assert place.receiver.refused == 1


async def test_addresses_inside_are_refused_when_set_and_when_called(databases: Databases) -> None:
    async with a_place(databases) as place:
        for url in ("http://shop.example/", "ftp://a", "https://u:p@shop.example/", "https://shop.example/#x"):
            answer = await place.api.ask("PUT", "/v1/entitlements/endpoint", {"url": url})
            assert answer.status_code == 422, url
            assert "@" not in answer.text
        await place.set("https://shop.example/hook")
        redemption = await place.grant()

        async def inside(_host: str, _port: int) -> list[str]:
            return ["169.254.169.254"]

        async with Outgoing(resolve=inside) as outgoing:
            await Sender(place.pool, Vault(TEST_SECRET), outgoing).turn()
        row = await place.pool.fetchrow("SELECT * FROM entitlement_delivery")
        assert (row["redemption"], row["state"], row["failures"]) == (redemption, 1, 1)
        assert "not on the internet" in row["trouble"]


async def test_the_outbox_event_and_the_webhook_name_nothing_that_the_catalogue_and_ids_do_not(
    databases: Databases,
) -> None:
    async with a_place(databases) as place:
        redemption = await place.grant(order="o-1")
        export = await place.api.worker.pool.fetchval("SELECT customer FROM entitlement_delivery")
        assert export == 1
        stored = await place.pool.fetchval("SELECT body FROM entitlement_delivery")
        place.receiver.answer = lambda: BREAKS
        await place.send(2)
        assert {one.body for one in place.receiver.taken} == {stored.encode()}, "the same bytes at each attempt"
        assert {one.id for one in place.receiver.taken} == {f"{redemption}-1"}
        assert set(msgspec.json.decode(stored)["data"]) == {
            "shop", "redemption", "number", "customer", "reward", "version", "name", "entitlement", "quantity", "worth",
            "points", "order", "reason",
        }  # fmt: skip


async def test_given_up_after_three_days_it_is_listed_and_sent_again_unless_it_was_overtaken(
    databases: Databases,
) -> None:
    async with a_place(databases) as place:
        place.receiver.answer = lambda: 503
        first, second = await place.grant(), await place.grant()
        await place.send(11)
        assert set((await place.states()).values()) == {"failed"}
        failed = (await place.api.ask("GET", "/v1/entitlements/deliveries?state=failed")).json()["items"]
        assert [(one["attempts"], one["last_status"]) for one in failed] == [(11, 503)] * 2
        place.receiver.answer = lambda: 200
        await place.api.ask("POST", f"/v1/redemptions/{first}/revoke", {"reason": "customer"})
        assert (await place.api.ask("POST", f"/v1/entitlements/deliveries/{first}-1/retry")).status_code == 200
        assert (await place.api.ask("POST", f"/v1/entitlements/deliveries/{first}-1/retry")).status_code == 200
        await place.pool.execute("UPDATE entitlement_delivery SET due_at = now() + interval '1 hour' WHERE number = 1")
        assert await place.sender.turn() == 0, "what follows waits for it, however long that is"
        await place.send(2)
        assert [what for one, what in place.told() if one == first] == ["granted", "revoked"]
        assert not place.receiver.has(first)
        await place.api.ask("POST", f"/v1/redemptions/{second}/revoke", {"reason": "customer"})
        await place.send()
        overtaken = await place.api.ask("POST", f"/v1/entitlements/deliveries/{second}-1/retry")
        assert (overtaken.status_code, overtaken.json()["type"]) == (409, "urn:mandegar:problem:overtaken")
        assert (await place.api.ask("POST", f"/v1/entitlements/deliveries/{first}-2/retry")).status_code == 409
        assert (await place.api.ask("POST", f"/v1/entitlements/deliveries/{first}-7/retry")).status_code == 404
        assert not place.receiver.has(second)


async def test_who_answers_gone_is_sent_nothing_until_they_are_set_again(databases: Databases) -> None:
    async with a_place(databases) as place:
        place.receiver.answer = lambda: 410
        gone = await place.grant()
        await place.send()
        place.receiver.answer = lambda: 204
        waiting = await place.grant()
        await place.send(2)
        assert len(place.receiver.taken) == 1
        shown = (await place.api.ask("GET", "/v1/entitlements/endpoint")).json()
        assert (shown["gone_at"] is not None, shown["waiting"], shown["failed"]) == (True, 1, 1)
        await place.set()
        await place.send()
        assert await place.states() == {f"{gone}-1": "failed", f"{waiting}-1": "delivered"}
        await place.grant()
        assert (await place.api.ask("POST", "/v1/entitlements/endpoint/remove")).json() == {"removed": True}
        assert (await place.api.ask("POST", "/v1/entitlements/endpoint/remove")).json() == {"removed": False}
        assert sorted((await place.states()).values()) == ["delivered", "failed", "failed"]
        again = await place.api.ask("POST", f"/v1/entitlements/deliveries/{gone}-1/retry")
        assert again.json()["state"] == "waiting", "for another endpoint"
        await place.send()
        assert len(place.receiver.taken) == 2


async def test_a_receiver_that_asks_for_time_gets_it(databases: Databases) -> None:
    async with a_place(databases) as place:
        place.receiver.answer, place.receiver.headers = (lambda: 429), {"Retry-After": "3600"}
        await place.grant()
        await place.send()
        left = await place.pool.fetchval("SELECT due_at - now() FROM entitlement_delivery")
        assert timedelta(minutes=59) < left <= timedelta(hours=1)
