"""What comes back of messages has effects: addresses are left alone, consents end; each once, in whatever order."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import msgspec
import pytest

from services.campaigns import consent
from services.campaigns.reports.jobs import settle
from services.campaigns.templates import publish
from services.gateway.main import create_service as create_gateway
from shared.contracts.topics import (
    CAMPAIGNS_STATEMENTS,
    CUSTOMERS,
    ERASURES,
)
from shared.kernel import SystemClock
from shared.outgoing import signature_headers
from shared.testing import Databases
from shared.testing.harness import TEST_SECRET, running
from tests.campaigns.ground import OTHER, SHOP, erased, name, told
from tests.campaigns_channels.asking import an_api
from tests.campaigns_channels.ground import CASES, NOW, TEMPLATE, Ground, a_ground
from tests.campaigns_channels.reporting import SECRET, TWILIO, Place, a_place, mailed, signed_by_twilio
from tests.campaigns_channels.test_bounces import letter
from tests.campaigns_messages.ground import asked

pytestmark = pytest.mark.stack
KAVENEGAR = CASES["kavenegar"]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def one_more(place: Place, occasion: str, channel: str = "email", customer: int = 1) -> str:
    """Another message to the customer: its state, and why."""
    ground = place.ground
    await ground.ask(asked(customer, occasion, channel=channel))
    await ground.send()
    row = await ground.worker.pool.fetchrow(
        "SELECT state, reason FROM message WHERE occasion = $1 AND channel = $2", occasion, channel
    )
    return f"{('planned', 'claimed', 'sent', 'failed', 'unknown', 'suppressed')[row['state']]} {row['reason']}".strip()


async def settled(place: Place) -> None:
    for _ in range(20):
        if not await settle(place.ground.worker.pool, SystemClock()):
            return
    raise AssertionError("there is no end of reports")


async def id_of(place: Place, occasion: str) -> str:
    found: str = await place.ground.worker.pool.fetchval("SELECT id FROM message WHERE occasion = $1", occasion)
    return found


def report(message: str, what: str = "bounced", at: datetime = NOW, **more: Any) -> dict[str, Any]:
    return {"message": message, "what": what, "at": at.isoformat(), **more}


async def statements(place: Place) -> list[dict[str, Any]]:
    return [one.event["data"] for one in await place.ground.worker.published(CAMPAIGNS_STATEMENTS)]


async def test_a_hard_bounce_leaves_the_address_alone_until_another_or_staff(databases: Databases) -> None:
    async with a_place(databases, KAVENEGAR, smtp_host="") as place:
        assert await one_more(place, "o-2") == "sent"
        first = await id_of(place, "o-2")
        bounces = [report(first, code="4.4.1"), report(first, code="550 5.1.1 unknown")] * 2
        Random(4).shuffle(bounces)
        for one in bounces:
            assert (await mailed(place, one)).status_code == 204
        await settled(place)
        assert await one_more(place, "o-3") == "suppressed undeliverable"
        assert await one_more(place, "o-4", "sms") == "sent", "other channels of the person are none of it"
        suppressed = (await place.told())[-2]
        assert (suppressed["type"], suppressed["suppressed"]) == ("message.suppressed", "no_contact")
        assert (suppressed["reason"], suppressed["occasion"]) == ("undeliverable", "o-3")
        (shown, phone) = (await place.api.ask("GET", f"/v1/addresses?customer={name(1)}")).json()["items"]
        assert (shown["left_alone"], shown["reason"], shown["message"]) == (True, "hard_bounce", first)
        assert (phone["channel"], phone["left_alone"]) == ("sms", False)
        # Another address is another one; the first is still none when it comes back.
        contacts = {"name": "Sara 1", "phone": "+989120000001", "locale": "en"}
        await place.ground.worker.feed(CUSTOMERS, [told(1, 5, email="new@example.com", **contacts)])
        assert await one_more(place, "o-5") == "sent"
        await place.ground.worker.feed(CUSTOMERS, [told(1, 6, email="C1@example.com", **contacts)])
        assert await one_more(place, "o-6") == "suppressed undeliverable"
        lift = {"customer": name(1), "channel": "email", "reason": "mailbox-restored"}
        assert (await place.api.ask("POST", "/v1/addresses/lift", lift, key="other")).status_code == 404
        lifted = (await place.api.ask("POST", "/v1/addresses/lift", lift)).json()["items"][0]
        assert lifted["left_alone"] is False and lifted["lifted_at"] is not None
        assert await one_more(place, "o-7") == "sent"
        await mailed(place, report(first, code="5.1.1"))  # a late word of what was before
        await mailed(place, report(await id_of(place, "o-7"), at=SystemClock().now(), code="5.1.1"))
        await settled(place)
        assert await one_more(place, "o-8") == "suppressed undeliverable"


async def test_soft_bounces_count_in_a_row_and_what_arrives_ends_it(databases: Databases) -> None:
    async with a_place(databases) as place:
        ids = [place.message]
        for number in range(2, 5):
            assert await one_more(place, f"o-{number}") == "sent"
            ids.append(await id_of(place, f"o-{number}"))
        days = [NOW - timedelta(days=9 - number) for number in range(4)]
        soft = [report(one, at=at, code="4.2.2") for one, at in zip(ids, days, strict=True)]
        words = [*soft[:3], *soft[:2], report(ids[3], at=days[3], code="5.7.1")]
        Random(7).shuffle(words)
        for word in words:
            await mailed(place, word)
        await settled(place)
        assert await one_more(place, "o-9") == "suppressed undeliverable"
        # Told late: between the second and the third one arrived.
        await mailed(place, report(ids[3], "delivered", at=days[2] - timedelta(hours=1)))
        await settled(place)
        assert await one_more(place, "o-10") == "sent"


@pytest.mark.parametrize(
    ("answer", "next_", "events"),
    [
        ("550 5.1.1 nobody of that name", "suppressed undeliverable", ["bounced", "failed", "suppressed"]),
        ("554 5.7.1 we know you", "sent", ["bounced", "failed", "sent"]),
        ("554 we do not like what it says", "sent", ["failed", "sent"]),
    ],
)
async def test_an_address_that_is_refused_at_the_door_has_bounced(
    databases: Databases, answer: str, next_: str, events: list[str]
) -> None:
    async with a_ground(databases, CASES["smtp"]) as ground, an_api(ground) as api:
        place = Place(ground, api, "")
        await ground.meet(1)
        ground.inbox.answers = [answer]
        assert (await one_more(place, "o-1")).startswith("failed 55")
        await settled(place)
        assert await one_more(place, "o-2") == next_
        assert await ground.told() == [f"message.{one}" for one in events]


async def test_a_letter_of_which_a_killed_sender_told_nothing_may_bounce_all_the_same(databases: Databases) -> None:
    async with a_ground(databases, CASES["smtp"]) as ground, an_api(ground, report_secret=SECRET) as api:
        place = Place(ground, api, "")
        await ground.meet(1)
        await ground.ask(asked(1))
        claimed, _ = await ground.sender.claim()
        await ground.sender.hand_over(claimed)
        await ground.worker.pool.execute("UPDATE message SET claimed_at = claimed_at - interval '1 hour'")
        assert await ground.sender.give_up() == 1
        await mailed(place, report((await ground.ids())[0], code="5.1.1"))
        await settled(place)
        assert await ground.told() == ["message.bounced", "message.unknown"]
        assert await one_more(place, "o-2") == "suppressed undeliverable"


async def test_a_complaint_ends_consent_once_with_its_proof_and_gateway_keeps_the_same(databases: Databases) -> None:
    async with a_place(databases) as place:
        complaint = letter("feedback-report", "Feedback-Type: abuse").replace(b"0199-8c52", place.message.encode())
        headers = signature_headers(complaint, [SECRET], message_id="r-1", now=SystemClock().now())
        for _ in range(2):
            answer = await place.api.http.post(
                "/v1/reports/email", content=complaint, headers={**headers, "Content-Type": "message/rfc822"}
            )
            assert answer.status_code == 204
            await mailed(place, report(place.message, "complained", code="abuse"))
        await settled(place)
        assert [one["type"] for one in await place.told()] == ["message.complained"]
        (said,) = await statements(place)
        assert (said["channel"], said["purpose"], said["state"]) == ("email", "all", "withdrawn")
        assert (said["source"], said["evidence"]) == ("spam-complaint", f"complaint about message {place.message}")
        assert await one_more(place, "o-2") == "suppressed no_consent"
        assert await one_more(place, "o-3", "sms") == "planned", "there is no provider here, and consent still"
        url = await databases.create("gateway")
        event = (await place.ground.worker.published(CAMPAIGNS_STATEMENTS))[0].event
        async with running(create_gateway(TEST_SECRET.encode()), url) as gateway:
            await gateway.configure(SHOP)
            await gateway.feed(CAMPAIGNS_STATEMENTS, [event], doubled=1.0)
            (kept,) = await gateway.pool.fetch("SELECT record, source FROM consent WHERE purpose = 'all'")
        own = await place.ground.worker.pool.fetchrow("SELECT record, source FROM consent WHERE purpose = 'all'")
        assert tuple(kept) == tuple(own), "what comes back on consents.v1 is the same word"


async def test_killed_before_it_commits_nothing_is_kept_and_then_all_of_it(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_place(databases) as place:
        await mailed(place, report(place.message, "complained"), report(place.message, code="5.1.1"))

        async def killed(*_: Any) -> None:
            raise SystemExit

        with monkeypatch.context() as patch, pytest.raises(SystemExit):
            patch.setattr(consent, "withdraw", killed)
            await settle(place.ground.worker.pool, SystemClock())
        pool = place.ground.worker.pool
        assert await pool.fetchval("SELECT count(*) FROM receipt") == 0 and await statements(place) == []
        assert {one["type"] for one in await place.told()} == {"message.complained", "message.bounced"}
        assert len(await statements(place)) == 1 and await pool.fetchval("SELECT count(*) FROM report") == 0


async def texts(ground: Ground, customer: int, shop: Any, phone: str) -> None:
    """Somebody of a shop who agreed to text messages."""
    await ground.worker.feed(CUSTOMERS, [told(customer, int(phone[-1]), shop=shop, phone=phone, locale="en")])
    at = NOW - timedelta(days=9)
    for channel in ("sms", "email"):
        await ground.worker.pool.execute(
            "INSERT INTO consent (shop, customer, channel, purpose, state, occurred_at, record, source)"
            " VALUES ($1, $2, $3, 'news', 'given', $4, 'r', 'checkout') ON CONFLICT DO NOTHING",
            *(shop.number, customer, channel, at),
        )


async def test_a_stop_by_text_message_ends_text_messages_of_every_shop_and_nothing_else(databases: Databases) -> None:
    case = CASES["twilio"]
    async with a_ground(databases, case) as ground, an_api(ground, **TWILIO) as api:
        place = Place(ground, api, "")
        pool = ground.worker.pool
        async with pool.acquire() as conn:
            await publish(conn, OTHER.number, "hello", TEMPLATE, author="test", now=NOW)
        phone = "+989120000007"
        # Customer 3 had that number before, and is sent text messages at another since: it is somebody else's now.
        for customer, shop, number in (
            (3, SHOP, phone),
            (1, SHOP, phone),
            (2, OTHER, phone),
            (3, SHOP, phone[:-1] + "8"),
        ):
            await texts(ground, customer, shop, number)
            wanted = asked(customer, f"o-{customer}{number}", channel="sms")
            await ground.ask(msgspec.structs.replace(wanted, shop=shop.slug))
            await ground.send()
        assert await ground.states() == {"sent": 4}
        path = "/v1/reports/twilio/inbound"
        form = {"From": phone, "To": "+15550100", "Body": "لغو ۱۱", "MessageSid": "SM77"}
        body, headers = signed_by_twilio(path, form)
        assert (await api.http.post(path, content=body, headers=FORM)).status_code == 404
        for _ in range(3):
            assert (await api.http.post(path, content=body, headers=headers)).status_code == 204
        kept = str([tuple(row) for row in await pool.fetch("SELECT * FROM report")])
        assert phone[1:] not in kept and "لغو" not in kept
        await settled(place)
        said = await statements(place)
        assert {(one["customer"], one["channel"], one["source"]) for one in said} == {
            (name(1), "sms", "text-stop"),
            (name(2), "sms", "text-stop"),
        } and len(said) == 2
        assert said[0]["evidence"].startswith("text message SM77 after message ")
        assert await one_more(place, "o-9", "sms") == "suppressed no_consent"
        assert await one_more(place, "o-10", "sms", 3) == "sent"


async def test_an_erasure_leaves_no_mark_of_an_address(databases: Databases) -> None:
    async with a_place(databases) as place:
        await mailed(place, report(place.message, code="5.1.1"))
        await settled(place)
        lift = {"customer": name(1), "channel": "email", "reason": "asked"}
        assert (await place.api.ask("POST", "/v1/addresses/lift", lift)).status_code == 200
        shown = (await place.api.ask("GET", f"/v1/customers/{name(1)}/export")).json()["addresses"]
        assert [(one["channel"], one["reason"]) for one in shown] == [("email", "asked")]
        await place.ground.worker.feed(ERASURES, [erased(1)])
        pool = place.ground.worker.pool
        for table in ("message", "receipt", "address_lift"):
            marks = f"SELECT count(*) FROM {table} WHERE went_to IS NOT NULL"
            assert await pool.fetchval(marks) == 0
        await mailed(place, report(place.message, "complained"))
        await settled(place)
        assert await pool.fetchval("SELECT count(*) FROM consent") == 0 and await statements(place) == []
