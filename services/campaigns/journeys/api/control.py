"""Publishing, pausing, resuming, ending."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response

from services.campaigns.journeys import events
from services.campaigns.journeys.api.forms import (
    JourneyAnswer,
    JourneyId,
    KilledId,
    PausedId,
    Writer,
    json_answer,
    shown,
)
from services.campaigns.journeys.domain.journey import OnDate
from services.campaigns.journeys.store import definitions
from services.campaigns.journeys.store.definitions import Kept, Stand
from services.campaigns.journeys.timing import Turn, sweep_timer, turn_timer
from shared.contracts import topics
from shared.contracts.envelope import message_key
from shared.contracts.journeys import Control
from shared.db import OpenTransaction
from shared.messaging.handling import OutboxKey
from shared.web import Caller, DatabaseDep, conflict, not_found, problem_responses

router = APIRouter(prefix="/v1/journeys", tags=["journeys"])
Change = Literal["published", "paused", "resumed", "killed"]
_STATES: dict[Stand, Literal["active", "paused", "killed"]] = {
    Stand.ACTIVE: "active",
    Stand.PAUSED: "paused",
    Stand.KILLED: "killed",
}


@router.post(
    "/{journey}/publish", response_model=JourneyAnswer, responses=problem_responses(409), summary="Publish a draft"
)
async def publish_journey(caller: Writer, database: DatabaseDep, journey: JourneyId) -> Response:
    """The next version, which new runs enter from now on; runs keep theirs. A draft that is in force stays so."""
    async with database.write(caller.shop_id) as tx:
        found = await _locked(tx, caller, journey)
        last = await definitions.version_of(tx.conn, caller.shop_id, journey, found.version)
        if last is None or last.journey != found.draft:
            state = Stand.ACTIVE if found.state is Stand.DRAFT else found.state
            found = found._replace(version=found.version + 1, state=state, changed_at=tx.now)
            await definitions.add_version(tx.conn, caller.shop_id, found, author=caller.actor, now=tx.now)
            await _write(tx, caller, found, "published")
    return json_answer(shown(found))


@router.post(
    "/{journey}/pause", response_model=JourneyAnswer, responses=problem_responses(409), summary="Pause a journey"
)
async def pause_journey(caller: Writer, database: DatabaseDep, journey: PausedId) -> Response:
    """From the answer on no run moves, no message of it is claimed, and nobody enters it."""
    return await _changed(caller, database, journey, "paused")


@router.post(
    "/{journey}/resume", response_model=JourneyAnswer, responses=problem_responses(409), summary="Have a journey go on"
)
async def resume_journey(caller: Writer, database: DatabaseDep, journey: PausedId) -> Response:
    """Runs go on where they stood; messages that have not expired go out."""
    return await _changed(caller, database, journey, "resumed")


@router.post(
    "/{journey}/kill", response_model=JourneyAnswer, responses=problem_responses(409), summary="End a journey for good"
)
async def kill_journey(caller: Writer, database: DatabaseDep, journey: KilledId) -> Response:
    """From the answer on none of its messages is claimed; its runs end, some at a time. It does not come back."""
    return await _changed(caller, database, journey, "killed")


async def _changed(caller: Caller, database: DatabaseDep, journey: str, change: Change) -> Response:
    wanted = {"paused": Stand.PAUSED, "resumed": Stand.ACTIVE, "killed": Stand.KILLED}[change]
    async with database.write(caller.shop_id) as tx:
        found = await _locked(tx, caller, journey, also_killed=wanted is Stand.KILLED)
        if found.state is Stand.DRAFT:
            raise conflict("not-published", "The journey was never published", "Publish its draft.")
        if found.state is not wanted:
            found = found._replace(state=wanted, changed_at=tx.now)
            await _write(tx, caller, found, change)
    return json_answer(shown(found))


async def _locked(tx: OpenTransaction, caller: Caller, journey: str, *, also_killed: bool = False) -> Kept:
    found = await definitions.find(tx.conn, caller.shop_id, journey, lock=True)
    if found is None:
        raise not_found("journey")
    if found.state is Stand.KILLED and not also_killed:
        raise conflict("killed", "The journey was ended", "It does not come back; make another one.")
    return found


async def _write(tx: OpenTransaction, caller: Caller, one: Kept, change: Change) -> None:
    """Keep it, tell it, and have its runs follow."""
    key = OutboxKey(caller.shop_id, message_key(caller.shop.slug, ""))
    await tx.lock_keys({key: 1})
    await definitions.stand(tx.conn, caller.shop_id, one, tx.now)
    told = Control(journey=one.id, version=one.version, state=_STATES[one.state], change=change, actor=caller.actor)
    event = events.control_of(told, caller.shop.slug, tx.now, tx.sequence(key))
    tx.publish(topics.CAMPAIGNS_JOURNEYS, key, event)
    if change != "published":
        tx.set_timer(sweep_timer(caller.shop_id, one.id, tx.now))
    elif isinstance(one.draft.trigger, OnDate):
        tx.set_timer(turn_timer(Turn(caller.shop_id, one.id), tx.now))
