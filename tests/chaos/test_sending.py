"""A worker of campaigns is killed at each step from the request to the end of a message, beside a server that counts.

No message is lost, none is sent twice, and each end is told once. Only what was claimed by who died is UNKNOWN: whether
the server had it, nobody of ours can say.
"""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from services.campaigns.messages import State
from shared.contracts import topics
from tests.campaigns_messages.ground import asked
from tests.chaos.faults import RELAYING, SENDING
from tests.chaos.talking import Talk, a_talk
from tests.chaos.topic import forget_members
from tests.chaos.world import Servers

pytestmark = [
    pytest.mark.stack,
    pytest.mark.slow,
    pytest.mark.skipif(os.environ.get("CHAOS") != "long", reason="CHAOS=long asks for it"),
]
SEED = int(os.environ.get("CHAOS_SEED") or 20260301)
EACH = 6
PLANNING = ("after_state", "before_commit", "after_commit")
CALLED = "called"
"""The server holds a letter and has not answered: here the test kills."""
CERTAIN = {*PLANNING, *RELAYING, "send_before_claim", "send_after_end"}
"""Nothing is in doubt: all that was asked for is sent."""
UNSENT = {"send_after_claim", "send_before_call"}
"""What is in doubt did not reach the server."""


@pytest.mark.parametrize("point", [*PLANNING, *SENDING, CALLED, *RELAYING])
async def test_killed_at_a_step_of_sending_nothing_is_lost_and_nothing_sent_twice(servers: Servers, point: str) -> None:
    async with a_talk(servers, seed=SEED) as talk:
        await _die(talk, point)
        lives = talk.world.keep("campaigns")
        await talk.until(f"SELECT count(*) = {EACH} FROM message")
        await talk.all_ended()
        await talk.world.drained()
        states = await talk.judge()
        print(f"{point}: {states}; {len(talk.inbox.letters)} letters")
        assert sum(states.values()) == EACH and set(states) <= {State.SENT.name, State.UNKNOWN.name}
        unknown = states.get(State.UNKNOWN.name, 0)
        assert (unknown == 0) == (point in CERTAIN)
        doubtful = len(talk.inbox.letters) - states.get(State.SENT.name, 0)
        assert doubtful == 0 if point in CERTAIN | UNSENT else doubtful > 0
        await lives.end()


async def _die(talk: Talk, point: str) -> None:
    """All is known and asked for; the worker's first life ends at the point."""
    before = talk.world.keep("campaigns")
    await talk.meet(range(1, EACH + 1), "news")
    await talk.until(f"SELECT count(*) = {EACH} FROM consent")
    await before.end()
    await talk.send(topics.CAMPAIGNS_REQUESTS, [asked(n) for n in range(1, EACH + 1)])
    if point == CALLED:
        talk.inbox.answers = ["hold"] * EACH
        dying = talk.world.keep("campaigns")
        await asyncio.wait_for(talk.inbox.held.wait(), 60)
    else:
        dying = talk.world.keep("campaigns", plan=[point])
    async with asyncio.timeout(60):
        while dying.process is None or (point != CALLED and not dying.endings):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.05)
    dying.kill()
    await asyncio.wait([dying._task], timeout=10)
    assert [one.code for one in dying.endings][:1] == [-signal.SIGKILL]
    await forget_members(talk.world.kafka, "campaigns")
    talk.inbox.answers = []
