"""What a shop's own systems hand in counts once for each of their ids, however often and by how many at once."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from shared.contracts.topics import CUSTOMERS
from shared.testing import Databases
from tests.feedback.ground import Ground, a_ground, name
from tests.feedback_answers.test_pages import ASKING, answers
from tests.feedback_surveys.test_surveys import told

pytestmark = pytest.mark.stack


async def hand_in(ground: Ground, key: dict[str, str], ref: str, score: int) -> httpx.Response:
    body = {"customer": name(7), "survey": "nps", "ref": ref, "answers": {"score": score}}
    return await ground.http.post("/v1/answers", json=body, headers=key)


async def test_what_is_handed_in_again_or_by_several_at_once_counts_once_as_it_was_first(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("nps", ASKING)
        await ground.worker.feed(CUSTOMERS, [told(7, 1)])
        key = await ground.key("cases:write", "feedback:read")
        first = await hand_in(ground, key, "call-1", 3)
        again = await asyncio.gather(*(hand_in(ground, key, "call-1", score) for score in range(11)))
        assert {one.status_code for one in (first, *again)} == {200}
        assert {one.json()["score"] for one in (first, *again)} == {3}
        assert [row[:2] for row in await answers(ground)] == [(3, True)]
        assert (await hand_in(ground, key, "call-2", 9)).status_code == 200
        heard = [data["score"] for kind, data in await ground.told() if kind == "survey.answered"]
        assert heard == [3, 9]
