"""Events over HTTP reach the raw topics as they were meant, and each refusal names its field."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.gateway.collector.api import BODIES
from services.gateway.collector.domain import BATCH_BYTES_MAX, EVENT_BYTES_MAX
from services.gateway.intake import EVENT_KINDS
from services.gateway.interactions.domain import PRODUCT_NAMES
from tests.gateway_collector.ground import Collected, basic, collecting

pytestmark = pytest.mark.stack
VISITOR = "0f8fad5b-d9cb-469f-a165-70867728950e"
ORDER = {
    "messageId": "m-1",
    "userId": 77,
    "event": " order  COMPLETED ",
    "timestamp": "2026-03-21T09:30:00Z",
    "properties": {"order_id": 1042, "revenue": "250000.50", "currency": "IRT", "unknown": {"deep": [1]}},
    "context": {"traits": {"email": "sara@mail.ir", "phone": 9123456789}, "locale": "fa-IR", "ip": "1.2.3.4"},
}
VIEW = {"messageId": "v-1", "anonymousId": VISITOR, "event": "Product Viewed", "properties": {"sku": "TEA", "price": 5}}


def cloud(**changes: Any) -> dict[str, Any]:
    data = {"order_id": "7", "customer_id": "9", "revenue": "1.50"}
    event = {"specversion": "1.0", "id": "c-1", "source": "shop", "type": "Order Completed", "data": data}
    return {**event, "time": "2026-03-21T09:30:00Z", **changes}


def problem(answer: httpx.Response, status: int) -> dict[str, str]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return {error["field"]: error["reason"] for error in answer.json().get("errors", ())}


async def test_an_order_reaches_the_topic_of_orders_with_who_and_what_and_nothing_else(collected: Collected) -> None:
    before = datetime.now(UTC)  # noqa: TID251 - the collector stamps by the wall clock
    answer = await collected.post("/v1/track", ORDER)
    assert answer.status_code == 202
    assert answer.json() == {
        "success": True,
        "accepted": 1,
        "refused": 0,
        "results": [{"index": 0, "status": "accepted", "id": "m-1"}],
    }
    topic, event = await collected.event()
    received = datetime.fromisoformat(event.pop("receivedat"))
    assert before <= received <= before + timedelta(seconds=20)
    assert topic == "raw.orders.v1"
    assert event == {
        "id": "m-1",
        "type": " order  COMPLETED ",
        "source": "collector",
        "shop": "laleh",
        "subject": "1042",
        "specversion": "1.0",
        "time": "2026-03-21T09:30:00Z",
        "data": {
            "customer_id": 77,
            "phone": 9123456789,
            "email": "sara@mail.ir",
            "locale": "fa-IR",
            "order_id": 1042,
            "revenue": "250000.50",
            "currency": "IRT",
            "products": [],
            "refunded_items": [],
        },
    }


async def test_every_name_of_a_batch_lands_on_its_topic(collected: Collected) -> None:
    names = sorted(
        {*EVENT_KINDS, *PRODUCT_NAMES, "email opened", "unsubscribed", "store visited", "support ticket opened"}
    )
    calls: list[dict[str, Any]] = [
        {
            "type": "track",
            "messageId": f"n-{number}",
            "userId": "u1",
            "event": f"  {name.title()} ",
            "timestamp": "2026-03-21T09:30:00Z",
            "properties": {"order_id": f"o-{number}", "revenue": 3, "currency": "USD"},
        }
        for number, name in enumerate(names)
    ]
    calls += [{"type": call, "userId": "u1", "messageId": call} for call in ("identify", "page", "screen")]
    calls += [{"type": "alias", "userId": "u1", "previousId": "v", "messageId": "alias"}]
    calls += [{"type": "group", "userId": "u1", "groupId": "g", "messageId": "group"}]
    answer = await collected.post("/v1/batch", {"batch": calls, "sentAt": "2026-03-21T09:31:00Z"})
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] == len(calls)
    found = {event["id"]: topic for topic, event in await collected.written()}
    assert len(found) == len(calls)
    for number, name in enumerate(names):
        assert found[f"n-{number}"] == ("raw.orders.v1" if name in EVENT_KINDS else "raw.interactions.v1"), name
    assert {found[call] for call in ("identify", "page", "screen", "alias", "group")} == {"raw.interactions.v1"}


async def test_the_good_ones_of_a_batch_pass_and_the_others_are_told_why(collected: Collected) -> None:
    bad_order = {"type": "track", "userId": "1", "event": "Order Completed", "properties": {"revenue": 5}}
    good = {"type": "track", **VIEW}
    nul = json.dumps({"type": "track", "userId": "1", "event": "a\x00b"})
    twice = '{"type":"page","userId":"1","userId":"2"}'
    big = {"type": "track", "userId": "1", "event": "Big", "properties": {"pad": "x" * EVENT_BYTES_MAX}}
    nobody = {"type": "page"}
    events = [json.dumps(good), json.dumps(bad_order), nul, twice, json.dumps(big), json.dumps(nobody), "7", '"x"']
    answer = await collected.post("/v1/batch", ('{"batch":[' + ",".join(events) + "]}").encode())
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert (told["success"], told["accepted"], told["refused"]) == (False, 1, 7)
    assert [one["status"] for one in told["results"]] == ["accepted"] + ["refused"] * 7
    assert [(one.get("field"), one.get("reason")) for one in told["results"]][1:] == [
        ("properties.order_id", "is required"),
        ("event", "holds a NUL character"),
        ("event", "names a member twice"),
        ("event", "is larger than 32768 bytes"),
        ("userId", "send userId or anonymousId"),
        ("body", "Expected `object`, got `int`"),
        ("body", "Expected `object`, got `str`"),
    ]
    assert [event["id"] for _, event in await collected.written()] == ["v-1"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/track", {"userId": "1"}, "body.event"),
        ("/v1/track", {"event": "X"}, "body.userId"),
        ("/v1/track", {**ORDER, "timestamp": "yesterday-09121234567"}, "body.timestamp"),
        ("/v1/track", {**ORDER, "timestamp": "2026-03-21T09:30:00"}, "body.timestamp"),
        ("/v1/track", {**ORDER, "timestamp": "2126-03-21T09:30:00Z"}, "body.timestamp"),
        ("/v1/track", {**ORDER, "timestamp": "1926-03-21T09:30:00Z"}, "body.timestamp"),
        ("/v1/track", {**ORDER, "type": "page"}, "body.type"),
        ("/v1/track", {**ORDER, "userId": {"a": 1}}, "body.userId"),
        ("/v1/track", {**ORDER, "userId": "x" * 300}, "body.userId"),
        ("/v1/track", {**ORDER, "messageId": "x" * 300}, "body.messageId"),
        ("/v1/track", {**ORDER, "event": "call 09121234567 sara@mail.ir"}, "body.event"),
        ("/v1/track", {**ORDER, "event": "identify"}, "body.event"),
        ("/v1/track", {**ORDER, "properties": {"order_id": "1", "revenue": -5}}, "body.properties.revenue"),
        (
            "/v1/track",
            {**ORDER, "properties": {"order_id": "1", "revenue": 5, "currency": "QQQ"}},
            "body.properties.currency",
        ),
        (
            "/v1/track",
            {**ORDER, "properties": {"order_id": "1", "revenue": "abc 09121234567"}},
            "body.properties.revenue",
        ),
        ("/v1/track", {**ORDER, "properties": {"order_id": "1"}}, "body.properties.revenue"),
        ("/v1/track", {**ORDER, "properties": [1]}, "body.properties"),
        ("/v1/track", {**ORDER, "properties": None}, "body.properties.order_id"),
        ("/v1/track", {**ORDER, "context": {"traits": {"email": 5}}}, "body.context.traits.email"),
        ("/v1/alias", {"userId": "1"}, "body.previousId"),
        ("/v1/alias", {"previousId": "1"}, "body.userId"),
        ("/v1/alias", {"userId": "null", "previousId": "1"}, "body.userId"),
        ("/v1/group", {"userId": "1"}, "body.groupId"),
        ("/v1/batch", {"batch": []}, "body.batch"),
        ("/v1/batch", {"batch": {}}, "body"),
        ("/v1/batch", [], "body"),
        ("/v1/batch", {"batch": [{"type": "track", "userId": "1"}]}, "body.batch.0.event"),
        ("/v1/batch", {"batch": [{"type": "delete", "userId": "1"}]}, "body.batch.0.type"),
        ("/v1/events", cloud(specversion="0.3"), "body.specversion"),
        ("/v1/events", cloud(source="mandegar/gateway"), "body.source"),
        ("/v1/events", cloud(shop="sib"), "body.shop"),
        ("/v1/events", cloud(origin="backfill"), "body.origin"),
        ("/v1/events", cloud(time="2026-03-21T09:30:00"), "body.time"),
        ("/v1/events", cloud(data={"revenue": 5}), "body.data.order_id"),
        ("/v1/events", cloud(data="x"), "body.data"),
        ("/v1/events", cloud(id=" "), "body.id"),
        ("/v1/events", [cloud(type="")], "body.0.type"),
        ("/v1/events", [], "body"),
    ],
)
async def test_a_refusal_names_the_field_and_repeats_nothing(
    collected: Collected, path: str, body: Any, field: str
) -> None:
    answer = await collected.post(path, body)
    found = problem(answer, 422)
    assert list(found) == [field], answer.text
    assert "0912" not in answer.text
    assert "QQQ" not in answer.text
    assert await collected.written() == []


MALFORMED = [
    b"",
    b"{",
    b'{"event":"a\\u0000b","userId":"1"}',
    b'{"event":"\\ud800","userId":"1"}',
    b'{"event":"\xff","userId":"1"}',
    b'{"event":"X","userId":"1","properties":{"price":NaN}}',
    b'{"event":"X","userId":"1","properties":{"price":Infinity}}',
    b'{"event":"X","userId":"1","properties":{"price":1e400}}',
    b'{"event":"X","userId":"1","properties":{"quantity":99999999999999999999999}}',
    b'{"event":"X","userId":"1","userId":"2"}',
    b'{"event":"X","userId":"1","properties":' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"event":"X","userId":"1","properties":' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}",
    b"[]",
    b"null",
    b'\xef\xbb\xbf{"event":"X","userId":"1"}',
]


@pytest.mark.parametrize("path", sorted(BODIES))
async def test_what_is_malformed_is_refused_and_never_a_defect(collected: Collected, path: str) -> None:
    for body in MALFORMED:
        wrapped = [body, b'{"batch":[' + body + b"]}", b"[" + body + b"]"]
        for sent in wrapped:
            problem(await collected.post(path, sent), 422)
    assert await collected.written() == []


async def test_only_a_key_that_may_collect_gets_in_and_it_can_come_in_three_ways(collected: Collected) -> None:
    key = collected.keys["writer"]
    for headers in ({"Authorization": f"Bearer {key}"}, {"X-Api-Key": key}, basic(key)):
        answer = await collected.http.post("/v1/track", json={"event": "Seen", "userId": "1"}, headers=headers)
        assert answer.status_code == 202, answer.text
    for wrong in (
        {},
        {"Authorization": "Basic x"},
        {"Authorization": "Basic //79"},
        basic("nobody"),
        basic(key[:-1] + "x"),
    ):
        problem(await collected.http.post("/v1/track", json=VIEW, headers=wrong), 401)
    for path in BODIES:
        problem(await collected.post(path, {}, key="reader"), 403)
        problem(await collected.http.post(path, json={}), 401)
    both = basic(key) | {"X-Api-Key": collected.keys["other"]}
    problem(await collected.http.post("/v1/track", json=VIEW, headers=both), 401)
    assert (await collected.http.get("/v1/shops/laleh/settings", headers=basic(key))).status_code == 401
    assert (await collected.http.get("/v1/shops/laleh/settings", headers={"X-Api-Key": key})).status_code == 403


async def test_the_shop_is_that_of_the_key(collected: Collected) -> None:
    for key in ("writer", "other"):
        assert (await collected.post("/v1/track", VIEW, key)).status_code == 202
        assert (await collected.post("/v1/events", cloud(), key)).status_code == 202
    found = await collected.written()
    assert sorted(event["shop"] for _, event in found) == ["laleh", "laleh", "sib", "sib"]


async def test_a_body_that_is_too_large_or_of_another_form_is_not_read(collected: Collected) -> None:
    for path, limit in BODIES.items():
        problem(await collected.post(path, b"{" + b" " * limit), 413)
        problem(await collected.post(path, b"{}", Content_Type="application/xml"), 415)
        problem(await collected.post(path, b"{}", Content_Encoding="br"), 415)
    problem(await collected.post("/v1/events", b" " * (EVENT_BYTES_MAX + 1) + json.dumps(cloud()).encode()), 413)
    bomb = gzip.compress(b" " * 5_000_000)
    problem(await collected.post("/v1/batch", bomb, Content_Encoding="gzip"), 413)
    problem(await collected.post("/v1/batch", b"x", Content_Encoding="gzip"), 422)
    problem(await collected.post("/v1/batch", gzip.compress(b"{}")[:-9], Content_Encoding="gzip"), 422)
    packed = gzip.compress(json.dumps({"batch": [{"type": "track", **VIEW}]}).encode())
    assert (await collected.post("/v1/batch", packed, Content_Encoding="gzip")).status_code == 202
    beacon = await collected.post("/v1/track", VIEW, Content_Type="text/plain;charset=UTF-8")
    assert beacon.status_code == 202
    full = {"batch": [{"type": "track", **VIEW, "messageId": f"{n}"} for n in range(2500)]}
    assert len(json.dumps(full)) < BATCH_BYTES_MAX
    assert (await collected.post("/v1/batch", full)).json()["accepted"] == 2500


async def test_cloud_events_come_alone_or_many_and_keep_their_source(collected: Collected) -> None:
    view = cloud(id="c-2", type="Product Viewed", data={"visitor": VISITOR, "sku": "TEA"}, extension="lost")
    one = await collected.post("/v1/events", cloud(), Content_Type="application/cloudevents+json")
    many = await collected.post(
        "/v1/events", [cloud(id="c-3"), view], Content_Type="application/cloudevents-batch+json"
    )
    mixed = await collected.post("/v1/events", [cloud(id="c-4"), {"id": "c-5"}])
    assert [answer.status_code for answer in (one, many, mixed)] == [202, 202, 202]
    assert mixed.json()["results"][1] == {
        "index": 1,
        "status": "refused",
        "field": "specversion",
        "reason": "is required",
    }
    found = sorted((event["id"], topic, event["source"]) for topic, event in await collected.written())
    assert found == [
        ("c-1", "raw.orders.v1", "shop"),
        ("c-2", "raw.interactions.v1", "shop"),
        ("c-3", "raw.orders.v1", "shop"),
        ("c-4", "raw.orders.v1", "shop"),
    ]


async def test_a_clock_that_lies_is_corrected_and_one_that_does_not_is_believed(collected: Collected) -> None:
    now = datetime.now(UTC)  # noqa: TID251 - the collector stamps by the wall clock

    async def occurred(original: datetime, sent: datetime | None, **more: Any) -> tuple[datetime, dict[str, Any]]:
        body = {
            **VIEW,
            "messageId": f"t-{original.isoformat()}{sent}{len(more)}",
            "originalTimestamp": original.isoformat(),
        }
        body |= {"sentAt": sent.isoformat()} if sent else {}
        assert (await collected.post("/v1/track", body | more)).status_code == 202
        event = (await collected.written())[-1][1]
        return datetime.fromisoformat(event["time"]), event

    hour, second = timedelta(hours=1), timedelta(seconds=1)
    time, event = await occurred(now - 5 * hour, now - 3 * hour)
    assert abs(time - (now - 2 * hour)) < 20 * second
    assert event["sentat"] == (now - 3 * hour).isoformat()
    ahead, _ = await occurred(now + 3 * hour, now + 4 * hour)
    assert abs(ahead - (now - hour)) < 20 * second
    assert (await occurred(now - hour, now - second))[0] == now - hour
    assert (await occurred(now - hour, None))[0] == now - hour
    passed_on = {"receivedAt": now.isoformat(), "timestamp": (now - 9 * hour).isoformat()}
    assert (await occurred(now - 5 * hour, now - 3 * hour, **passed_on))[0] == now - 9 * hour
    absurd, _ = await occurred(now - 3 * hour, now - 4 * hour)
    assert absurd <= datetime.now(UTC)  # noqa: TID251 - the same


async def test_a_key_that_sends_too_much_is_asked_to_wait_and_others_are_not(collector_place: Any) -> None:
    place, limits = collector_place, {"collector_events_per_second": 2.0, "collector_burst_events": 5}
    async with collecting(place.settings, place.keys, place.pool, **limits) as collected:
        batch = {"batch": [{"type": "track", **VIEW, "messageId": f"r-{n}"} for n in range(9)]}
        assert (
            await collected.post("/v1/batch", batch)
        ).status_code == 202  # on credit: no batch is too large for ever
        for path, body in (
            ("/v1/track", VIEW),
            ("/v1/batch", batch),
            ("/v1/events", cloud()),
            ("/v1/events", [cloud()]),
        ):
            answer = await collected.post(path, body)
            problem(answer, 429)
            assert 1 <= int(answer.headers["retry-after"]) <= 3
        assert (await collected.post("/v1/track", VIEW, "other")).status_code == 202
        assert len(await collected.written()) == 10


async def test_pages_of_other_origins_may_send_and_nothing_else(collected: Collected) -> None:
    asking = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    for path in BODIES:
        answer = await collected.http.options(path, headers=asking)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert (
        "access-control-allow-origin"
        not in (await collected.http.options("/v1/shops/x/settings", headers=asking)).headers
    )
    refused = await collected.http.post("/v1/track", json=VIEW, headers={"Origin": "https://shop.example"})
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in refused.headers


async def test_every_example_of_the_description_is_accepted(collected: Collected) -> None:
    document = (await collected.http.get("/openapi.json")).json()
    tried = 0
    for path in BODIES:
        operation = document["paths"][path]["post"]
        assert {"202", "401", "403", "413", "415", "422", "429", "503"} <= set(operation["responses"])
        assert operation["security"] == [{"write_key": []}, {"bearer": []}, {"api_key": []}]
        for form, content in operation["requestBody"]["content"].items():
            examples = [one["value"] for one in content.get("examples", {}).values()] or [content["example"]]
            for example in examples:
                answer = await collected.post(path, example, Content_Type=form)
                assert (answer.status_code, answer.json()["refused"]) == (202, 0), answer.text
                tried += 1
    assert tried >= 11
