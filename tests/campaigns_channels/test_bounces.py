"""What bounces, letters of servers and answers to text messages say. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.addresses import Bounce, Limits, Marker, bounce_of
from services.campaigns.addresses.domain import Fact, fault
from services.campaigns.reports.domain import Report, What, said_at
from services.campaigns.reports.letters import of_letter
from services.campaigns.reports.providers import Heard, heard_by_kavenegar, heard_by_twilio
from services.campaigns.reports.stops import is_stop

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
LIMITS = Limits(3, timedelta(days=14))
HARD, SOFT, REFUSED = Bounce.HARD, Bounce.SOFT, Bounce.REFUSED


@pytest.mark.parametrize(
    ("code", "means"),
    [
        ("5.1.1", HARD),
        ("550 5.1.1 <sara@laleh.example>: user unknown", HARD),
        ("smtp; 550-5.1.1 The email account that you tried to reach does not exist", HARD),
        ("5.1.10", HARD),
        ("5.2.1", HARD),
        ("5.4.4", HARD),
        ("550", HARD),
        ("553", HARD),
        ("5.2.2", SOFT),
        ("552", SOFT),
        ("554", SOFT),
        ("4.2.2", SOFT),
        ("451", SOFT),
        ("5.1.8", SOFT),
        ("5.4.1", SOFT),
        ("", SOFT),
        ("6", SOFT),
        ("30003", SOFT),
        ("550 5.7.1 blocked by policy", REFUSED),
        ("4.7.0", REFUSED),
        ("30007", REFUSED),
        ("host 10.5.1.1 said nothing", SOFT),
    ],
)
def test_a_code_says_whether_anybody_is_there(code: str, means: Bounce) -> None:
    assert bounce_of(code) is means


def fact(day: float, what: str, code: str = "4.2.2") -> Fact:
    return Fact(START + timedelta(days=day), f"m-{day}", what == "delivered", what == "hard", code)


@pytest.mark.parametrize(
    ("facts", "lifted", "reason"),
    [
        ([fact(1, "hard")], None, "hard_bounce"),
        ([fact(1, "hard"), fact(2, "delivered")], None, "hard_bounce"),
        ([fact(1, "hard")], 1, None),
        ([fact(1, "hard"), fact(3, "hard")], 2, "hard_bounce"),
        ([fact(day, "soft") for day in (1, 2)], None, None),
        ([fact(day, "soft") for day in (1, 2, 3)], None, "soft_bounces"),
        ([fact(1, "soft"), fact(2, "soft"), fact(2.5, "delivered"), fact(3, "soft")], None, None),
        ([*(fact(day, "soft") for day in (1, 2, 3)), fact(4, "delivered")], None, None),
        ([fact(day, "soft") for day in (1, 14, 15.5)], None, None),
        ([fact(day, "soft") for day in (1, 8, 15)], None, "soft_bounces"),
        ([fact(day, "soft") for day in (1, 14, 15.5, 16)], None, "soft_bounces"),
        ([fact(day, "soft") for day in (1, 2, 3)], 1, None),
        ([fact(day, "soft", "5.7.1") for day in (1, 2, 3, 4)], None, None),
    ],
)
def test_an_address_is_left_alone_for_good_or_after_some_in_a_row(
    facts: list[Fact], lifted: float | None, reason: str | None
) -> None:
    at = None if lifted is None else START + timedelta(days=lifted)
    for order in (facts, facts[::-1]):
        found = fault(order, at, LIMITS)
        assert (None if found is None else found.reason) == reason


def naive(facts: list[Fact], lifted_at: datetime | None, limits: Limits) -> str | None:
    """By looking at all windows of all that happened since."""
    after = [one for one in sorted(facts) if lifted_at is None or one.at > lifted_at]
    if any(one.hard and not one.delivered for one in after):
        return "hard_bounce"
    arrived = max((at for at, one in enumerate(after) if one.delivered), default=-1)
    row = [one for one in after[arrived + 1 :] if not one.code.startswith("5.7.")]
    windows = [row[at : at + limits.times] for at in range(len(row) - limits.times + 1)]
    return "soft_bounces" if any(some[-1].at - some[0].at <= limits.window for some in windows) else None


@given(
    st.lists(
        st.tuples(
            st.integers(0, 40), st.sampled_from(("soft", "soft", "delivered", "hard")), st.sampled_from(("4", "5.7.1"))
        ),
        max_size=12,
        unique_by=lambda one: one[0],
    ),
    st.none() | st.integers(0, 40),
    st.integers(1, 4),
    st.integers(1, 20),
    st.randoms(use_true_random=False),
)
def test_what_holds_is_that_of_a_recount_in_whatever_order_it_is_told(
    told: list[tuple[int, str, str]], lifted: int | None, times: int, days: int, rng: Random
) -> None:
    facts = [fact(day, what, code) for day, what, code in told]
    at, limits = None if lifted is None else START + timedelta(days=lifted), Limits(times, timedelta(days=days))
    shuffled = [*facts]
    rng.shuffle(shuffled)
    found = fault(shuffled, at, limits)
    assert found == fault(facts, at, limits)
    assert (None if found is None else found.reason) == naive(facts, at, limits)


def test_a_mark_is_of_the_address_and_its_channel_and_of_this_platform_alone() -> None:
    marker = Marker("x" * 40)
    mark = marker.mark("email", "Sara@Laleh.example")
    assert mark is not None and mark == marker.mark("email", "sara@laleh.example") and len(mark) == 16
    others = (marker.mark("email", "ava@laleh.example"), marker.mark("sms", "sara@laleh.example"))
    assert mark not in (*others, Marker("y" * 40).mark("email", "sara@laleh.example"))
    assert marker.mark("push", "x") is None and marker.mark("email", None) is None and marker.mark("sms", "") is None


@pytest.mark.parametrize(
    "text",
    [
        *("STOP", " stop. ", "Stop!", "UNSUBSCRIBE", "opt-out", "Opt Out", "stopall", "quit"),
        *("لغو", "لغو.", "لغو ۱۱", "لغو11", "۱۱", "11", "انصراف", "لغو\u200cعضویت"),
        *("إيقاف", "ايقاف", "إِلغاء", "إلغاء الاشتراك", "توقف", "قف"),
    ],
)
def test_words_that_end_text_messages_are_understood(text: str) -> None:
    assert is_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "don't stop",
        "stop by tomorrow?",
        "cancel my order 77",
        "لغو سفارش من",
        "سلام",
        "متى يتوقف العرض",
        "111",
        "🙂",
    ],
)
def test_a_sentence_ends_nothing(text: str) -> None:
    assert not is_stop(text)


def test_providers_tell_who_said_it() -> None:
    form = {"From": "+989120000001", "To": "+1000", "Body": "لغو", "MessageSid": "SM7"}
    assert heard_by_twilio(form) == Heard("+989120000001", "SM7")
    assert heard_by_twilio(form | {"Body": "hello", "OptOutType": "STOP"}) == Heard("+989120000001", "SM7")
    for other in ({"Body": "hello"}, {"From": "LALEH"}, {"MessageSid": ""}, {"OptOutType": "HELP", "Body": "help"}):
        assert heard_by_twilio(form | other) is None
    for number in ("09120000001", "989120000001", "+989120000001", "00989120000001", "۰۹۱۲۰۰۰۰۰۰۱"):
        came = {"from": number, "to": "1000", "message": "لغو ۱۱", "messageid": "9"}
        assert heard_by_kavenegar(came) == Heard("+989120000001", "9")
    assert heard_by_kavenegar({"from": "1000", "message": "لغو", "messageid": "9"}) is None
    assert heard_by_kavenegar({"from": "09120000001", "message": "سلام", "messageid": "9"}) is None


_REPORT = """\
From: MAILER-DAEMON@mx.example
Date: Sun, 01 Mar 2026 10:00:00 +0100
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="b"

