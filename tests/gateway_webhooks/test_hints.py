"""Webhooks that say no more than "look": known by a header or a signature, and told to the pull."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from services.gateway.webhooks import add_connection
from services.gateway.webhooks.events import ADAPTORS
from shared.kernel import SystemClock
from shared.outgoing import signature_headers
from tests.gateway_webhooks.ground import Connections, body_of, payload

SECRET = "9f2d7c1a4be0583c-hint"
OLD = "0c1d2e3f4a5b6c7d-hint"
NOW = datetime.fromtimestamp(1561482670, UTC)
BODY = body_of(payload("bigcommerce_hint"))


def signed(secret: str, body: bytes = BODY) -> dict[str, str]:
    digest = hmac.new(secret.encode(), b"msg_1.1561482670." + body, hashlib.sha256).digest()
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1561482670",
        "webhook-signature": f"v1,AAAA v1,{base64.b64encode(digest).decode()} v2,x",
    }


@pytest.mark.parametrize("vendor", ["bigcommerce", "magento"])
def test_a_hint_names_one_of_the_secrets_in_its_header(vendor: str) -> None:
    verify = ADAPTORS[vendor].verify
    assert verify(BODY, {"x-mandegar-secret": SECRET}, (SECRET, OLD), NOW)
    assert verify(BODY, {"x-mandegar-secret": OLD}, (SECRET, OLD), NOW)
    assert not verify(BODY, {"x-mandegar-secret": OLD}, (SECRET,), NOW)
    assert not verify(BODY, {}, (SECRET,), NOW)
    assert not verify(BODY, {"x-mandegar-secret": ""}, ("",), NOW)
    assert not verify(BODY, {"x-mandegar-secret": "short"}, ("short",), NOW)


def test_bigcommerce_may_sign_as_standard_webhooks_are_signed() -> None:
    verify = ADAPTORS["bigcommerce"].verify
    assert verify(BODY, signed(SECRET), (OLD, SECRET), NOW)
    assert not verify(BODY + b" ", signed(SECRET), (SECRET,), NOW)
    assert not verify(BODY, signed(SECRET) | {"webhook-timestamp": "1561482671"}, (SECRET,), NOW)
    assert not verify(BODY, signed(OLD), (SECRET,), NOW)
    assert not verify(BODY, signed("short"), ("short",), NOW)


@pytest.mark.parametrize("seconds", [-301, -300, 0, 300, 301])
def test_a_signature_holds_for_five_minutes_either_way(seconds: int) -> None:
    verify = ADAPTORS["bigcommerce"].verify
    assert verify(BODY, signed(SECRET), (SECRET,), NOW + timedelta(seconds=seconds)) == (abs(seconds) <= 300)


@pytest.mark.stack
async def test_a_hint_is_answered_at_once_writes_nothing_to_kafka_and_leaves_word(connections: Connections) -> None:
    made, secret = await add_connection(connections.pool, SystemClock(), connections.vault, "sib", "bigcommerce")
    refused = await connections.http.post(made.path, content=BODY, headers={"x-mandegar-secret": "f" * 64})
    assert refused.status_code == 401
    hints = "SELECT count(*) FROM pull_hint"
    assert await connections.pool.fetchval(hints) == 0
    for _ in range(3):
        answer = await connections.http.post(made.path, content=BODY, headers={"x-mandegar-secret": secret})
        assert (answer.status_code, answer.json()) == (200, {"accepted": 0, "set_aside": False})
    assert await connections.pool.fetchval(hints) == 1
    assert not await connections.written()


@pytest.mark.stack
async def test_what_was_recorded_is_refused_after_five_minutes_and_until_then_only_makes_us_look(
    connections: Connections,
) -> None:
    made, secret = await add_connection(connections.pool, SystemClock(), connections.vault, "sib", "bigcommerce")

    async def send(minutes: int) -> int:
        at = SystemClock().now() - timedelta(minutes=minutes)
        headers = signature_headers(BODY, [secret], message_id="msg_7", now=at)
        return (await connections.http.post(made.path, content=BODY, headers=headers)).status_code

    assert [await send(minutes) for minutes in (0, 0, 4, 6, -6)] == [200, 200, 200, 401, 401]
    assert await connections.pool.fetchval("SELECT count(*) FROM pull_hint") == 1
    assert not await connections.written()
