"""What comes back of messages: told once each, by who can prove it, and nobody's where a scanner was first."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from html import unescape
from random import Random
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from services.campaigns.reports.domain import Report, What, is_machine, looks_like_a_machine
from services.campaigns.reports.jobs import settle
from services.campaigns.reports.links import Links
from shared.kernel import SystemClock
from shared.testing import Databases
from shared.testing.harness import TEST_SECRET
from tests.campaigns_channels.asking import an_api
from tests.campaigns_channels.ground import CASES, NOW, a_ground
from tests.campaigns_channels.reporting import BASE, PERSON, SECRET, Place, a_place, mailed, signed_by_twilio
from tests.campaigns_messages.ground import asked


def links_of(html: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'<a[^>]*href="([^"]*)"', html)]


def test_links_of_a_letter_lead_over_us_and_back_to_where_they_led() -> None:
    links = Links(TEST_SECRET)
    html = (
        '<head><link href="https://fonts.example/x"></head><body><a class="x" href="https://a.example/?b=1&amp;c=2">a</a>'
        f'<a href="{BASE}/pages/unsubscribe/laleh/t">stop</a><a href="mailto:x@y.example">m</a>'
        '<A HREF="http://b.example/">b</A></body>'
    )
    made = links.tracked(html, "m-1", BASE)
    first, stop, mail, second = [unescape(one) for one in re.findall(r'<a[^>]*href="([^"]*)"', made, re.IGNORECASE)]
    assert (stop, mail) == (f"{BASE}/pages/unsubscribe/laleh/t", "mailto:x@y.example")
    assert 'link href="https://fonts.example/x"' in made
    for place, (url, to) in enumerate(((first, "https://a.example/?b=1&c=2"), (second, "http://b.example/"))):
        parts = urlsplit(url)
        message, link, signature = parts.path.split("/")[-3:]
        assert parse_qs(parts.query)["to"] == [to] and (message, link) == ("m-1", str(place))
        assert links.holds(message, place, to, signature)
        for other in (("m-2", place, to), (message, place + 1, to), (message, place, "https://evil.example/")):
            assert not links.holds(*other, signature)
    assert made.endswith('width="1" height="1" alt=""></body>')
    assert not Links("y" * 40).holds("m-1", 0, "https://a.example/?b=1&c=2", urlsplit(first).path.rpartition("/")[2])


@pytest.mark.parametrize(
    ("method", "agent", "machine"),
    [
        ("GET", PERSON["User-Agent"], False),
        ("GET", "Mozilla/5.0 (Windows NT 5.1) (via ggpht.com GoogleImageProxy)", False),
        ("HEAD", PERSON["User-Agent"], True),
        ("GET", "", True),
        ("GET", "Mozilla/5.0", True),
        ("GET", "Mozilla/5.0 (compatible; Googlebot/2.1)", True),
        ("GET", "BarracudaCentral scanner", True),
        ("GET", "python-requests/2.31", True),
    ],
)
def test_a_scanner_is_known_by_its_request(method: str, agent: str, machine: bool) -> None:
    assert looks_like_a_machine(method, agent) is machine


def test_whoever_opens_within_seconds_is_a_scanner_and_a_bounce_is_nobodys() -> None:
    for seconds, machine in ((-1, True), (4, True), (5, False), (600, False)):
        report = Report("email", "m", What.OPENED, NOW + timedelta(seconds=seconds))
        assert is_machine(report, NOW) is machine
    assert not is_machine(Report("email", "m", What.BOUNCED, NOW), NOW)


@pytest.mark.stack
async def test_a_letter_that_is_opened_and_clicked_often_is_told_so_once(databases: Databases) -> None:
    async with a_place(databases) as place:
        picture = re.findall(r'<img src="([^"]*)"', place.letter())[-1]
        for _ in range(3):
            shown = await place.get(picture)
            assert (shown.status_code, shown.headers["content-type"]) == (200, "image/gif")
            assert shown.headers["cache-control"] == "no-store"
        assert await place.ground.worker.pool.fetchval("SELECT count(*) FROM report") == 3
        (opened,) = await place.told()
        assert (opened["type"], opened["message"], opened["machine"]) == ("message.opened", place.message, False)
        assert (opened["campaign"], opened["locale"]) == ("greeting", "en")


@pytest.mark.stack
async def test_a_click_leads_where_the_letter_said_and_a_forged_one_nowhere(databases: Databases) -> None:
    async with a_place(databases) as place:
        links, to = Links(TEST_SECRET), "https://laleh.example/tea?a=1&b=چای"
        path = f"/pages/click/{place.message}/0/{links.signature(place.message, 0, to)}?{urlencode({'to': to})}"
        gone = await place.get(path)
        assert (gone.status_code, gone.headers["referrer-policy"]) == (302, "no-referrer")
        assert httpx.URL(gone.headers["location"]) == httpx.URL(to)
        assert (await place.get(path, "HEAD")).status_code == 302
        for forged in (path.replace("laleh", "evil"), path.replace("/0/", "/1/"), path.replace(place.message, "m-2")):
            assert (await place.get(forged)).status_code == 404
        told = await place.told()
        assert [(one["type"], one["link"], one["machine"]) for one in told] == [
            ("message.clicked", 0, False),
            ("message.clicked", 0, True),
        ]


@pytest.mark.stack
async def test_what_a_scanner_fetches_as_the_letter_arrives_is_flagged(databases: Databases) -> None:
    async with a_place(databases) as place:
        await place.ground.worker.pool.execute("UPDATE message SET ended_at = now()")
        await place.get(re.findall(r'<img src="([^"]*)"', place.letter())[-1])
        (opened,) = await place.told()
        assert opened["machine"] is True


@pytest.mark.stack
async def test_a_letter_of_which_nothing_is_to_be_told_is_left_as_it_is(databases: Databases) -> None:
    async with a_ground(databases, CASES["smtp"], tracking=False) as ground:
        await ground.meet(1)
        await ground.ask(asked(1))
        await ground.send()
        html = ground.inbox.letters[0].get_body(("html",))
        assert (
            html is not None and "/pages/click/" not in html.get_content() and "/pages/open/" not in html.get_content()
        )


@pytest.mark.stack
async def test_reports_of_e_mail_are_signed_and_told_once_in_whatever_order(databases: Databases) -> None:
    async with a_place(databases) as place:
        at = NOW.isoformat()
        delivered = {"message": place.message, "what": "delivered", "at": at}
        bounced = {"message": place.message, "what": "bounced", "at": at, "code": "550", "hard": True}
        events = [delivered, bounced, delivered, {**delivered, "message": "of-nobody"}]
        Random(3).shuffle(events)
        for _ in range(2):
            assert (await mailed(place, *events)).status_code == 204
        assert (await mailed(place, delivered, secret="another-secret-of-16")).status_code == 401
        assert (await mailed(place, {"message": "x", "what": "eaten", "at": at})).status_code == 422
        assert (await mailed(place, {**delivered, "at": "2026-01-01T00:00:00"})).status_code == 422
        told = {one["type"]: one for one in await place.told()}
        assert set(told) == {"message.delivered", "message.bounced"}
        assert (told["message.bounced"]["reason"], told["message.bounced"]["hard"]) == ("550", True)
        # What belongs to nothing waits for a day, and is let go then.
        assert await place.ground.worker.pool.fetchval("SELECT count(*) FROM report") == 2
        await place.ground.worker.pool.execute("UPDATE report SET due = now(), received_at = now() - interval '2 days'")
        assert len(await place.told()) == 2
        assert await place.ground.worker.pool.fetchval("SELECT count(*) FROM report") == 0


@pytest.mark.stack
async def test_a_report_that_overtakes_the_end_of_the_sending_is_told_after_it(databases: Databases) -> None:
    async with a_ground(databases, CASES["smtp"]) as ground, an_api(ground, report_secret=SECRET) as api:
        await ground.meet(1)
        await ground.ask(asked(1))
        claimed, _ = await ground.sender.claim()
        answers = await ground.sender.hand_over(claimed)
        place = Place(ground, api, (await ground.ids())[0])
        await mailed(place, {"message": place.message, "what": "delivered", "at": NOW.isoformat()})
        assert await place.told() == []
        await ground.sender.end(answers)
        await ground.worker.pool.execute("UPDATE report SET due = now()")
        assert [one["type"] for one in await place.told()] == ["message.delivered"]
        assert await ground.told() == ["message.delivered", "message.sent"]


@pytest.mark.stack
async def test_twilios_reports_are_signed_by_its_token(databases: Databases) -> None:
    async with a_place(databases, CASES["twilio"]) as place:
        path = f"/v1/reports/twilio/laleh/{place.message}"
        for status, code in (("sent", ""), ("undelivered", "30005"), ("undelivered", "30005")):
            form = {"MessageSid": "SM0001", "MessageStatus": status, "To": "+98…", "ErrorCode": code}
            body, headers = signed_by_twilio(path, form)
            assert (await place.api.http.post(path, content=body)).status_code == 404
            assert (await place.api.http.post(path, content=body, headers=headers)).status_code == 204
        (bounced,) = await place.told()
        assert (bounced["type"], bounced["reason"], bounced["hard"]) == ("message.bounced", "30005", True)


@pytest.mark.stack
async def test_kavenegars_reports_go_by_the_key_in_their_address(databases: Databases) -> None:
    async with a_place(databases, CASES["kavenegar"]) as place:
        path = "/v1/reports/kavenegar/"
        for status in ("4", "10", "10"):
            assert (await place.api.http.get(f"{path}guess?messageid=8792343&status={status}")).status_code == 404
            answer = await place.api.http.get(f"{path}{SECRET}?messageid=8792343&status={status}")
            assert answer.status_code == 204
        assert [one["type"] for one in await place.told()] == ["message.delivered"]


@pytest.mark.stack
async def test_workers_side_by_side_tell_each_thing_once(databases: Databases) -> None:
    async with a_place(databases) as place:
        picture = re.findall(r'<img src="([^"]*)"', place.letter())[-1]
        for _ in range(12):
            await place.get(picture)
        pool = place.ground.worker.pool
        await asyncio.gather(*(settle(pool, SystemClock()) for _ in range(4)))
        assert [one["type"] for one in await place.told()] == ["message.opened"]


@pytest.mark.stack
async def test_of_a_test_nothing_is_told_whatever_comes_back(databases: Databases) -> None:
    async with a_place(databases) as place:
        body = {"to": "boss@laleh.example", "values": {"days": 7}}
        test = (await place.api.ask("POST", "/v1/templates/hello/test", body)).json()["message"]
        await place.ground.send()
        await mailed(place, {"message": test, "what": "delivered", "at": NOW.isoformat()})
        assert await place.told() == []
