"""The front door, walked through as a shop does: events in, known events out, consents, people, keys, the audit log."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.kernel import SystemClock
from tests.acceptance.conftest import Platform, until
from tests.gateway_webhooks.ground import payload

pytestmark = [pytest.mark.stack, pytest.mark.slow]
SHOP = "narenj"
BROWSER, OTHER = "9b2f1c9e-1d3c-4a55-8f7e-0d9f4b6a7c10", "9b2f1c9e-1d3c-4a55-8f7e-0d9f4b6a7c11"
SCOPES = (
    "metrics:read",
    "personal:read",
    "personal:erase",
    "customers:write",
    "audit:read",
    "shops:write",
    "shops:read",
)


def heard(platform: Platform, topic: str, shop: str = SHOP) -> list[dict[str, Any]]:
    """All that a consumer hears on a topic of a shop, tombstones aside."""

    async def read() -> list[dict[str, Any]]:
        consumer = AIOKafkaConsumer(bootstrap_servers=platform.bootstrap_servers, enable_auto_commit=False)
        await consumer.start()
        try:
            places = [TopicPartition(topic, one) for one in await _partitions(consumer, topic)]
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            ends = await consumer.end_offsets(places)
            found: list[dict[str, Any]] = []
            async with asyncio.timeout(30):
                while any([await consumer.position(one) < ends[one] for one in places]):
                    for records in (await consumer.getmany(timeout_ms=200)).values():
                        found += [json.loads(record.value) for record in records if record.value]
            return [event for event in found if event["shop"] == shop]
        finally:
            await consumer.stop()

    return asyncio.run(read())


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> list[int]:
    await consumer._client.force_metadata_update()
    return sorted(consumer._client.cluster.partitions_for_topic(topic) or [])


@pytest.fixture(scope="module")
def keys(platform: Platform) -> dict[str, dict[str, str]]:
    """Headers of a key that pages hold, and of one that the shop's own programs hold."""
    platform.run("shops", "add", SHOP, "--zone", "Asia/Tehran", "--currency", "IRR", "--phone-region", "IR")
    return {"page": platform.key(SHOP, "collect:write"), "own": platform.key(SHOP, *SCOPES)}


def call(platform: Platform, keys: Any, kind: str, said: dict[str, Any]) -> None:
    """One of Segment's calls, as its libraries send it."""
    answer = platform.ask("POST", f"/v1/{kind}", keys["page"], json=said)
    assert answer.status_code == 202, answer.text


def find(platform: Platform, keys: Any, **named: str) -> str:
    """Whom an identifier leads to, once it does."""

    def look() -> str | None:
        answer = platform.ask("POST", "/v1/customers/find", keys["own"], json=named)
        return answer.json()["customer"] if answer.status_code == 200 else None

    found: str = until(look)
    return found


def ago(**time: float) -> str:
    return (SystemClock().now() - timedelta(**time)).isoformat()


def test_a_visitor_becomes_known_buys_and_unsubscribes(platform: Platform, keys: Any) -> None:
    seen = {"event": "Product Viewed", "anonymousId": BROWSER, "properties": {"sku": "TEA"}}
    call(platform, keys, "track", seen | {"messageId": "a-1"})
    until(lambda: heard(platform, "interactions.v1"))
    traits = {"email": "sara@mail.ir", "phone": "۰۹۱۲۱۲۳۴۵۶۷", "name": "سارا"}
    call(platform, keys, "identify", {"messageId": "a-2", "userId": "U-1", "anonymousId": BROWSER, "traits": traits})
    sara = find(platform, keys, phone="+98 912 123 4567")
    call(platform, keys, "track", seen | {"messageId": "a-3"})
    until(lambda: len(heard(platform, "interactions.v1")) == 2)
    assert {event["data"]["customer"] for event in heard(platform, "interactions.v1")} == {None, sara}

    order = {"order_id": "1042", "revenue": "250000", "currency": "IRT"}
    bought = {"event": " order COMPLETED ", "userId": "U-1", "timestamp": ago(days=1), "properties": order}
    for _ in range(2):
        call(platform, keys, "track", bought | {"messageId": "o-1"})
    [completed] = until(lambda: heard(platform, "orders.v1"))
    assert (completed["data"]["customer"], completed["data"]["revenue"]) == (sara, 2_500_000)
    stage = until(lambda: [one for one in heard(platform, "metrics.lifecycle.v1") if one["data"]["customer"] == sara])
    assert stage[0]["data"]["stage"] == "new"

    for purpose in ("newsletter", "offers"):
        said = {"customer": sara, "channel": "email", "purpose": purpose, "state": "given", "source": "checkout"}
        answer = platform.ask("POST", "/v1/consents", keys["own"], json=said | {"occurred_at": ago(hours=2)})
        assert answer.status_code == 200, answer.text
    gone = {"event": "Unsubscribed", "messageId": "u-1", "timestamp": ago(hours=1), "anonymousId": OTHER}
    call(platform, keys, "track", gone | {"context": {"traits": {"email": "SARA@mail.ir"}}})
    until(lambda: len(heard(platform, "consents.v1")) == 3)
    holds = platform.ask("GET", f"/v1/customers/{sara}/consents", keys["own"]).json()["consents"]
    withdrawn = dict.fromkeys(("all", "newsletter", "offers"), "withdrawn")
    assert {one["purpose"]: one["state"] for one in holds} == withdrawn
    told = max(heard(platform, "consents.v1"), key=lambda event: event["sequence"])["data"]["consents"]
    assert {one["purpose"]: one["state"] for one in told} == withdrawn
    for topic in ("interactions.v1", "orders.v1", "consents.v1", "metrics.lifecycle.v1"):
        text = json.dumps(heard(platform, topic), ensure_ascii=False)
        assert not [word for word in ("sara@", "9121234567", "سارا", 'U-1"') if word in text], topic


