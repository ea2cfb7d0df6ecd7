"""Text messages: what they cost, how they end, and how each provider wants them."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.messages.outside.kavenegar import local_id
from services.campaigns.templates import SmsText, Template, Text, publish, size_of
from shared.testing import Databases
from tests.campaigns_channels.ground import CASES, NOW, Ground, a_ground
from tests.campaigns_messages.ground import asked

_SEVEN, _SIXTEEN = "gsm-7", "ucs-2"


@pytest.mark.parametrize(
    ("text", "encoding", "segments"),
    [
        ("", _SEVEN, 1),
        ("a" * 160, _SEVEN, 1),
        ("a" * 161, _SEVEN, 2),
        ("a" * 306, _SEVEN, 2),
        ("a" * 307, _SEVEN, 3),
        ("€" * 80, _SEVEN, 1),
        ("a" * 152 + "€" + "a" * 152, _SEVEN, 3),  # the sign is not torn: the first holds 152
        ("é" * 160, _SEVEN, 1),
        ("ç" * 71, _SIXTEEN, 2),  # of lower case there is none in the alphabet
        ("س" * 70, _SIXTEEN, 1),
        ("س" * 71, _SIXTEEN, 2),
        ("س" * 134, _SIXTEEN, 2),
        ("س" * 135, _SIXTEEN, 3),
        ("😀" * 35, _SIXTEEN, 1),
        ("😀" * 36, _SIXTEEN, 2),
        ("س" * 66 + "😀" + "س" * 66, _SIXTEEN, 3),  # nor is this one
    ],
)
def test_messages_are_counted_as_networks_count_them(text: str, encoding: str, segments: int) -> None:
    size = size_of(text)
    assert (size.encoding, size.segments) == (encoding, segments)


@given(st.text(max_size=900))
def test_a_longer_text_never_costs_less_and_no_message_holds_too_much(text: str) -> None:
    size = size_of(text)
    one, each = {"gsm-7": (160, 153), "ucs-2": (70, 67)}[size.encoding]
    assert size.segments == 1 if size.places <= one else size.places <= size.segments * each
    assert size_of(text + "س").segments >= size.segments
    # No more than a place a message is lost to what is not torn.
    assert size.segments == 1 or size.places > (size.segments - 1) * (each - 1)


async def _publish(ground: Ground, sms: SmsText) -> None:
    async with ground.worker.pool.acquire() as conn:
        made = Template(texts={"en": Text(sms=sms)})
        await publish(conn, 1, "hello", made, author="test", now=NOW)  # type: ignore[arg-type]  # as a pool gives it


@pytest.mark.stack
async def test_kavenegar_gets_the_number_of_the_country_the_line_to_opt_out_and_our_id(databases: Databases) -> None:
    async with a_ground(databases, CASES["kavenegar"], sms_opt_out="لغو: ۱۱") as ground:
        await ground.meet(1, locale="fa")
        await ground.ask(asked(1, channel="sms"))
        await ground.send()
        (call,) = ground.provider.asked
        assert call.path == "/v1/key-of-the-account/sms/send.json"
        assert call.form == {
            "receptor": "09120000001",
            "message": "سلام Sara 1, ۷\nلغو: ۱۱",
            "localid": str(local_id((await ground.ids())[0])),
            "sender": "1000",
        }
        row = await ground.worker.pool.fetchrow("SELECT reference, segments FROM message")
        assert tuple(row) == ("8792343", 1) and (await ground.data())[0]["segments"] == 1


@pytest.mark.parametrize("script", ["break", "broken", "refuse", "garbage"])
@pytest.mark.stack
async def test_the_key_in_kavenegars_address_is_told_nowhere(
    databases: Databases, script: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with a_ground(databases, CASES["kavenegar"]) as ground:
        await ground.meet(1)
        ground.provider.script = [script]
        await ground.ask(asked(1, channel="sms"))
        await ground.send()
        written = caplog.text + capsys.readouterr().out + str(await ground.data())
        assert "key-of-the-account" not in written and "0912000" not in written


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (("{{ values.days|number }}",), {"token": "7"}),
        (
            ("1", "2", "3", "Sara of Laleh", "a b c d e f"),
            {"token": "1", "token2": "2", "token3": "3", "token10": "Sara of Laleh", "token20": "a b c d e f"},
        ),
        (("has spaces",), None),
        (("", "2"), None),
        (("1", "2", "3", "a b c d e f", "x"), None),
        (("1",) * 6, None),
    ],
)
@pytest.mark.stack
async def test_a_pattern_of_kavenegars_gets_its_tokens_alone_and_what_it_takes_not_is_not_sent(
    databases: Databases, tokens: tuple[str, ...], expected: dict[str, str] | None
) -> None:
    async with a_ground(databases, CASES["kavenegar"]) as ground:
        await ground.meet(1)
        await _publish(ground, SmsText(text="…", pattern="welcome", tokens=tokens))
        await ground.ask(asked(1, channel="sms"))
        await ground.send()
        if expected is None:
            assert await ground.states() == {"failed tokens": 1} and ground.provider.asked == []
            return
        (call,) = ground.provider.asked
        assert call.path.endswith("/verify/lookup.json")
        assert call.form == {"receptor": "09120000001", "template": "welcome", "type": "sms", **expected}


@pytest.mark.stack
async def test_a_pattern_send_that_got_no_answer_stays_unknown(databases: Databases) -> None:
    async with a_ground(databases, CASES["kavenegar"]) as ground:
        await ground.meet(1)
        await _publish(ground, SmsText(text="…", pattern="welcome", tokens=("1",)))
        ground.provider.script = ["break"]
        await ground.ask(asked(1, channel="sms"))
        await ground.send()
        assert await ground.states() == {"unknown no_answer": 1} and len(ground.provider.asked) == 1


@pytest.mark.parametrize(
    ("code", "expected"), [(411, "failed 411"), (418, "planned 418"), (403, "planned 403"), (424, "planned 424")]
)
@pytest.mark.stack
async def test_what_is_the_accounts_fault_costs_no_message(databases: Databases, code: int, expected: str) -> None:
    async with a_ground(databases, CASES["kavenegar"]) as ground:
        from starlette.responses import JSONResponse

        body: dict[str, Any] = {"return": {"status": code, "message": "…"}, "entries": None}
        ground.provider.vendor.refused = lambda: JSONResponse(body, code)  # type: ignore[method-assign]  # as it answers
        ground.provider.script = ["refuse"]
        await ground.meet(1)
        await ground.ask(asked(1, channel="sms"))
        await ground.send()
        assert await ground.states() == {expected: 1}


@pytest.mark.stack
async def test_twilio_gets_the_account_the_sender_and_where_to_report(databases: Databases) -> None:
    async with a_ground(databases, CASES["twilio"], sms_opt_out="STOP") as ground:
        await ground.meet(1)
        await ground.ask(asked(1, channel="sms"))
        await ground.send()
        (call,) = ground.provider.asked
        (message,) = await ground.ids()
        assert call.path == "/2010-04-01/Accounts/AC01/Messages.json"
        assert call.headers["authorization"] == "Basic QUMwMTp0b2tlbi1vZi10aGUtYWNjb3VudA=="
        assert call.form == {
            "To": "+989120000001",
            "From": "+15550100",
            "Body": "Hello Sara 1, 7\nSTOP",
            "StatusCallback": f"https://m.laleh.example/v1/reports/twilio/laleh/{message}",
        }
        assert await ground.worker.pool.fetchval("SELECT reference FROM message") == "SM0001"


@pytest.mark.stack
async def test_a_pattern_of_twilios_is_a_content_with_variables(databases: Databases) -> None:
    async with a_ground(databases, CASES["twilio"], sms_sender="MG01", public_url="", smtp_host="") as ground:
        await ground.meet(1)
        await _publish(ground, SmsText(text="…", pattern="HX01", tokens=("{{ customer.name }}", "2")))
        ground.provider.vendor.name = lambda asked: asked.form["To"]  # type: ignore[method-assign]  # without reports
        await ground.ask(asked(1, channel="sms"))
        await ground.send()
        assert ground.provider.asked[0].form == {
            "To": "+989120000001",
            "MessagingServiceSid": "MG01",
            "ContentSid": "HX01",
            "ContentVariables": '{"1":"Sara 1","2":"2"}',
        }


@pytest.mark.stack
async def test_a_text_of_more_messages_than_anybody_pays_for_is_not_sent(databases: Databases) -> None:
    async with a_ground(databases, CASES["twilio"]) as ground:
        await ground.meet(1)
        await _publish(ground, SmsText(text="س" * 671))
        await ground.ask(asked(1, channel="sms"))
        await ground.send()
        assert await ground.states() == {"failed too_long": 1} and ground.provider.asked == []
