"""Before a letter is out of hand, everybody can see that somebody sends it."""

from __future__ import annotations

import asyncio

import pytest

from services.campaigns.messages.jobs import Sender
from shared.contracts.topics import CAMPAIGNS_REQUESTS
from shared.testing import Databases
from tests.campaigns_messages.ground import a_ground, an_inbox, asked, settings_of

pytestmark = pytest.mark.stack


async def test_who_dies_with_a_letter_handed_over_has_claimed_it_before(databases: Databases) -> None:
    async with an_inbox() as inbox, a_ground(databases, inbox.port) as ground:
        await ground.meet(1)
        await ground.worker.feed(CAMPAIGNS_REQUESTS, [asked(1)])
        inbox.answers = ["hold"]
        sending = asyncio.create_task(ground.sender.step())
        await asyncio.wait_for(inbox.held.wait(), 10)
        assert await ground.states() == {"claimed": 1}, "seen by others while the server has not answered yet"
        sending.cancel()  # dies, and nothing of what it had not committed is left
        await asyncio.wait({sending}, timeout=10)
        assert await Sender(ground.worker.pool, settings_of(inbox.port)).step() == 0
        assert await ground.states() == {"claimed": 1} and len(inbox.letters) == 1
