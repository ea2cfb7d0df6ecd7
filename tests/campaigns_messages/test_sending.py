"""Each message goes out once or says why not: over real SMTP, with servers that refuse, vanish and answer nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from random import Random
from urllib.parse import urlsplit

import pytest

from services.campaigns.app import create_app
from services.campaigns.messages.domain import ATTEMPTS_MAX, Answer, State, outcome
from services.campaigns.messages.jobs import Sender
from services.campaigns.messages.outside.composing import Sheet, composed
from shared.contracts.topics import CAMPAIGNS_MESSAGES, CAMPAIGNS_REQUESTS, CUSTOMERS, ERASURES
from shared.settings import PlatformSettings
from shared.testing import Databases, api_url
from shared.testing.harness import TEST_SECRET
from shared.testing.http import client
from tests.campaigns.ground import erased, told
from tests.campaigns_messages.ground import NOW, a_ground, an_inbox, asked, settings_of


@pytest.mark.stack
async def test_a_message_is_asked_for_often_and_sent_once_in_the_customers_language(databases: Databases) -> None:
    async with an_inbox() as inbox, a_ground(databases, inbox.port) as ground:
        await ground.meet(1, locale="fa-IR")
        wanted = [asked(1, number=n) for n in range(3)]
        await ground.worker.feed(CAMPAIGNS_REQUESTS, wanted, doubled=1.0, placed="random", rng=Random(1), batch=2)
        await ground.send()
        (letter,) = inbox.letters
        assert (letter["To"], letter["From"]) == ("c1@example.com", "Laleh <shop@laleh.example>")
        assert letter["Subject"] == "سلام ۷"
        html, text = letter.get_body(("html",)), letter.get_body(("plain",))
        assert html is not None and text is not None
        assert 'dir="rtl"' in html.get_content() and "سلام Sara 1" in html.get_content()
        assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert text.get_content().strip() == letter["List-Unsubscribe"].strip("<>")
        assert letter["Message-ID"].startswith("<00000000-0000-8")
        (event,) = await ground.worker.published(CAMPAIGNS_MESSAGES)
        assert (event.event["type"], event.event["data"]["locale"]) == ("message.sent", "fa")
        assert "example.com" not in str(event.event)


@pytest.mark.stack
async def test_after_one_click_on_its_link_nothing_more_is_sent(databases: Databases) -> None:
    async with an_inbox() as inbox, a_ground(databases, inbox.port) as ground:
        settings = PlatformSettings.load(
            "campaigns",
            database_url=api_url(ground.url, "campaigns"),
            kafka_bootstrap_servers="127.0.0.1:1",
            secret_key=TEST_SECRET,
        )
        await ground.meet(1)
        await ground.worker.feed(CAMPAIGNS_REQUESTS, [asked(1)])
        await ground.send()
        link = urlsplit(inbox.letters[0]["List-Unsubscribe"].strip("<>"))
        async with client(create_app(settings)) as http:
            assert (await http.post(link.path, content=b"List-Unsubscribe=One-Click")).status_code == 200
        await ground.worker.feed(CAMPAIGNS_REQUESTS, [asked(1, "o-2")])
        await ground.send()
        assert await ground.states() == {"sent": 1, "suppressed no_consent": 1} and len(inbox.letters) == 1


@pytest.mark.stack
async def test_no_message_is_claimed_while_or_after_a_withdrawal_commits(databases: Databases) -> None:
    async with an_inbox() as inbox, a_ground(databases, inbox.port) as ground:
        await ground.meet(1)
        await ground.worker.feed(CAMPAIGNS_REQUESTS, [asked(1)])
        async with ground.worker.pool.acquire() as conn, conn.transaction():
            await conn.execute("UPDATE consent SET state = 'withdrawn', occurred_at = now() WHERE customer = 1")
            claiming = asyncio.create_task(ground.sender.claim())
            done, _ = await asyncio.wait({claiming}, timeout=0.4)
            assert not done, "the claim waits for who is withdrawing"
        claimed, looked_at = await asyncio.wait_for(claiming, 10)
        assert (claimed, looked_at) == ([], 1)
        assert await ground.states() == {"suppressed no_consent": 1} and inbox.letters == []


@pytest.mark.stack
async def test_answers_of_servers_decide_what_becomes_of_a_message(databases: Databases) -> None:
    async with an_inbox() as inbox, a_ground(databases, inbox.port) as ground:
        await ground.meet(1, 2, 3)
        sender = Sender(ground.worker.pool, settings_of(inbox.port, send_connections=1))
        inbox.answers = ["451 later", "550 nobody", "close"]
        await ground.worker.feed(CAMPAIGNS_REQUESTS, [asked(n, at=NOW + timedelta(seconds=n - 60)) for n in (1, 2, 3)])
        await sender.step()
        assert await ground.states() == {"planned 451": 1, "failed 550": 1, "unknown no_answer": 1}
        assert not await sender.step(), "what was refused for now waits"
        await ground.all_due()
        await sender.step()
        assert await ground.states() == {"sent": 1, "failed 550": 1, "unknown no_answer": 1}
        assert inbox.tos == ["c1@example.com"]
        assert await ground.told() == ["message.failed", "message.sent", "message.unknown"]


@pytest.mark.stack
async def test_while_the_server_is_away_messages_wait_and_none_is_lost(databases: Databases) -> None:
    async with an_inbox() as inbox, a_ground(databases, 9) as ground:
        await ground.meet(1)
        await ground.worker.feed(CAMPAIGNS_REQUESTS, [asked(1)])
        for _ in range(2):
            await ground.send()
            assert await ground.states() == {"planned server_away": 1}
            await ground.all_due()
        await Sender(ground.worker.pool, settings_of(inbox.port)).step()
        assert await ground.states() == {"sent": 1} and len(inbox.letters) == 1


@pytest.mark.stack
async def test_what_a_killed_sender_had_claimed_is_told_as_unknown_and_never_sent_again(databases: Databases) -> None:
    async with an_inbox() as inbox, a_ground(databases, inbox.port) as ground:
        await ground.meet(1, 2)
        await ground.worker.feed(CAMPAIGNS_REQUESTS, [asked(1), asked(2)])
        claimed, _ = await ground.sender.claim()
        assert await ground.sender.give_up() == 0, "it may still be at work"
        await ground.worker.pool.execute("UPDATE message SET claimed_at = claimed_at - interval '1 hour'")
        assert await ground.sender.give_up() == 2
        # A zombie wakes up: what it says comes too late.
        await ground.sender.end(await ground.sender.hand_over(claimed))
        await ground.send()
        assert await ground.states() == {"unknown no_answer": 2} and len(inbox.letters) == 2
        assert await ground.told() == ["message.unknown", "message.unknown"]


@pytest.mark.stack
async def test_senders_side_by_side_send_each_message_once(databases: Databases) -> None:
    async with an_inbox() as inbox, a_ground(databases, inbox.port) as ground:
        await ground.meet(*range(1, 41))
        await ground.worker.feed(CAMPAIGNS_REQUESTS, [asked(n) for n in range(1, 41)])
        settings = settings_of(inbox.port, send_batch=7, send_connections=2)

        async def work() -> None:
            sender = Sender(ground.worker.pool, settings)
            for _ in range(40):
                if not await sender.step():
                    return

        await asyncio.gather(work(), work(), work())
        await ground.send()
        assert set(Counter(inbox.tos).values()) == {1} and len(inbox.tos) == 40
        assert await ground.states() == {"sent": 40}


@pytest.mark.stack
async def test_each_suppression_says_why(databases: Databases) -> None:
    async with an_inbox() as inbox, a_ground(databases, inbox.port) as ground:
        await ground.meet(1, 2, 3)
        await ground.worker.feed(CUSTOMERS, [told(2, 9, name="No address")])
        await ground.worker.feed(ERASURES, [erased(3)])
        wanted = [
            asked(1, "a", purpose="offers"),
            asked(1, "b", template="missing"),
            asked(1, "c", at=NOW - timedelta(days=3)),
            asked(1, "d", origin="backfill"),
            asked(1, "e", channel="sms"),
            asked(2, "f"),
            asked(3, "g"),
        ]
        await ground.worker.feed(CAMPAIGNS_REQUESTS, wanted, doubled=1.0, rng=Random(2))
        await ground.worker.pool.execute("UPDATE message SET expires_at = now() WHERE channel = 'sms'")
        await ground.send()
        events = [one.event["data"] for one in await ground.worker.published(CAMPAIGNS_MESSAGES)]
        why = {one["occasion"]: one["suppressed"] for one in events}
        assert why == {
            "a": "no_consent",
            "b": "no_template",
            "c": "expired",
            "d": "backfill",
            "e": "expired",
            "f": "no_contact",
            "g": "erased",
        }
        assert len(events) == 7 and inbox.letters == []


@pytest.mark.stack
async def test_an_erasure_empties_what_messages_were_to_show_and_sends_none_that_waits(databases: Databases) -> None:
    async with an_inbox() as inbox, a_ground(databases, inbox.port) as ground:
        await ground.meet(1)
        await ground.worker.feed(CAMPAIGNS_REQUESTS, [asked(1, values={"days": 77_123})])
        await ground.worker.feed(ERASURES, [erased(1)])
        (answer,) = await ground.worker.published(ERASURES)
        assert answer.event["data"]["removed"] == {"contacts": 1, "consents": 1, "messages": 1}
        rows = await ground.worker.pool.fetch("SELECT convert_from(fields, 'UTF8') FROM message")
        assert [row[0] for row in rows] == ["{}"]
        await ground.send()
        assert await ground.states() == {"suppressed erased": 1} and inbox.letters == []


def test_what_was_surely_not_sent_is_tried_again_ever_later_and_not_for_ever() -> None:
    waits = [outcome(Answer(State.PLANNED, "451"), n, NOW).due for n in range(1, ATTEMPTS_MAX)]
    seconds = [(due - NOW).total_seconds() for due in waits if due is not None]
    assert seconds == sorted(seconds) and (seconds[0], seconds[-1]) == (30, 1_920)
    assert outcome(Answer(State.PLANNED, "451"), ATTEMPTS_MAX, NOW).state is State.FAILED
    for state in (State.SENT, State.FAILED, State.UNKNOWN):
        assert outcome(Answer(state), 1, NOW).due is None


@pytest.mark.parametrize("to", ["a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "<a@b.example>"])
def test_an_address_that_holds_more_than_one_is_refused(to: str) -> None:
    letter = Sheet("m-1", to, "Shop <shop@laleh.example>", "Hi", "text", "<p>html</p>", "https://m.example/u", NOW)
    with pytest.raises(ValueError, match="none"):
        composed(letter)


def test_long_addresses_in_headers_stay_as_they_are_for_mail_programs_to_find() -> None:
    link, sender = f"https://m.example/{'u' * 200}", f"Shop <shop@{'a' * 60}.example>"
    letter = Sheet("m-1", "a@b.example", sender, "سلام " * 30, "text", "<p>html</p>", link, NOW)
    head, _, _ = composed(letter).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert f"List-Unsubscribe: <{link}>".encode() in lines and b"Message-ID: <m-1@" + b"a" * 60 + b".example>" in lines
    assert all(len(line) <= 80 for line in lines if b"Unsubscribe: " not in line and b"Message-ID" not in line)
    for broken in (link + "\r\nBcc: c@d.example", link + " x", link + "é"):
        with pytest.raises(ValueError, match="none"):
            composed(letter._replace(unsubscribe=broken))