def test_a_shop_systems_webhook_is_taken_once_and_one_of_a_stranger_not_at_all(platform: Platform) -> None:
    made = platform.json("connections", "add", SHOP, "woocommerce")
    body = json.dumps(payload("woocommerce_order")).encode()

    def send(secret: str) -> int:
        signed = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
        own = {"x-wc-webhook-topic": "order.created", "x-wc-webhook-signature": signed}
        form = {"Content-Type": "application/json"}
        status: int = platform.ask("POST", made["path"], own | form, content=body).status_code
        return status

    before = len(heard(platform, "orders.v1"))
    assert [send(made["secret"]), send(made["secret"])] == [200, 200]
    until(lambda: len(heard(platform, "orders.v1")) > before)
    platform.run("lag")
    ids = [event["id"] for event in heard(platform, "orders.v1")]
    assert len(ids) == len(set(ids))


def test_people_are_merged_parted_handed_out_and_erased_and_all_of_it_is_in_the_audit_log(
    platform: Platform, keys: Any
) -> None:
    for number, user in enumerate(("K-1", "K-2")):
        order = {"order_id": f"k-{number}", "revenue": 10, "currency": "IRR"}
        bought = {"event": "Order Completed", "userId": user, "timestamp": ago(days=2), "properties": order}
        traits = {"context": {"traits": {"email": f"{user.lower()}@mail.ir"}}}
        call(platform, keys, "track", bought | traits | {"messageId": f"k-{number}"})
    one, two = (find(platform, keys, customer_id=user) for user in ("K-1", "K-2"))
    platform.run("customers", "merge", SHOP, two, one, "--reason", "the same person")
    until(lambda: find(platform, keys, customer_id="K-2") == one)
    until(lambda: _orders(platform, keys, one) == 2)
    platform.run("customers", "unmerge", SHOP, two, "--reason", "they are not")
    until(lambda: (_orders(platform, keys, one), _orders(platform, keys, two)) == (1, 1))
    handed = platform.ask("GET", f"/v1/customers/{two}/export", keys["own"]).json()
    assert handed["identities"][0]["email"] == "k-2@mail.ir"
    asked = platform.ask("POST", f"/v1/customers/{two}/erase", keys["own"], json={"reason": "request"})
    assert asked.status_code == 202, asked.text

    def certificate() -> Any:
        found = platform.ask("GET", asked.headers["location"], keys["own"]).json()
        return found if found["state"] == "complete" else None

    assert until(certificate)["waiting"] == []
    assert platform.ask("POST", "/v1/customers/find", keys["own"], json={"email": "k-2@mail.ir"}).status_code == 404
    told = {(row["action"], row["outcome"]) for row in platform.json("audit", "list", SHOP, "--subject", two)}
    assert told >= {
        ("mandegar customers merge", "done"),
        ("mandegar customers unmerge", "done"),
        ("GET /v1/customers/{customer}/export", "done"),
        ("POST /v1/customers/{customer}/erase", "done"),
    }


def _orders(platform: Platform, keys: Any, customer: str) -> int:
    answer = platform.ask("GET", f"/v1/customers/{customer}/export", keys["own"], "metrics")
    return len(answer.json()["orders"]) if answer.status_code == 200 else 0


def test_staff_come_with_tokens_of_their_own_shop_and_role(platform: Platform, keys: Any) -> None:
    assert keys
    refused = platform.run("staff", "token", "nowhere", "--staff", "u-1", "--role", "viewer", code=1)
    assert "mandegar shops list" in refused.stderr and refused.stdout == ""
    token = platform.run("staff", "token", SHOP, "--staff", "u-1", "--role", "viewer").stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    assert platform.ask("GET", f"/v1/shops/{SHOP}/settings", headers).status_code == 200
    assert platform.ask("PATCH", f"/v1/shops/{SHOP}/settings", headers, json={"week_start": 5}).status_code == 403
    assert platform.ask("GET", "/v1/shops/default/settings", headers).status_code == 404
    rows = platform.json("audit", "list", SHOP, "--actor", "staff:u-1")
    assert {row["outcome"] for row in rows} == {"refused"}


def test_terms_are_set_and_what_contradicts_is_refused(platform: Platform, keys: Any) -> None:
    path = f"/v1/shops/{SHOP}/settings"
    changed = platform.ask("PATCH", path, keys["own"], json={"visit_months": 24, "dead_letter_days": 7})
    assert changed.json()["changed"] == ["dead_letter_days", "visit_months"]
    refused = platform.ask("PATCH", path, keys["own"], json={"lifecycle": {"activity": "visits"}})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body.visit_months")
    platform.run("shops", "set", SHOP, "--visit-months", "0")
    assert platform.json("topics", "check") == []
