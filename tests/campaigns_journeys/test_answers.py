"""Journeys hear what came of messages, and what customers answered."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from services.campaigns.journeys.domain.reading import JourneyError, read_journey
from shared.contracts.campaigns import MessageBounced, MessageClicked, MessageComplained, MessageOpened
from shared.contracts.topics import CAMPAIGNS_MESSAGES, CAMPAIGNS_REQUESTS, CUSTOMERS, FEEDBACK_SURVEYS
from shared.testing import Databases
from tests.campaigns.ground import answered, detractor, receipt, told
from tests.campaigns_journeys.ground import SEND, Ground, a_ground, asked

CLICKED = {"event": "message.clicked", "same": "run", "where": [{"field": "step", "value": "first"}]}
REMINDED: dict[str, Any] = {
    "name": "Reminded",
    "trigger": {"kind": "hand"},
    "exits": [
        {"event": "message.bounced", "same": "run", "where": [{"field": "hard", "value": True}]},
        {"event": "message.complained", "same": "run"},
    ],
    "steps": [
        SEND,
        {
            "kind": "wait_for",
            "id": "click",
            "events": [CLICKED],
            "minutes": 60,
            "met": [{**SEND, "id": "thanks"}],
            "missed": [{**SEND, "id": "reminder"}],
        },
    ],
}
OPENED: dict[str, Any] = {
    "name": "Opened",
    "trigger": {"kind": "event", "event": "message.opened", "where": [{"field": "campaign", "value": "sale"}]},
    "key": "message",
    "reentry": {"kind": "per_key"},
    "steps": [SEND],
}
SORRY: dict[str, Any] = {
    "name": "Sorry",
    "trigger": {
        "kind": "event",
        "event": "survey.answered",
        "where": [
            {"field": "survey", "value": "after-purchase"},
            {"field": "group", "value": "detractor"},
            {"field": "score", "op": "at_least", "value": 2},
        ],
    },
    "key": "occasion",
    "reentry": {"kind": "per_key"},
    "goal": [{"event": "survey.answered", "where": [{"field": "group", "value": "promoter"}]}],
    "steps": [{"kind": "wait", "id": "hour", "minutes": 60}, SEND],
}


async def _runs(ground: Ground) -> dict[int, str]:
    rows = await ground.harness.pool.fetch("SELECT customer, id FROM journey_run WHERE journey = 'reminded'")
    return dict(rows)


@pytest.mark.stack
async def test_a_run_hears_what_came_of_its_own_messages_and_of_no_other(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("reminded", REMINDED)
        await ground.publish("opened", OPENED)
        await ground.harness.feed(CUSTOMERS, [told(one, 1) for one in range(1, 8)])
        await ground.harness.feed(CAMPAIGNS_REQUESTS, [asked(one, "reminded", "x") for one in range(1, 8)])
        await ground.later(10)
        run = await _runs(ground)
        receipts = [
            receipt(MessageClicked, 1, 1, campaign="reminded", run=run[1], link=0),
            receipt(MessageClicked, 2, 2, campaign="reminded", run=run[2], link=0, machine=True),
            receipt(MessageClicked, 3, 3, campaign="reminded", run="another", link=0),
            receipt(MessageClicked, 4, 4, campaign="reminded", run=run[4], step="thanks", link=0),
            receipt(MessageBounced, 5, 5, campaign="reminded", run=run[5], hard=True),
            receipt(MessageBounced, 6, 6, campaign="reminded", run=run[6], hard=False),
            receipt(MessageComplained, 7, 11, campaign="reminded", run=run[7]),
            receipt(MessageOpened, 1, 7, message="m-1"),
            receipt(MessageOpened, 1, 8, message="m-1", machine=True),
            receipt(MessageOpened, 2, 9, message="m-2", machine=True),
            receipt(MessageOpened, 3, 10, campaign="other"),
        ]
        await ground.harness.feed(CAMPAIGNS_MESSAGES, receipts, doubled=1.0, shuffled=9, rng=Random(1))
        await ground.later(61)
        told_of = {one: await ground.told(one) for one in range(1, 8)}
        assert told_of[1][:3] == ["entered", "first: planned", "entered m-1"]
        assert set(told_of[1][3:]) == {"click: met", "thanks: planned", "completed", "first: planned", "completed m-1"}
        for one in (2, 3, 4, 6):
            assert told_of[one][2:] == ["click: missed", "reminder: planned", "completed"]
        assert told_of[5][2:] == told_of[7][2:] == ["exited exit"]


@pytest.mark.stack
async def test_an_answer_enters_a_journey_and_a_better_one_ends_it(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("sorry", SORRY)
        await ground.later(10)
        answers = [
            answered(1, 1, 3),
            detractor(1, 1, 3),
            answered(2, 2, 8),
            answered(3, 3, 1),
            answered(4, 4, 4, "csat"),
            answered(5, 5, 6, survey="another"),
            answered(6, 6, 6),
        ]
        await ground.harness.feed(FEEDBACK_SURVEYS, answers, doubled=1.0, shuffled=9, rng=Random(1))
        await ground.harness.feed(FEEDBACK_SURVEYS, [answered(6, 7, 9)])
        assert [await ground.told(one) for one in (2, 3, 4, 5)] == [[]] * 4
        await ground.later(61)
        assert await ground.told(1) == ["entered order:A-1", "hour: over", "first: planned", "completed order:A-1"]
        assert await ground.told(6) == ["entered order:A-6", "goal.reached order:A-6"]


@pytest.mark.parametrize(
    ("match", "fault"),
    [
        ({"event": "message.read"}, "no event that journeys hear"),
        ({"event": "message.delivered", "where": [{"field": "link", "value": 1}]}, "does not have"),
        ({"event": "survey.sent", "where": [{"field": "score", "value": 1}]}, "does not have"),
        ({"event": "survey.answered", "same": "run"}, "only events of messages are of a run"),
    ],
)
def test_what_such_events_do_not_say_is_refused(match: dict[str, Any], fault: str) -> None:
    with pytest.raises(JourneyError, match=fault):
        read_journey({**REMINDED, "exits": [match]})
