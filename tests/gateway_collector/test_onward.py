"""What was collected takes effect once, under a surrogate customer, without anything personal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.gateway.ground import NOW
from tests.gateway_collector.onward import VISITOR, Onward

pytestmark = pytest.mark.stack
PERSONAL = ("sara", "09121234567", "9121234567", "@mail", "U-77", "سارا")


def view(number: int, **more: Any) -> dict[str, Any]:
    who = {"userId": "U-77", "anonymousId": VISITOR}
    properties = {"sku": "TEA", "price": "12", "currency": "IRT", "quantity": 2, "category": "tea"}
    return {"event": "Product Viewed", "messageId": f"w-{number}", **who, "properties": properties, **more}


async def test_an_interaction_goes_out_under_a_surrogate_and_nothing_personal_with_it(onward: Onward) -> None:
    traits = {"email": "sara@mail.ir", "phone": "09121234567", "name": "سارا", "birthday": "۱۳۶۹/۰۲/۳۱"}
    calls = [
        onward.collect("identify", {"userId": "U-77", "messageId": "i", "traits": traits}),
        onward.collect("track", view(1, context={"traits": traits})),
        onward.collect("page", {"anonymousId": "sara@mail.ir", "messageId": "p", "name": "Sara's page"}),
        onward.collect("alias", {"userId": "U-77", "previousId": "sara@mail.ir", "messageId": "a"}),
    ]
    await onward.feed(calls)
    assert onward.refused == []
    (customer,) = await onward.out("customers.v1")
    assert customer["data"]["email"] == "sara@mail.ir"
    assert customer["data"]["phone"] == "+989121234567"
    assert customer["data"]["birthday"] == {"year": 1990, "month": 5, "day": 21, "calendar": "gregorian"}
    viewed, paged = await onward.out("interactions.v1")
    assert viewed["data"] == {
        "name": "product viewed",
        "customer": customer["data"]["customer"],
        "visitor": VISITOR,
        "cart_id": None,
        "order_id": None,
        "product_id": None,
        "sku": "TEA",
        "category": "tea",
        "brand": None,
        "variant": None,
        "quantity": 2,
        "price": 120,
        "currency": "IRR",
    }
    assert viewed["sequence"] == 2
    assert paged["data"]["name"] == "page"
    assert paged["data"]["customer"] is None
    assert len(paged["data"]["visitor"]) == 32
    rows = await onward.pool.fetch("SELECT key, value FROM outbox WHERE topic = 'interactions.v1'")
    text = "".join(row["key"].decode() + row["value"].decode() for row in rows)
    assert not [word for word in PERSONAL if word in text]


async def test_a_call_that_is_sent_again_later_takes_effect_once(onward: Onward) -> None:
    sent = [{"sentAt": (NOW - timedelta(hours=3) + timedelta(seconds=n)).isoformat()} for n in range(3)]
    at = {"originalTimestamp": (NOW - timedelta(hours=5)).isoformat()}
    order = {
        "event": "Order Completed",
        "userId": "U-77",
        "messageId": "o",
        "properties": {"order_id": "1", "revenue": 9},
    }
    honest = {"timestamp": (NOW - timedelta(minutes=5)).isoformat()}
    messages = []
    for number, stamp in enumerate(sent):
        later = timedelta(milliseconds=1_300 * number)
        messages += [onward.collect("track", call | at | stamp, later=later) for call in (view(1), order)]
        messages.append(onward.collect("track", view(2) | honest, later=later))
        messages.append(onward.collect("track", view(3), later=later))
    assert len({message.value for message in messages}) == 12, "each was received anew"
    await onward.feed(messages)
    assert onward.refused == [], "what the sender said was the same"
    assert len(await onward.out("interactions.v1")) == 3
    assert len(await onward.out("orders.v1")) == 1


async def test_the_same_id_with_another_content_is_set_aside(onward: Onward) -> None:
    await onward.feed([onward.collect("track", view(1)), onward.collect("track", view(1, properties={"sku": "OTHER"}))])
    (refusal,) = onward.refused
    assert refusal.reason == "content_differs"


async def test_received_is_when_the_front_door_received_it(onward: Onward) -> None:
    early = timedelta(hours=-2)
    order = {"event": "Order Completed", "userId": "1", "messageId": "o", "properties": {"order_id": "1", "revenue": 9}}
    messages = [onward.collect("track", view(1), later=early), onward.collect("track", order, later=early)]
    messages.append(onward.collect("track", view(2), later=timedelta(days=-30)))
    messages.append(onward.collect("track", view(3), later=timedelta(minutes=3)))
    await onward.feed(messages)
    received = {event["causationid"]: event["receivedat"] for event in await onward.out("interactions.v1")}
    stamps = [datetime.fromisoformat(stamp) - NOW for stamp in received.values()]
    assert stamps == [early, timedelta(), timedelta()], "what cannot be true is not believed"
    (known,) = await onward.out("orders.v1")
    assert datetime.fromisoformat(known["receivedat"]) == NOW + early


async def test_an_event_of_an_order_that_names_nobody_is_the_orders_customers(onward: Onward) -> None:
    order = {
        "event": "Order Completed",
        "userId": "U-77",
        "messageId": "o",
        "properties": {"order_id": "1", "revenue": 9},
    }
    delivered = {"event": "Order Delivered", "anonymousId": VISITOR, "messageId": "d", "properties": {"order_id": "1"}}
    await onward.feed([onward.collect("track", order)])
    await onward.feed([onward.collect("track", delivered)])
    (known,), (event,) = await onward.out("orders.v1"), await onward.out("interactions.v1")
    assert event["data"]["customer"] == known["data"]["customer"] is not None
    assert await onward.pool.fetchval("SELECT count(*) FROM order_customer WHERE order_id = ''") == 0


async def test_a_call_without_an_id_has_one_by_what_it_says(onward: Onward) -> None:
    said = {"event": "Seen", "userId": "1", "timestamp": "2026-02-28T10:00:00Z"}
    again = [onward.collect("track", said, later=timedelta(seconds=n)).id for n in range(2)]
    assert again[0] == again[1] != onward.collect("track", said | {"userId": "2"}).id
    untimed = {"event": "Seen", "userId": "1"}
    assert onward.collect("track", untimed).id != onward.collect("track", untimed, later=timedelta(seconds=1)).id
