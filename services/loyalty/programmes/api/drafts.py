"""Drafts over HTTP: made, changed, checked, exported and imported, published."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header
from fastapi import Body as JsonBody
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from services.loyalty.programmes import store
from services.loyalty.programmes.api.forms import (
    READ,
    SAMPLE,
    SAMPLE_EXPORT,
    SAMPLE_FILE,
    WRITE,
    Body,
    CheckAnswer,
    DraftAnswer,
    DraftChange,
    DraftNumber,
    NewDraft,
    Publication,
    WholeDraftAnswer,
    WholeVersionAnswer,
    draft_of,
    findings_of,
    json_answer,
    shown,
)
from services.loyalty.programmes.api.versions import file_answer, version_of
from services.loyalty.programmes.asked import programme_of, refused
from services.loyalty.programmes.domain.body import Programme
from services.loyalty.programmes.domain.reading import ProgrammeError, read_file
from services.loyalty.programmes.domain.ready import ready_programme
from services.loyalty.programmes.domain.versions import VERSION_TIMER, Version, why_not_from
from services.loyalty.programmes.store import Draft
from shared.clocks import timers_of
from shared.contracts.shops import Shop
from shared.db import OpenTransaction
from shared.kernel import MoneyError
from shared.messaging.handling import Timer
from shared.web import (
    Caller,
    Cursor,
    DatabaseDep,
    FieldError,
    Limit,
    OnceDep,
    Page,
    allow,
    changed_meanwhile,
    conflict,
    invalid,
    not_found,
    problem_responses,
    read_cursor,
)

DRAFTS_MAX = 100

router = APIRouter(prefix="/v1/programmes", tags=["programmes"])
Reader = Annotated[Caller, Depends(allow(READ))]
Asker = Annotated[Caller, Depends(allow(READ, writes=False))]
Writer = Annotated[Caller, Depends(allow(WRITE))]
IfMatch = Annotated[
    str | None,
    Header(
        pattern=r'^"\d{1,9}"$',
        description="The edition that was read, in quotes; another one there answers 412.",
    ),
]


class CheckBody(BaseModel):
    """A programme to be checked."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"example": {"programme": SAMPLE}})

    programme: Body


@router.post("/check", response_model=CheckAnswer, summary="Check a programme")
async def check_programme(_caller: Asker, body: CheckBody) -> Response:
    """Whether it holds together, and if not, which field and what to do. Nothing is kept."""
    return json_answer(findings_of(programme_of(body.programme)))


@router.post("/import", response_model=WholeDraftAnswer, responses=problem_responses(409), summary="Import a file")
async def import_programme(
    caller: Writer,
    database: DatabaseDep,
    once: OnceDep,
    file: Annotated[
        dict[str, Any],
        JsonBody(
            description="A file as the export gives it; the body is the file itself.",
            examples=[SAMPLE_FILE],
        ),
    ],
) -> Response:
    """A new draft from a file. Exported again, it is the same file."""
    try:
        programme = read_file(file)
    except ProgrammeError as error:
        raise refused(error, "body") from None
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        draft = await _made(tx, caller, programme.name, programme, None)
        return await once.keep(tx.conn, caller, json_answer(draft_of(draft), edition=draft.edition))


