"""Who may say what: signatures over the raw body, two secrets at once, and secrets that are none."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from services.gateway.webhooks.domain import (
    Address,
    ConnectionTrouble,
    address_of,
    check_secret,
    is_signed,
    new_address,
)
from services.gateway.webhooks.events import ADAPTORS
from services.gateway.webhooks.secrets import Vault
from tests.gateway_webhooks.ground import SHOPIFY_SECRET, WOO_SECRET, headers, signature

BODY = '{"id":1, "name":"سارا"}'.encode()
KEY = "9f2c7d41a86be350c1d24f7a90b8e6d3"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_signature_holds_for_these_bytes_and_no_others() -> None:
    good = signature(BODY, SHOPIFY_SECRET)
    assert is_signed(BODY, good, [SHOPIFY_SECRET])
    assert not is_signed(BODY.replace(b": ", b":").replace(b", ", b","), good, [SHOPIFY_SECRET])
    assert not is_signed(BODY + b"\n", good, [SHOPIFY_SECRET])
    assert not is_signed(BODY, good, [WOO_SECRET])


@pytest.mark.parametrize("given", ["", " ", "=", "é" * 44, "a" * 44, "x" * 100_000])
def test_what_is_no_signature_does_not_hold(given: str) -> None:
    assert not is_signed(BODY, given, [SHOPIFY_SECRET])


def test_a_signature_in_hexadecimal_does_not_hold() -> None:
    digest = hmac.new(SHOPIFY_SECRET.encode(), BODY, hashlib.sha256).hexdigest()
    assert not is_signed(BODY, digest, [SHOPIFY_SECRET])


def test_either_of_two_secrets_holds_and_none_holds_nothing() -> None:
    for secret in (SHOPIFY_SECRET, WOO_SECRET):
        assert is_signed(BODY, signature(BODY, secret), [WOO_SECRET, SHOPIFY_SECRET])
    assert not is_signed(BODY, signature(BODY, SHOPIFY_SECRET), [])


@pytest.mark.parametrize("weak", ["", "short"])
def test_an_empty_or_short_secret_signs_nothing(weak: str) -> None:
    signed = base64.b64encode(hmac.new(weak.encode(), BODY, hashlib.sha256).digest()).decode()
    assert not is_signed(BODY, signed, [weak])
    with pytest.raises(ConnectionTrouble):
        check_secret(weak)


@pytest.mark.parametrize(
    "weak", [" " * 40, "a" * 40, "abc\x00defghijklmnop", "ab" * 20, "0123456789abcde", "xyz" * 300]
)
def test_a_secret_that_can_be_guessed_is_refused_without_repeating_it(weak: str) -> None:
    with pytest.raises(ConnectionTrouble) as refused:
        check_secret(weak)
    assert weak.strip() == "" or weak not in str(refused.value)


@pytest.mark.parametrize(("vendor", "topic"), [("shopify", "orders/create"), ("woocommerce", "order.created")])
def test_each_system_signs_in_a_header_of_its_own(vendor: str, topic: str) -> None:
    sent = headers(vendor, topic, BODY, SHOPIFY_SECRET)
    adaptor = ADAPTORS[vendor]
    assert adaptor.verify(BODY, sent, [SHOPIFY_SECRET], NOW)
    assert adaptor.topic(sent) == topic
    unsigned = {name: value for name, value in sent.items() if "hmac" not in name and "signature" not in name}
    assert not adaptor.verify(BODY, unsigned, [SHOPIFY_SECRET], NOW)


def test_a_ping_is_known_by_its_form_alone() -> None:
    woo, shopify = ADAPTORS["woocommerce"], ADAPTORS["shopify"]
    assert woo.is_ping(b"webhook_id=15", {})
    for body in (b"webhook_id=", b"webhook_id=15&id=1", b'{"webhook_id":15}', b""):
        assert not woo.is_ping(body, {})
    assert not woo.is_ping(b"webhook_id=15", {"x-wc-webhook-topic": "order.created"})
    assert not shopify.is_ping(b"webhook_id=15", {})


def test_an_address_is_random_and_nothing_else_is_read_as_one() -> None:
    made = new_address(7, lambda count: bytes(range(count)))
    assert address_of(str(made)) == made == Address(7, "aaaqeayeaudaocaj")
    for text in (
        "",
        "7",
        "7-",
        "7-short",
        "0-" + made.name,
        "99999-" + made.name,
        str(made).upper(),
        f"{made}/",
        f"{made}\n",
    ):
        assert address_of(text) is None


def test_a_sealed_secret_opens_for_its_own_connection_alone() -> None:
    vault, here, there = Vault(KEY), Address(1, "a" * 16), Address(2, "a" * 16)
    sealed = vault.seal(WOO_SECRET, here)
    assert WOO_SECRET.encode() not in sealed
    assert vault.open([sealed], here) == (WOO_SECRET,)
    with pytest.raises(ValueError):
        vault.open([sealed], there)
    with pytest.raises(ValueError):
        Vault(KEY[::-1]).open([sealed], here)
