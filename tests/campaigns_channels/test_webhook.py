"""Webhooks: signed, the same bytes at each attempt, to the internet alone, and none once the receiver wants no more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.responses import Response

from shared.outgoing import is_signed
from shared.testing import Databases
from tests.campaigns_channels.ground import CASES, NOW, a_ground
from tests.campaigns_messages.ground import asked

WEBHOOK = CASES["webhook"]


@pytest.mark.stack
async def test_a_webhook_is_signed_and_says_the_same_at_each_attempt(databases: Databases) -> None:
    async with a_ground(databases, WEBHOOK) as ground:
        await ground.meet(1, locale="fa")
        ground.provider.script = ["break", "later"]
        await ground.ask(asked(1, channel="webhook"))
        for _ in range(3):
            await ground.send()
            await ground.all_due()
        first, *others = ground.provider.asked
        assert len(others) == 2 and {one.body for one in others} == {first.body}
        (message,) = await ground.ids()
        for one in ground.provider.asked:
            assert is_signed(one.body, one.headers, [ground.secret], NOW + timedelta(seconds=30))
            assert one.headers["webhook-id"] == message
        assert first.said["type"] == "message.requested"
        assert first.said["data"] == {
            "message": message,
            "shop": "laleh",
            "customer": first.said["data"]["customer"],
            "campaign": "greeting",
            "step": "send",
            "occasion": "o-1",
            "purpose": "news",
            "locale": "fa",
            "expires_at": first.said["data"]["expires_at"],
            "text": "سلام ۷",
            "values": {"days": 7},
        }
        assert await ground.states() == {"sent": 1}


@pytest.mark.stack
async def test_a_receiver_that_wants_no_more_gets_no_more(databases: Databases) -> None:
    async with a_ground(databases, WEBHOOK) as ground:
        await ground.meet(1)
        ground.provider.vendor.refused = lambda: Response(status_code=410)  # type: ignore[method-assign]  # its answer
        ground.provider.script = ["refuse"]
        await ground.ask(asked(1, channel="webhook"))
        await ground.send()
        await ground.ask(asked(1, "o-2", channel="webhook"))
        await ground.send()
        assert await ground.states() == {"failed 410": 1, "suppressed no_contact": 1}
        assert len(ground.provider.asked) == 1


@pytest.mark.stack
async def test_an_address_inside_is_not_reached_whatever_stands_in_the_table(databases: Databases) -> None:
    async with a_ground(databases, WEBHOOK, send_loopback=False) as ground:
        await ground.meet(1)
        for url in (ground.provider.base, "https://127.0.0.1:1/", "https://169.254.169.254/latest", "https://[::1]/"):
            await ground.worker.pool.execute("UPDATE webhook_endpoint SET url = $1", url)
            await ground.ask(asked(1, url, channel="webhook"))
            await ground.send()
        assert set(await ground.states()) == {"failed refused"} and ground.provider.asked == []
