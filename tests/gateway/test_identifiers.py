"""Identifiers: one person in many spellings, and values that are nobody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.identity import Kind, Marker, MarkingRules
from services.gateway.identity.domain.identifiers import BLOCKED, normal_customer_id, normal_email, normal_phone
from shared.kernel import ShopId
from shared.kernel.text import fold

MARKER = Marker(b"9f2c7d41a86be350c1d24f7a90b8e6d3")
RULES = MarkingRules(ShopId(1), "IR", blocked=["09120000000", "House", "till@shop.ir"])


@pytest.mark.parametrize(
    ("raw", "region", "expected"),
    [
        ("09121234567", "IR", "+989121234567"),
        ("۰۹۱۲۱۲۳۴۵۶۷", "IR", "+989121234567"),
        ("٠٩١٢١٢٣٤٥٦٧", "IR", "+989121234567"),
        ("+98 912 123 4567", "US", "+989121234567"),
        ("0098-912-123-4567", "IR", "+989121234567"),
        (9121234567, "IR", "+989121234567"),
        ("(212) 555-2368", "US", "+12125552368"),
        ("0000000000", "IR", None),
        ("1234567890", "US", None),
        ("12", "IR", None),
        ("call me", "IR", None),
        ("", "IR", None),
        ("9" * 41, "IR", None),
        (0, "IR", None),
    ],
)
def test_a_phone_has_one_form(raw: str | int, region: str, expected: str | None) -> None:
    assert normal_phone(raw, region) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (" Ali@Shop.IR ", "ali@shop.ir"),
        ("a.b+c@x.co.uk", "a.b+c@x.co.uk"),
        ("a@b", None),
        ("a@b.", None),
        ("a b@c.de", None),
        ("a@@c.de", None),
        ("@c.de", None),
        ("x@example.com", None),
        ("a\x00@c.de", None),
        ("x" * 65 + "@c.de", None),
        ("", None),
    ],
)
def test_an_email_has_one_form(raw: str, expected: str | None) -> None:
    assert normal_email(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(7, "7"), (" 7 ", "7"), ("۷", "7"), ("AbC", "AbC"), ("علي", "علی"), ("كاظم", "کاظم"), ("  ", None)],
)
def test_a_customer_id_has_one_form_and_keeps_its_case(raw: str | int, expected: str | None) -> None:
    assert normal_customer_id(raw) == expected


@pytest.mark.parametrize("value", ["null", "NULL", " None ", "0", "۰", "undefined", "N/A", "house", "HOUSE", "-1", ""])
def test_blocked_customer_ids_identify_nobody(value: str) -> None:
    assert MARKER.customer_id(RULES, value) is None


@pytest.mark.parametrize("value", ["0912 000 0000", "+989120000000", "۰۹۱۲۰۰۰۰۰۰۰"])
def test_a_phone_that_the_shop_blocks_is_blocked_in_every_spelling(value: str) -> None:
    assert MARKER.phone(RULES, value) is None
    assert MARKER.email(RULES, "TILL@shop.ir") is None


def test_fingerprints_differ_by_shop_kind_and_secret_and_hide_the_value() -> None:
    same = MARKER.fingerprint(ShopId(1), Kind.PHONE, "+989121234567")
    others = [
        MARKER.fingerprint(ShopId(2), Kind.PHONE, "+989121234567"),
        MARKER.fingerprint(ShopId(1), Kind.EMAIL, "+989121234567"),
        Marker(b"another secret of good length, yes").fingerprint(ShopId(1), Kind.PHONE, "+989121234567"),
    ]
    assert len({same, *others}) == 4 and all(len(value) == 16 for value in (same, *others))


def test_every_blocked_value_is_written_as_it_is_compared() -> None:
    assert {fold(value) for value in BLOCKED} == BLOCKED


@given(st.text(max_size=60))
def test_normal_forms_are_stable(text: str) -> None:
    customer_id = normal_customer_id(text)
    assert customer_id is None or normal_customer_id(customer_id) == customer_id
    email = normal_email(text)
    assert email is None or normal_email(email) == email
    phone = normal_phone(text, "IR")
    assert phone is None or normal_phone(phone, "US") == phone


@given(st.integers(min_value=9100000000, max_value=9399999999), st.sampled_from(["0{}", "+98{}", "0098{}", "98{}"]))
def test_an_iranian_mobile_is_the_same_with_and_without_country(number: int, form: str) -> None:
    expected = normal_phone(f"+98{number}", "IR")
    persian = form.format(number).translate({ord("0") + digit: chr(0x06F0 + digit) for digit in range(10)})
    assert normal_phone(form.format(number), "IR") == normal_phone(persian, "IR") == expected
