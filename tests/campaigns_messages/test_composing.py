"""Letters as they go over the wire: what mail programs read out of them is what was written."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.campaigns.messages.outside.composing import Sheet, composed

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
LETTER = Sheet("m-1", "a@b.example", "Shop <shop@laleh.example>", "Hi", "x", "<p>x</p>", "https://m.example/u", NOW)
_LINES = re.compile(r"\r\n|\r|\n")
# What the templates let through: no NUL, and no lone surrogates, which no transport could hold.
_SAID = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=300)


def read(content: bytes) -> EmailMessage:
    made = message_from_bytes(content, policy=policy.default)
    assert isinstance(made, EmailMessage)
    return made


@settings(max_examples=150, deadline=None)
@given(subject=_SAID, text=_SAID, html=_SAID)
@example(subject="=?utf-8?q?x?=", text="From here\n.\n..\n", html="x" * 3_000)
@example(subject="سلام " * 30, text="سلام\r\nدنیا \n", html="<p>" + "سلام " * 400 + "</p>")
@example(subject="a\r\nBcc: c@d.example", text="--=_alternative--\n", html="\n--=_alternative\n")
def test_whatever_is_written_is_read_again(subject: str, text: str, html: str) -> None:
    raw = composed(LETTER._replace(subject=subject, text=text, html=html))
    assert all(len(line) <= 998 for line in raw.split(b"\r\n")) and raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b"")
    letter = read(raw)
    assert set(letter.keys()) == {
        *("Message-ID", "List-Unsubscribe", "From", "To", "Subject", "Date", "List-Unsubscribe-Post"),
        *("Auto-Submitted", "MIME-Version", "Content-Type"),
    }
    assert [part.get_content_type() for part in letter.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    for kind, said in (("plain", text), ("html", html)):
        part = letter.get_body((kind,))
        assert part is not None
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        assert payload.decode() == "\r\n".join(_LINES.split(said)) + "\r\n"


@pytest.mark.parametrize(
    "subject", ["Hello 7", "سلام ۷", "x" * 200, "سلام " * 40, "=?utf-8?q?x?=", "Ünïcode and plain", "a" * 60 + " é"]
)
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    letter = read(composed(LETTER._replace(subject=subject)))
    assert letter["Subject"] == subject.strip()


@pytest.mark.parametrize(
    "to", ["o'neil+tag@mail.laleh.example", f"{'a' * 60}@{'b' * 60}.example", '"quoted"@b.example']
)
def test_addresses_of_any_kind_are_read_as_they_are(to: str) -> None:
    letter = read(composed(LETTER._replace(to=to)))
    (found,) = letter["To"].addresses
    assert found.addr_spec.lower() in (to.lower(), to.replace('"', "").lower())
