"""The local inbox takes real SMTP and shows what came, without letting it do anything."""

from __future__ import annotations

import json
import smtplib
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from mandegar.inbox import Inbox, Letters
from mandegar.stack.ports import choose_port
from shared.kernel import SystemClock

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    first = choose_port("NO_SUCH_SETTING")
    with Inbox(first, choose_port("NO_SUCH_SETTING", taken=[first]), Letters(SystemClock(), letters_max=3)) as running:
        yield running


def send(inbox: Inbox, to: str, subject: str, *, html: str = "") -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "shop@example.com", to, subject
    letter.set_content(f"text of {subject}")
    if html:
        letter.add_alternative(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", inbox.smtp_port, timeout=5) as server:
        server.send_message(letter)


def get(inbox: Inbox, path: str) -> tuple[str, dict[str, str]]:
    with urllib.request.urlopen(inbox.url + path, timeout=5) as answer:
        return answer.read().decode(), {name.lower(): value for name, value in answer.headers.items()}


def test_what_was_sent_is_listed_newest_first_and_read_in_every_part(inbox: Inbox) -> None:
    assert "Nothing has come yet" in get(inbox, "/")[0]
    send(inbox, "a@example.com", "سلام سارا", html="<p dir='rtl'>متن</p>")
    send(inbox, "b@example.com", "Second")
    listed = get(inbox, "/")[0]
    assert listed.index("Second") < listed.index("سلام سارا")
    letter = get(inbox, "/letters/1")[0]
    assert "text of سلام سارا" in letter and "shop@example.com" in letter
    assert "<p dir='rtl'>متن</p>" in get(inbox, "/letters/1/html")[0]
    assert [one["subject"] for one in json.loads(get(inbox, "/letters.json?to=a@example.com")[0])] == ["سلام سارا"]
    assert len(json.loads(get(inbox, "/letters.json")[0])) == 2


def test_a_letter_shows_in_a_frame_that_runs_nothing_and_its_subject_is_text(inbox: Inbox) -> None:
    send(inbox, "a@example.com", SCRIPT, html=f"<p>hello</p>{SCRIPT}")
    for path in ("/", "/letters/1"):
        page, headers = get(inbox, path)
        assert SCRIPT not in page and "&lt;script&gt;" in page
        assert "script-src" not in headers["content-security-policy"]
        assert headers["content-security-policy"].startswith("default-src 'none'")
    page = get(inbox, "/letters/1")[0]
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert get(inbox, "/letters/1/html")[1]["content-security-policy"].startswith("default-src 'none'")


def test_no_more_than_so_many_are_kept_and_what_is_gone_is_not_found(inbox: Inbox) -> None:
    for number in range(5):
        send(inbox, "a@example.com", f"letter {number}")
    assert [one["number"] for one in json.loads(get(inbox, "/letters.json")[0])] == [5, 4, 3]
    for path in ("/letters/1", "/letters/x", "/letters/3/html", "/letters/99999999999", "/elsewhere"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(inbox, path)


def test_it_listens_on_this_machine_alone_and_lets_go_of_its_ports(inbox: Inbox) -> None:
    port = inbox.smtp_port
    with Inbox(choose_port("NO_SUCH_SETTING"), choose_port("NO_SUCH_SETTING")) as other:
        assert other.url.startswith("http://127.0.0.1:")
        taken = other.smtp_port
        with pytest.raises(OSError, match="in use"), Inbox(taken, choose_port("NO_SUCH_SETTING")):
            pass
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", taken)) != 0
        assert probe.connect_ex(("127.0.0.1", port)) == 0
