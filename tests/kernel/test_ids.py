"""Ids and API keys."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel import (
    CustomerId,
    api_key_id,
    api_key_sha256,
    api_key_text,
    customer_id_text,
    derive_event_id,
    parse_customer_id,
)


@given(st.integers(1, 2**62 - 1))
def test_a_customer_id_survives_its_text(number: int) -> None:
    text = customer_id_text(CustomerId(number))
    assert len(text) == 13 and parse_customer_id(text) == number


@given(st.integers(1, 2**62 - 1), st.integers(1, 2**62 - 1))
def test_texts_of_customer_ids_sort_as_the_numbers_do(one: int, other: int) -> None:
    assert (one < other) == (customer_id_text(CustomerId(one)) < customer_id_text(CustomerId(other)))


@pytest.mark.parametrize(
    "text", ["", "0" * 13, "v" * 13, "1K9D0V3MQ7C2E", "1k9d0v3mq7c2", "1k9d0v3mq7c2w", "۱" * 13, "+" * 13]
)
def test_what_is_no_customer_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="customer id"):
        parse_customer_id(text)


@pytest.mark.parametrize("number", [0, -1, 2**62])
def test_a_number_out_of_range_has_no_text(number: int) -> None:
    with pytest.raises(ValueError, match="between"):
        customer_id_text(CustomerId(number))


@given(st.integers(-(2**40), 2**48 - 1), st.text(), st.text(), st.integers(0, 99))
def test_a_derived_id_is_a_uuid_that_depends_on_its_cause_alone(ms: int, shop: str, cause: str, ordinal: int) -> None:
    shop, cause = (text.encode(errors="ignore").decode() for text in (shop, cause))
    text = derive_event_id(ms, shop, cause, "order.completed", ordinal)
    parsed = uuid.UUID(text)
    assert (str(parsed), parsed.version, parsed.variant) == (text, 8, uuid.RFC_4122)
    assert parsed.int >> 80 == max(0, ms)
    assert text == derive_event_id(ms, shop, cause, "order.completed", ordinal)
    assert text != derive_event_id(ms, shop, cause, "order.completed", ordinal + 1)
    assert text != derive_event_id(ms, shop, cause, "order.refunded", ordinal)


def test_an_api_key_tells_its_id_and_only_its_hash_is_kept() -> None:
    key = api_key_text("reader01", bytes(range(32)))
    assert key.startswith("mdg_reader01_") and len(key) == 13 + 43
    assert api_key_id(key) == "reader01"
    assert api_key_sha256(key) != api_key_sha256(api_key_text("reader01", bytes(32)))


@pytest.mark.parametrize(
    "text", ["", "mdg_", "mdg_reader01_short", "mdg_READER01_" + "a" * 43, "mdg_reader01_" + "a" * 44]
)
def test_what_is_no_api_key_has_no_id(text: str) -> None:
    assert api_key_id(text) is None


def test_a_key_needs_a_sound_id_and_enough_randomness() -> None:
    with pytest.raises(ValueError, match="key id"):
        api_key_text("a_b", bytes(32))
    with pytest.raises(ValueError, match="32 random"):
        api_key_text("reader01", bytes(31))