@router.get("/drafts", response_model=Page[DraftAnswer], summary="Drafts")
async def list_drafts(caller: Reader, database: DatabaseDep, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """The newest first; those that were discarded are left out."""
    before = read_cursor(cursor, tuple[int])
    async with database.read(caller.shop_id) as reads:
        found = await store.list_drafts(reads, caller.shop_id, before[0] if before else None, limit + 1)
    page = Page[Any].of(found, limit, lambda one: (one.number,))
    return json_answer({"items": [draft_of(one, whole=False) for one in page.items], "next": page.next})


@router.post("/drafts", response_model=WholeDraftAnswer, responses=problem_responses(409), summary="Make a draft")
async def make_draft(caller: Writer, database: DatabaseDep, once: OnceDep, body: NewDraft) -> Response:
    """From a programme, from the version in force, or from one to begin with. It may still contradict itself."""
    programme = None if body.programme is None else programme_of(body.programme)
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        based_on: int | None = None
        if programme is None:
            version = await store.load_in_force(tx.conn, caller.shop_id, tx.now)
            programme, based_on = (
                (first_programme(caller.shop), None) if version is None else (version.programme, version.number)
            )
        draft = await _made(tx, caller, body.name, programme, based_on)
        return await once.keep(tx.conn, caller, json_answer(draft_of(draft), edition=draft.edition))


@router.get("/drafts/{draft}", response_model=WholeDraftAnswer, summary="A draft")
async def read_draft(caller: Reader, database: DatabaseDep, draft: DraftNumber) -> Response:
    """With what it says, and what a check finds in it."""
    async with database.read(caller.shop_id) as reads:
        found = await store.load_draft(reads, caller.shop_id, draft)
    if found is None:
        raise not_found("draft")
    return json_answer(draft_of(found), edition=found.edition)


@router.put(
    "/drafts/{draft}", response_model=WholeDraftAnswer, responses=problem_responses(412), summary="Change a draft"
)
async def change_draft(
    *,
    caller: Writer,
    database: DatabaseDep,
    once: OnceDep,
    draft: DraftNumber,
    body: DraftChange,
    if_match: IfMatch = None,
) -> Response:
    """All of it is replaced. One that was discarded is a draft again."""
    programme = programme_of(body.programme)
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        found = await _locked(tx, caller, draft, if_match)
        found = _edited(found, caller, tx.now)._replace(name=body.name, programme=programme, discarded=False)
        await store.save_draft(tx.conn, caller.shop_id, found)
        return await once.keep(tx.conn, caller, json_answer(draft_of(found), edition=found.edition))


@router.get(
    "/drafts/{draft}/export",
    summary="A draft as a file",
    response_model=dict[str, Any],
    responses=shown(SAMPLE_EXPORT),
)
async def export_draft(caller: Reader, database: DatabaseDep, draft: DraftNumber) -> Response:
    """JSON with every field written out; importing it gives the same programme."""
    async with database.read(caller.shop_id) as reads:
        found = await store.load_draft(reads, caller.shop_id, draft)
    if found is None:
        raise not_found("draft")
    return file_answer(found.programme, f"programme-draft-{found.number}")


@router.post(
    "/drafts/{draft}/publish",
    response_model=WholeVersionAnswer,
    responses=problem_responses(409, 412),
    summary="Publish a draft",
)
async def publish_draft(
    *,
    caller: Writer,
    database: DatabaseDep,
    once: OnceDep,
    draft: DraftNumber,
    body: Publication,
    if_match: IfMatch = None,
) -> Response:
    """A new version, in force from now or later; versions that were planned for later still never come into force.

    What was earned before stays by its own version. A draft in which a check finds an error answers 409.
    """
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        await store.lock(tx.conn, caller.shop_id)
        found = await _locked(tx, caller, draft, if_match)
        if not findings_of(found.programme)["publishable"]:
            raise conflict("not-publishable", "The draft contradicts itself", "Put right what `findings` of it names.")
        listed = await store.list_versions(tx.conn, caller.shop_id)
        latest = (listed[-1].number, listed[-1].in_force_from) if listed else None
        since = body.in_force_from or tx.now
        trouble = why_not_from(since, now=tx.now, latest=latest, stream=caller.shop.clock == "stream")
        if trouble is not None:
            raise invalid(FieldError(f"body.{trouble.field}", trouble.reason))
        number = 1 if latest is None else latest[0] + 1
        version = Version(number, since, found.programme, caller.actor, body.reason, tx.now)
        await store.add_version(tx.conn, caller.shop_id, version)
        await store.save_draft(tx.conn, caller.shop_id, found._replace(based_on=number))
        tx.set_timer(_comes_into_force(caller, version))
        listed = await store.list_versions(tx.conn, caller.shop_id)
        answer = version_of(listed, number, tx.now) | {"programme": version.programme}
        return await once.keep(tx.conn, caller, json_answer(answer))


def _comes_into_force(caller: Caller, version: Version) -> Timer:
    place = timers_of(caller.shop_id, 0) if caller.shop.clock == "stream" else 0
    return Timer(caller.shop_id, VERSION_TIMER, f"{version.number}:0", version.in_force_from, place)


@router.post("/drafts/{draft}/discard", response_model=DraftAnswer, summary="Discard a draft")
async def discard_draft(caller: Writer, database: DatabaseDep, once: OnceDep, draft: DraftNumber) -> Response:
    """It is no longer listed. Changing it brings it back."""
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        found = await _locked(tx, caller, draft, None)
        if not found.discarded:
            found = _edited(found, caller, tx.now)._replace(discarded=True)
            await store.save_draft(tx.conn, caller.shop_id, found)
        return await once.keep(tx.conn, caller, json_answer(draft_of(found, whole=False), edition=found.edition))


def first_programme(shop: Shop) -> Programme:
    """One to begin with, in the shop's currency."""
    try:
        return ready_programme(shop.currency)
    except MoneyError:  # settings that no check of gateway would let pass
        return ready_programme("USD")


async def _made(tx: OpenTransaction, caller: Caller, name: str, programme: Programme, based_on: int | None) -> Draft:
    await store.lock(tx.conn, caller.shop_id)
    number, kept = await store.next_draft(tx.conn, caller.shop_id)
    if kept >= DRAFTS_MAX:
        raise conflict("too-many-drafts", "There are too many drafts", f"A shop has at most {DRAFTS_MAX}; discard one.")
    draft = Draft(number, 1, name, False, based_on, caller.actor, tx.now, programme)
    await store.save_draft(tx.conn, caller.shop_id, draft, is_new=True)
    return draft


async def _locked(tx: OpenTransaction, caller: Caller, number: int, if_match: str | None) -> Draft:
    found = await store.lock_draft(tx.conn, caller.shop_id, number)
    if found is None:
        raise not_found("draft")
    if if_match is not None and if_match != f'"{found.edition}"':
        raise changed_meanwhile()
    return found


def _edited(draft: Draft, caller: Caller, now: datetime) -> Draft:
    return draft._replace(edition=draft.edition + 1, author=caller.actor, changed_at=now)
