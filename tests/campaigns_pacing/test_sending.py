"""Caps, quiet hours and weekends are judged when a message is claimed, of the person, who is held; each is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.campaigns.messages import store as messages
from services.campaigns.messages.jobs import Sender
from services.campaigns.pacing import store
from services.campaigns.pacing.domain import WEEKDAYS, Cap, Policy, Quiet
from shared.contracts.topics import CAMPAIGNS_MESSAGES, CAMPAIGNS_REQUESTS, CONSENTS, CUSTOMERS
from shared.db import acquire
from shared.kernel import SystemClock
from shared.testing import Databases
from tests.campaigns.ground import name, told
from tests.campaigns_messages.ground import NOW, Ground, Inbox, a_ground, an_inbox, asked, said, settings_of

pytestmark = pytest.mark.stack
TEHRAN = ZoneInfo("Asia/Tehran")
DAILY = Policy(caps=(Cap(most=2, hours=24),), exempt=("orders",))


@asynccontextmanager
async def paced(databases: Databases, policy: Policy) -> AsyncIterator[tuple[Ground, Inbox]]:
    """With customers 1 to 3, who want news."""
    async with an_inbox() as inbox, a_ground(databases, inbox.port) as ground:
        async with acquire(ground.worker.pool) as conn:
            await store.publish(conn, 1, policy, "test", NOW)
        await ground.meet(1, 2, 3)
        yield ground, inbox


async def ask(ground: Ground, *wanted: Any) -> None:
    await ground.worker.feed(CAMPAIGNS_REQUESTS, wanted)


async def reasons(ground: Ground, kind: str = "message.suppressed") -> list[dict[str, Any]]:
    """What was told of messages that were not sent, or not then."""
    found = await ground.worker.published(CAMPAIGNS_MESSAGES)
    return [one.event["data"] for one in found if one.event["type"] == kind]


def around_now(minutes: int = 60) -> tuple[Quiet, datetime]:
    """(quiet hours in Tehran that it is in the middle of, when they end)."""
    now = SystemClock().now().astimezone(TEHRAN).replace(second=0, microsecond=0)
    until = now + timedelta(minutes=minutes)
    return Quiet(since=f"{now - timedelta(hours=1):%H:%M}", until=f"{until:%H:%M}"), until


@pytest.mark.parametrize("batch", [1, 20])
async def test_a_cap_holds_for_a_person_and_drops_what_is_over_it(databases: Databases, batch: int) -> None:
    async with paced(databases, DAILY) as (ground, inbox):
        sender = Sender(ground.worker.pool, settings_of(inbox.port, send_batch=batch))
        await ground.worker.feed(CONSENTS, [said(1, 9, "orders")])
        await ask(ground, *(asked(1, f"o-{at}", at) for at in range(4)), asked(2, "o-1"))
        await ask(ground, *(asked(1, f"order-{at}", 10 + at, purpose="orders") for at in range(2)))
        while await sender.step():
            pass
        assert await ground.states() == {"sent": 5, "suppressed capped": 2}
        assert sorted(inbox.tos) == ["c1@example.com"] * 4 + ["c2@example.com"]
        assert {(one["customer"], one["suppressed"]) for one in await reasons(ground)} == {(name(1), "capped")}
        await ground.worker.pool.execute("UPDATE message SET claimed_at = claimed_at - interval '1 day'")
        await ask(ground, asked(1, "tomorrow", 20))
        await sender.step()
        assert (await ground.states())["sent"] == 6


async def test_a_cap_counts_identities_of_one_person_together_and_only_what_it_names(databases: Databases) -> None:
    policy = Policy(caps=(Cap(most=1, hours=24, purpose="news"), Cap(most=1, hours=24, channel="sms")))
    async with paced(databases, policy) as (ground, _):
        await ground.worker.feed(CUSTOMERS, [told(2, 5, "merged", canonical=1, email="c2@example.com")])
        await ground.worker.feed(CONSENTS, [said(1, 9, "offers")])
        await ask(ground, asked(1, "a"), asked(2, "b", 1), asked(3, "c", 2), asked(1, "d", 3, purpose="offers"))
        await ground.send()
        assert await ground.states() == {"sent": 3, "suppressed capped": 1}


async def test_what_waits_for_a_cap_goes_once_there_is_room(databases: Databases) -> None:
    policy = Policy(caps=(Cap(most=1, hours=2),), over="wait")
    async with paced(databases, policy) as (ground, inbox):
        await ask(ground, asked(1, "a"), asked(1, "b", 1))
        await ground.send()
        assert await ground.states() == {"sent": 1, "planned capped": 1}
        [waits] = await reasons(ground, "message.deferred")
        claimed = await ground.worker.pool.fetchval("SELECT max(claimed_at) FROM message")
        assert (waits["deferred"], datetime.fromisoformat(waits["until"])) == ("capped", claimed + timedelta(hours=2))
        await ground.all_due()
        await ground.send()
        assert len(inbox.tos) == 1, "it is judged anew"
        await ground.worker.pool.execute("UPDATE message SET claimed_at = claimed_at - interval '2 hours'")
        await ground.all_due()
        await ground.send()
        assert await ground.states() == {"sent": 2}


async def test_two_senders_never_count_past_each_other(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    async with paced(databases, Policy(caps=(Cap(most=1, hours=24),))) as (ground, inbox):
        await ask(ground, asked(1, "a"), asked(1, "b", 1))
        first, second = (Sender(ground.worker.pool, settings_of(inbox.port, send_batch=1)) for _ in range(2))
        claim, waiting, go = messages.claim, asyncio.Event(), asyncio.Event()

        async def holds(*given: Any) -> None:
            if not waiting.is_set():
                waiting.set()
                await go.wait()
            await claim(*given)

        monkeypatch.setattr(messages, "claim", holds)
        one = asyncio.create_task(first.step())
        await waiting.wait()
        other = asyncio.create_task(second.step())
        done, _ = await asyncio.wait({other}, timeout=0.5)
        assert not done, "the other message is judged when the first has been decided"
        go.set()
        assert list(await asyncio.gather(one, other)) == [1, 1]
        assert await ground.states() == {"sent": 1, "suppressed capped": 1}


async def test_quiet_hours_are_the_customers_and_put_a_message_off(databases: Databases) -> None:
    quiet, until = around_now()
    async with paced(databases, Policy(quiet=quiet, exempt=("orders",))) as (ground, inbox):
        far = told(2, 8, email="c2@example.com", phone="+81312345678")  # in Tokyo it is another hour
        await ground.worker.feed(CUSTOMERS, [far])
        await ground.worker.feed(CONSENTS, [said(3, 9, "orders")])
        soon = SystemClock().now() + timedelta(minutes=5)
        await ask(
            ground, asked(1, "a"), asked(2, "b"), asked(3, "c", purpose="orders"), asked(3, "d", 1, expires_at=soon)
        )
        await ground.send()
        assert sorted(inbox.tos) == ["c2@example.com", "c3@example.com"]
        assert await ground.states() == {"sent": 2, "planned quiet_hours": 1, "suppressed quiet_hours": 1}
        [waits] = await reasons(ground, "message.deferred")
        assert (waits["customer"], datetime.fromisoformat(waits["until"])) == (name(1), until)
        assert await ground.worker.pool.fetchval("SELECT due FROM message WHERE state = 0") == until
        async with acquire(ground.worker.pool) as conn:
            await store.publish(conn, 1, Policy(), "test", NOW)
        await ground.all_due()
        await ground.send()
        assert len(inbox.tos) == 3


async def test_nothing_goes_on_the_weekend(databases: Databases) -> None:
    local = SystemClock().now().astimezone(TEHRAN)
    policy = Policy(weekend=(WEEKDAYS[local.weekday()],))
    async with paced(databases, policy) as (ground, inbox):
        await ask(ground, asked(1, "a", expires_at=SystemClock().now() + timedelta(days=2)))
        await ground.send()
        assert inbox.tos == [] and await ground.states() == {"planned weekend": 1}
        [waits] = await reasons(ground, "message.deferred")
        until = datetime.fromisoformat(waits["until"]).astimezone(TEHRAN)
        assert (until.date() - local.date(), until.strftime("%H:%M")) == (timedelta(days=1), "00:00")


async def test_whoever_unsubscribes_while_a_message_waits_gets_none(databases: Databases) -> None:
    quiet, _ = around_now()
    async with paced(databases, Policy(quiet=quiet)) as (ground, inbox):
        await ask(ground, asked(1, "a"))
        await ground.send()
        await ground.worker.feed(CONSENTS, [said(1, 50, state="withdrawn")])
        async with acquire(ground.worker.pool) as conn:
            await store.publish(conn, 1, Policy(), "test", NOW)
        await ground.all_due()
        await ground.send()
        assert inbox.tos == [] and await ground.states() == {"suppressed no_consent": 1}
