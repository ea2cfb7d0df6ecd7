"""Signed webhooks: whoever follows the specification can check what is sent, for five minutes, by two secrets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.outgoing import is_signed, is_timely, signature_headers

BODY = b'{"test": 2432232314}'
# The specification's own example: github.com/standard-webhooks/standard-webhooks, libraries' tests.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime.fromtimestamp(1614265330, UTC)
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
OTHER = "another-secret-of-ours"


def test_the_example_of_the_specification_is_signed_as_it_says() -> None:
    headers = signature_headers(BODY, [SECRET], message_id=MESSAGE, now=NOW)
    assert headers == {
        "webhook-id": MESSAGE,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }
    assert is_signed(BODY, headers, [SECRET], NOW)


def test_another_body_id_time_or_secret_does_not_hold() -> None:
    headers = signature_headers(BODY, [SECRET], message_id=MESSAGE, now=NOW)
    assert not is_signed(BODY + b" ", headers, [SECRET], NOW)
    assert not is_signed(BODY, headers | {"webhook-id": "msg_2"}, [SECRET], NOW)
    assert not is_signed(BODY, headers | {"webhook-timestamp": "1614265331"}, [SECRET], NOW)
    assert not is_signed(BODY, headers | {"webhook-signature": SIGNATURE.replace("v1", "v2")}, [SECRET], NOW)
    assert not is_signed(BODY, headers, [OTHER], NOW)
    assert not is_signed(BODY, {}, [SECRET], NOW)


@pytest.mark.parametrize("seconds", [-301, -300, 0, 300, 301])
def test_what_was_recorded_ends_after_five_minutes_and_clocks_may_differ_by_as_much(seconds: int) -> None:
    headers = signature_headers(BODY, [SECRET], message_id=MESSAGE, now=NOW)
    assert is_signed(BODY, headers, [SECRET], NOW + timedelta(seconds=seconds)) == (abs(seconds) <= 300)


def test_while_a_secret_is_replaced_either_side_may_be_the_first() -> None:
    both = signature_headers(BODY, [OTHER, SECRET], message_id=MESSAGE, now=NOW)
    assert is_signed(BODY, both, [SECRET], NOW) and is_signed(BODY, both, [OTHER], NOW)
    one = signature_headers(BODY, [OTHER], message_id=MESSAGE, now=NOW)
    assert is_signed(BODY, one, [SECRET, OTHER], NOW) and not is_signed(BODY, one, [SECRET], NOW)


@pytest.mark.parametrize("secrets", [[], [""], ["short"], [SECRET, "short"]])
def test_nothing_is_signed_without_a_secret_worth_the_name(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="at least 16"):
        signature_headers(BODY, secrets, message_id=MESSAGE, now=NOW)
    headers = signature_headers(BODY, [SECRET], message_id=MESSAGE, now=NOW)
    assert not is_signed(BODY, headers, [one for one in secrets if one != SECRET], NOW)


@pytest.mark.parametrize("message_id", ["", "a.b"])
def test_an_id_that_could_be_read_in_two_ways_is_refused(message_id: str) -> None:
    with pytest.raises(ValueError, match="without dots"):
        signature_headers(BODY, [SECRET], message_id=message_id, now=NOW)


@pytest.mark.parametrize(
    "text", ["", "now", "-1614265330", "1614265330.0", "1e9", "١٦١٤٢٦٥٣٣٠", "9" * 5_000, " 1614265330"]
)
def test_a_time_that_is_none_is_refused(text: str) -> None:
    assert not is_timely(text, NOW)
