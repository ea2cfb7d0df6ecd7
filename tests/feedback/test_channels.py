"""A survey that is asked by text message or push: the same link, and an answer that segments and journeys go by."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from services.campaigns.audience import Profile, persons_of
from services.campaigns.segments import Facts, belongs, parse
from services.campaigns.segments.domain.condition import Condition
from services.campaigns.segments.jobs import Maker
from services.campaigns.segments.store import catalogue
from services.campaigns.segments.store.catalogue import Draft
from services.campaigns.templates import PushText, SmsText, Template, Text, publish
from services.feedback.surveys.domain.ready import READY
from shared.contracts.topics import (
    CAMPAIGNS_MESSAGES,
    CAMPAIGNS_REQUESTS,
    CAMPAIGNS_SEGMENTS,
    CUSTOMERS,
    ERASURES,
    FEEDBACK_SURVEYS,
    INTERACTIONS,
)
from shared.db import acquire
from shared.kernel import FixedClock
from shared.testing import Databases
from shared.testing.harness import Harness
from tests.campaigns.ground import erased, told
from tests.campaigns_channels.ground import CASES, NOW
from tests.campaigns_channels.ground import a_ground as a_campaigns_ground
from tests.feedback.ground import BASE, PARTITIONS, a_ground, delivered, survey
from tests.feedback.test_story import carried

pytestmark = pytest.mark.stack
_LINK = "{{ values.link }}"
_TEMPLATE = Template(texts={"en": Text(sms=SmsText(text=_LINK), push=PushText(title="x", body="x", url=_LINK))})
LIKES_SHIPPING = {"kind": "attribute", "name": "preferred-reward", "values": ["shipping", "gift"]}


def says(condition: Condition, profile: Profile) -> bool:
    """What a branch of a journey goes by."""
    return belongs(condition, Facts(profile, {}, frozenset()), NOW.date().toordinal())


async def make_segment(worker: Harness, condition: Condition) -> None:
    async with acquire(worker.pool) as conn:
        await catalogue.make(conn, 1, "likes-shipping", Draft("likes-shipping", condition), NOW)
        await catalogue.publish(conn, 1, "likes-shipping", "test", NOW)
    maker = Maker(worker.pool, FixedClock(NOW), 10)
    while await maker.step():
        pass


async def profile_of(worker: Harness) -> Profile:
    async with worker.pool.acquire() as conn:
        return (await persons_of(conn, [(1, 1)]))[1, 1].profile


@pytest.mark.parametrize("case", ["kavenegar", "push"])
async def test_an_answer_to_a_link_that_came_by_text_or_push_is_known_to_segments(
    databases: Databases, case: str
) -> None:
    condition, channel = parse(LIKES_SHIPPING), CASES[case].channel
    asked_by: Any = replace(READY["preferred-rewards"].invite, channel=channel)
    async with a_campaigns_ground(databases, CASES[case]) as campaigns, a_ground(databases, NOW) as ground:
        async with acquire(campaigns.worker.pool) as conn:
            await publish(conn, 1, "survey", _TEMPLATE, author="test", now=NOW)
        await make_segment(campaigns.worker, condition)
        trigger = {"on": "order_delivered", "delay_hours": 0}
        await ground.publish("rewards", survey(READY["preferred-rewards"], trigger=trigger, invite=asked_by))
        await campaigns.meet(1, purpose="surveys")
        await ground.worker.feed(CUSTOMERS, [told(1, 1)])
        await ground.worker.feed(INTERACTIONS, [delivered("A-1", 1, NOW)])
        await ground.worker.fire(INTERACTIONS, PARTITIONS)
        (asked,) = await carried(ground.worker, CAMPAIGNS_REQUESTS, campaigns.worker)
        assert asked["data"]["channel"] == channel
        while await campaigns.sender.step():
            pass
        (sent,) = campaigns.provider.taken if case == "push" else [_text(campaigns.provider)]
        link = asked["data"]["values"]["link"]
        if case == "kavenegar":
            (to,) = parse_qs(urlsplit(sent).query).get("to", [sent])
            assert to == link, "the link of the invitation, whatever it is sent by"
        await carried(campaigns.worker, CAMPAIGNS_MESSAGES, ground.worker)
        assert [state for _, state in await ground.states()] == ["sent"]
        assert not says(condition, await profile_of(campaigns.worker))

        page = link.removeprefix(BASE)
        assert (await ground.post(page, ("q.reward", "shipping"))).status_code == 200
        await carried(ground.worker, FEEDBACK_SURVEYS, campaigns.worker)
        assert says(condition, await profile_of(campaigns.worker))
        (entered,) = await campaigns.worker.published(CAMPAIGNS_SEGMENTS)
        assert (entered.event["type"], entered.event["data"]["segment"]) == ("segment.entered", "likes-shipping")

        await campaigns.worker.feed(ERASURES, [erased(1, 9)])
        again = [one.event for one in await ground.worker.published(FEEDBACK_SURVEYS)]
        told_anew = [json.dumps({**one, "id": one["id"][:-1] + "0"}).encode() for one in again]
        await campaigns.worker.feed(FEEDBACK_SURVEYS, told_anew)
        assert not (await profile_of(campaigns.worker)).attributes, "nothing of it comes back once they are erased"


def _text(provider: Any) -> str:
    (asked,) = provider.asked
    text: str = asked.form["message"]
    return text
