"""Messages of runs: none is sent for a run that has ended, and those of one that rests wait."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from services.campaigns import messages
from services.campaigns.messages import Plan, Standing, State
from services.campaigns.messages.jobs import Sender
from shared.contracts.topics import CAMPAIGNS_MESSAGES
from shared.db import acquire
from shared.testing import Databases
from tests.campaigns_messages.ground import NOW, Ground, a_ground, an_inbox, settings_of

Runs = dict[tuple[int, str], Standing]


def sender_of(ground: Ground, port: int, runs: Runs) -> Sender:
    async def standing(_conn: Any, asked: Collection[tuple[int, str]]) -> Mapping[tuple[int, str], Standing]:
        return {key: runs[key] for key in asked}

    return Sender(ground.worker.pool, settings_of(port), standing=standing)


async def plan(ground: Ground, *runs: str, hours: int = 1) -> None:
    made = [
        Plan(
            shop=1,
            id=f"m-{run}",
            customer=1,
            channel="email",
            purpose="news",
            campaign="welcome",
            step="first",
            occasion=run,
            template="hello",
            fields=b'{"days": 7}',
            due=NOW.replace(year=NOW.year - 1) if hours < 0 else NOW,
            expires_at=NOW.replace(year=NOW.year + hours),
            run=run,
            journey_version=3,
            variant="a",
        )
        for run in runs
    ]
    async with acquire(ground.worker.pool) as conn, conn.transaction():
        await messages.add(conn, made, State.PLANNED, NOW)


@pytest.mark.stack
async def test_only_messages_of_runs_that_go_on_are_sent_and_each_names_its_run(databases: Databases) -> None:
    async with an_inbox() as inbox, a_ground(databases, inbox.port) as ground:
        await ground.meet(1)
        await plan(ground, "r-1", "r-2", "r-3", "r-4")
        runs: Runs = {(1, "r-1"): "stands", (1, "r-2"): "goal", (1, "r-3"): "exit", (1, "r-4"): "paused"}
        sender = sender_of(ground, inbox.port, runs)
        for _ in range(3):
            await sender.step()
        assert len(inbox.letters) == 1
        states = {"sent": 1, "suppressed goal": 1, "suppressed exit": 1, "planned paused": 1}
        assert await ground.states() == states
        told = [one.event["data"] for one in await ground.worker.published(CAMPAIGNS_MESSAGES)]
        about = {one["occasion"]: (one["run"], one["version"], one["variant"]) for one in told}
        assert about == {run: (run, 3, "a") for run in ("r-1", "r-2", "r-3")}

        runs[1, "r-4"] = "stands"
        assert not await sender.step(), "it waits until it is let go"
        async with acquire(ground.worker.pool) as conn:
            assert await messages.let_go(conn, 1, "welcome", 10) == 1
        await sender.step()
        assert len(inbox.letters) == 2


@pytest.mark.stack
async def test_a_message_that_expires_while_its_run_rests_is_told_as_expired(databases: Databases) -> None:
    async with an_inbox() as inbox, a_ground(databases, inbox.port) as ground:
        await ground.meet(1)
        await plan(ground, "r-1", hours=-1)
        await sender_of(ground, inbox.port, {(1, "r-1"): "paused"}).step()
        assert await ground.states() == {"suppressed expired": 1} and inbox.letters == []


@pytest.mark.stack
async def test_who_ends_a_run_waits_for_no_claim_and_finds_the_rest(databases: Databases) -> None:
    async with an_inbox() as inbox, a_ground(databases, inbox.port) as ground:
        await plan(ground, "r-1", "r-2")
        async with ground.worker.pool.acquire() as claim, claim.transaction():
            await claim.fetch("SELECT FROM message WHERE id = 'm-r-1' FOR UPDATE")
            async with acquire(ground.worker.pool) as conn, conn.transaction():
                found = await messages.planned_of(conn, {(1, "r-1"), (1, "r-2"), (1, "r-3")})
        assert [one.id for one in found] == ["m-r-2"]
