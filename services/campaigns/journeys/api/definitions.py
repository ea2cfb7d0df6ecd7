"""Drafts, versions and files."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.responses import Response

from services.campaigns.journeys.api.forms import (
    SAMPLE_FILE,
    FileForm,
    JourneyAnswer,
    JourneyForm,
    JourneyId,
    JourneyVersionAnswer,
    Reader,
    WholeJourneyAnswer,
    Writer,
    journey_of,
    json_answer,
    shown,
    version_shown,
    whole,
)
from services.campaigns.journeys.domain.journey import Journey
from services.campaigns.journeys.domain.reading import file_of
from services.campaigns.journeys.store import definitions
from services.campaigns.journeys.store.definitions import Kept, Stand
from shared.db import OpenTransaction
from shared.web import Caller, Cursor, DatabaseDep, Limit, Page, conflict, not_found, problem_responses, read_cursor

JOURNEYS_MAX = 500
router = APIRouter(prefix="/v1/journeys", tags=["journeys"])
_SCHEMA: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"example": {"$ref": "#/$defs/Journey", "$defs": {}}}}}
}
_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {"example": SAMPLE_FILE}}}}


@router.get("", response_model=Page[JourneyAnswer], summary="All journeys")
async def list_journeys(caller: Reader, database: DatabaseDep, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """By id, without what they say."""
    after = read_cursor(cursor, tuple[str])
    async with database.read(caller.shop_id) as reads:
        found = await definitions.listed(reads, caller.shop_id, after[0] if after else "", limit + 1)
    page = Page[Any].of(found, limit, lambda one: (one.id,))
    return json_answer({"items": [shown(one) for one in page.items], "next": page.next})


@router.post("", response_model=WholeJourneyAnswer, responses=problem_responses(409), summary="Save a draft")
async def save_draft(caller: Writer, database: DatabaseDep, body: JourneyForm) -> Response:
    """Of a new journey, or of one that there is, which goes on as it was published until the draft is."""
    return await _saved(caller, database, body.id, journey_of(body.journey))


@router.post("/import", response_model=WholeJourneyAnswer, responses=problem_responses(409), summary="Import a file")
async def import_journey(caller: Writer, database: DatabaseDep, body: FileForm) -> Response:
    """A draft from a file, as the export gives it. Exported again, it is the same file."""
    return await _saved(caller, database, body.id, journey_of(body.journey))


@router.get("/schema", response_model=dict[str, Any], responses=_SCHEMA, summary="What a journey may hold")
async def read_journey_schema(_caller: Reader) -> Response:
    """JSON Schema, for editors."""
    return json_answer(msgspec.json.schema(Journey))


@router.get("/{journey}", response_model=WholeJourneyAnswer, summary="A journey")
async def read_journey(caller: Reader, database: DatabaseDep, journey: JourneyId) -> Response:
    """How it stands, and its draft."""
    async with database.read(caller.shop_id) as reads:
        return json_answer(whole(_there(await definitions.find(reads, caller.shop_id, journey))))


@router.get("/{journey}/export", response_model=dict[str, Any], responses=_FILE, summary="A journey as a file")
async def export_journey(caller: Reader, database: DatabaseDep, journey: JourneyId) -> Response:
    """Its draft, with every field written out."""
    async with database.read(caller.shop_id) as reads:
        found = _there(await definitions.find(reads, caller.shop_id, journey))
    headers = {"Content-Disposition": f'attachment; filename="journey-{found.id}.json"'}
    return Response(file_of(found.id, found.draft), media_type="application/json", headers=headers)


@router.get("/{journey}/versions", response_model=Page[JourneyVersionAnswer], summary="Versions of a journey")
async def list_journey_versions(
    caller: Reader, database: DatabaseDep, journey: JourneyId, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """The newest first. Runs keep the version that they entered."""
    before = read_cursor(cursor, tuple[int])
    async with database.read(caller.shop_id) as reads:
        _there(await definitions.find(reads, caller.shop_id, journey))
        top = before[0] if before else definitions.NEWEST
        found = await definitions.versions_of(reads, (caller.shop_id, journey), min(top, definitions.NEWEST), limit + 1)
    page = Page[Any].of(found, limit, lambda one: (one.version,))
    return json_answer({"items": [version_shown(one) for one in page.items], "next": page.next})


async def _saved(caller: Caller, database: DatabaseDep, name: str, journey: Journey) -> Response:
    async with database.write(caller.shop_id) as tx:
        database.concerns(name)
        return json_answer(whole(await save(tx, caller, name, journey)))


async def save(tx: OpenTransaction, caller: Caller, name: str, journey: Journey) -> Kept:
    """A draft of a journey that was not ended, as long as there are not too many."""
    known = await definitions.find(tx.conn, caller.shop_id, name, lock=True)
    if known is not None and known.state is Stand.KILLED:
        raise conflict("killed", "The journey was ended", "Give another id; what was ended stays so.")
    if known is None and await definitions.count(tx.conn, caller.shop_id) >= JOURNEYS_MAX:
        raise conflict("too-many-journeys", "There are too many journeys", f"A shop has at most {JOURNEYS_MAX}.")
    await definitions.save_draft(tx.conn, caller.shop_id, name, journey, author=caller.actor, now=tx.now)
    return _there(await definitions.find(tx.conn, caller.shop_id, name))


def _there(found: Kept | None) -> Kept:
    if found is None:
        raise not_found("journey")
    return found