--b
Content-Type: text/plain

I could not deliver 550 5.1.1 things.

--b
Content-Type: message/{kind}

{fields}

--b
Content-Type: {copy}

Message-ID: <0199-8c52@m.laleh.example>
Subject: Hello

--b--
"""
STATUS = "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; c1@example.com\n"


def letter(kind: str, fields: str, copy: str = "text/rfc822-headers") -> bytes:
    return _REPORT.format(kind=kind, fields=fields, copy=copy).replace("\n", "\r\n").encode()


@pytest.mark.parametrize("copy", ["text/rfc822-headers", "message/rfc822"])
@pytest.mark.parametrize(
    ("fields", "what", "code", "hard"),
    [
        ("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown", What.BOUNCED, "5.1.1", True),
        ("Action: failed\nStatus: 5.2.2", What.BOUNCED, "5.2.2", False),
        ("Action: Failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 unknown", What.BOUNCED, "550 unknown", True),
        ("Action: failed\nStatus: 4.4.7", What.BOUNCED, "4.4.7", False),
        ("Action: delivered\nStatus: 2.0.0", What.DELIVERED, "", False),
    ],
)
def test_a_servers_letter_is_read(fields: str, what: What, code: str, hard: bool, copy: str) -> None:
    at = datetime(2026, 3, 1, 9, tzinfo=UTC)
    (found,) = of_letter(letter("delivery-status", STATUS + fields, copy), START)
    assert found == Report("email", "0199-8c52", what, at, code, hard) and found.at == at


def test_a_complaint_is_read_and_what_is_none_says_nothing() -> None:
    (found,) = of_letter(letter("feedback-report", "Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1"), START)
    assert (found.what, found.reference, found.code) == (What.COMPLAINED, "0199-8c52", "abuse")
    for fields in ("Feedback-Type: not-spam", "Version: 1", ""):
        assert of_letter(letter("feedback-report", fields), START) == []
    assert of_letter(letter("delivery-status", STATUS + "Action: delayed\nStatus: 4.4.1"), START) == []
    failed = letter("delivery-status", STATUS + "Action: failed\nStatus: 5.1.1")
    assert of_letter(failed.replace(b"<0199-8c52@", b"<Somebody.Else@"), START) == []
    assert of_letter(failed.replace(b"Date: Sun", b"Date: Nonsense"), START)[0].at == START
    for nothing in (b"", b"\x00\xff\xfe", b"Subject: hi\r\n\r\nhello", failed[:200]):
        assert of_letter(nothing, START) == []


@given(st.binary(max_size=400), st.integers(0, 700))
def test_a_broken_letter_breaks_nothing(noise: bytes, at: int) -> None:
    whole = letter("delivery-status", STATUS + "Action: failed\nStatus: 5.1.1")
    assert len(of_letter(whole[:at] + noise + whole[at:], START)) <= 1


def test_what_is_said_of_a_message_is_said_after_it_was_sent_and_not_tomorrow() -> None:
    hour = timedelta(hours=1)
    assert [said_at(START + n * hour, START, START + 2 * hour) - START for n in (-5, 1, 9)] == [
        0 * hour,
        hour,
        2 * hour,
    ]
