"""From an order that arrived to an answer: through campaigns, a mail server, the link in the mail, and back."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from services.campaigns.messages.jobs import Sender
from services.campaigns.templates import Template, Text, publish
from shared.contracts.topics import (
    CAMPAIGNS_MESSAGES,
    CAMPAIGNS_REQUESTS,
    CONSENTS,
    CUSTOMERS,
    FEEDBACK_SURVEYS,
    INTERACTIONS,
)
from shared.db import acquire
from shared.kernel import SystemClock
from shared.testing import Databases
from shared.testing.harness import Harness
from tests.campaigns.ground import told as known
from tests.campaigns.ground import worker as campaigns_worker
from tests.campaigns_messages.ground import an_inbox, said, settings_of
from tests.feedback.ground import BASE, PARTITIONS, Ground, a_ground, delivered, survey

pytestmark = pytest.mark.stack
_BODY = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>{{ values.question }}</mj-text><mj-text>"
    '{% for one in values.scores %}<a href="{{ one.link }}">{{ one.score|number }}</a>{% endfor %}'
    '<a href="{{ unsubscribe_url }}">x</a></mj-text></mj-column></mj-section></mj-body></mjml>'
)
_TEXT = Text(subject="{{ values.title }}", mjml=_BODY, text="{{ values.link }} {{ unsubscribe_url }}")


async def carried(source: Harness, topic: str, reader: Harness) -> list[dict[str, Any]]:
    """What one told goes to the other, twice."""
    events = [one.event for one in await source.published(topic)]
    await reader.feed(topic, [json.dumps(one).encode() for one in events] * 2)
    return events


async def outcomes(ground: Ground) -> list[tuple[str, Any]]:
    return [(kind, data.get("score")) for kind, data in await ground.told(FEEDBACK_SURVEYS)]


async def test_a_delivery_is_asked_about_by_mail_answered_by_one_click_and_told(databases: Databases) -> None:
    now = SystemClock().now()
    async with (
        an_inbox() as inbox,
        a_ground(databases, now, "campaigns") as ground,
        campaigns_worker(databases, ground.url, now=now) as campaigns,
    ):
        async with acquire(campaigns.pool) as conn:
            await publish(conn, 1, "survey", Template(texts={"en": _TEXT}), author="test", now=now)
        sender = Sender(campaigns.pool, settings_of(inbox.port))
        await ground.publish("nps", survey(trigger={"delay_hours": 0}))
        for one in (1, 2):  # the second agreed to nothing
            await campaigns.feed(CUSTOMERS, [known(one, 1, email=f"c{one}@example.com", locale="en")])
        await campaigns.feed(CONSENTS, [said(1, 2, "surveys")])
        await ground.worker.feed(INTERACTIONS, [delivered(f"A-{one}", one, now) for one in (1, 2)])
        await ground.worker.fire(INTERACTIONS, PARTITIONS)
        asked = await carried(ground.worker, CAMPAIGNS_REQUESTS, campaigns)
        assert len(asked) == 2
        while await sender.step():
            pass
        (letter,) = inbox.letters
        await carried(campaigns, CAMPAIGNS_MESSAGES, ground.worker)
        assert await outcomes(ground) == [("survey.sent", None)]
        assert sorted(state for _, state in await ground.states()) == ["sent", "unsent"]

        html = letter.get_body(("html",))
        assert html is not None and letter["Subject"] == "How was it?"
        # campaigns counts clicks: a link leads over it, and says where to.
        hrefs = [urlsplit(unescape(href)) for href in re.findall(r'href="([^"]+)"', html.get_content())]
        led = [to for href in hrefs for to in parse_qs(href.query).get("to", []) if "score=" in to]
        links = [to.removeprefix(BASE) for to in led]
        assert len(links) == 11
        for link in links:  # a scanner follows them all
            assert (await ground.http.get(link)).status_code == 200
        assert [kind for kind, _ in await outcomes(ground)] == ["survey.sent", "survey.opened"]
        page = await ground.http.get(links[9])
        assert re.findall(r'value="(\d+)" checked', page.text) == ["9"]
        assert (await ground.post(links[9].partition("?")[0], ("q.score", "9"))).status_code == 200
        assert (await outcomes(ground))[-1] == ("survey.answered", 9)
        await ground.pass_time(days=40)
        assert len(await ground.asked()) == 2
