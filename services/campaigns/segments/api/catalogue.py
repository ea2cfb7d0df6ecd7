"""Segments: drafts, versions, and how far one has been made."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from services.campaigns.segments.api.forms import (
    DraftForm,
    ListedAnswer,
    NewForm,
    SegmentAnswer,
    SegmentId,
    VersionAnswer,
    VersionsAnswer,
    draft_of,
    segment_answer,
)
from services.campaigns.segments.domain.condition import written
from services.campaigns.segments.store import catalogue as store
from services.campaigns.segments.store import members
from shared.db import Reads
from shared.web import (
    Caller,
    Cursor,
    DatabaseDep,
    Limit,
    Page,
    allow,
    conflict,
    not_found,
    problem_responses,
    read_cursor,
)

router = APIRouter(prefix="/v1/segments", tags=["segments"])
Reader = Annotated[Caller, Depends(allow("campaigns:read"))]
Writer = Annotated[Caller, Depends(allow("campaigns:write"))]


@router.get("", response_model=Page[ListedAnswer], summary="Segments")
async def list_segments(
    caller: Reader, database: DatabaseDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[ListedAnswer]:
    """By id."""
    after = read_cursor(cursor, tuple[str])
    async with database.read(caller.shop_id) as reads:
        found = await store.listed(reads, int(caller.shop_id), after[0] if after else "", limit + 1)
    items = [
        ListedAnswer(
            id=one.id,
            title=one.draft.title,
            version=one.version or None,
            made=0 < one.version == one.made,
            changed_at=one.changed_at,
        )
        for one in found
    ]
    return Page[ListedAnswer].of(items, limit, lambda one: (one.id,))


@router.post("", response_model=SegmentAnswer, responses=problem_responses(409), summary="Make a segment")
async def make_segment(caller: Writer, database: DatabaseDep, body: NewForm) -> SegmentAnswer:
    """A draft. One that is there already just as it is sent stays as it is."""
    draft, shop = draft_of(body), int(caller.shop_id)
    async with database.write(caller.shop_id) as tx:
        if await store.count(tx.conn, shop) >= store.SEGMENTS_MAX:
            raise conflict("too-many", f"A shop has {store.SEGMENTS_MAX} segments at most", "Change one of those.")
        if not await store.make(tx.conn, shop, body.id, draft, tx.now):
            found = await store.find(tx.conn, shop, body.id)
            if found is None or found.draft != draft:
                raise conflict("exists", "There is another segment of this id", "Change it, or choose another `id`.")
        return await _shown(tx.conn, shop, body.id)


@router.get("/{segment}", response_model=SegmentAnswer, summary="A segment")
async def read_segment(caller: Reader, database: DatabaseDep, segment: SegmentId) -> SegmentAnswer:
    """Its draft, the version that holds, how many belong, and how far a version is that was published lately."""
    async with database.read(caller.shop_id) as reads:
        return await _shown(reads, int(caller.shop_id), segment)


@router.put("/{segment}", response_model=SegmentAnswer, summary="Change a segment's draft")
async def change_segment(caller: Writer, database: DatabaseDep, segment: SegmentId, body: DraftForm) -> SegmentAnswer:
    """The version that holds stays as it is until the draft is published."""
    draft, shop = draft_of(body), int(caller.shop_id)
    async with database.write(caller.shop_id) as tx:
        if not await store.change(tx.conn, shop, segment, draft, tx.now):
            raise not_found("segment")
        return await _shown(tx.conn, shop, segment)


@router.post("/{segment}/publish", response_model=SegmentAnswer, summary="Publish a segment's draft")
async def publish_segment(caller: Writer, database: DatabaseDep, segment: SegmentId) -> SegmentAnswer:
    """The next version. Events keep it from now on, and everybody else is judged by it in the background.

    A draft that says what the version says that holds makes none: pressed twice, it is one.
    """
    shop = int(caller.shop_id)
    async with database.write(caller.shop_id) as tx:
        found = await store.locked(tx.conn, shop, segment)
        if found is None:
            raise not_found("segment")
        if await store.holding(tx.conn, shop, segment) != found.draft:
            await store.publish(tx.conn, shop, segment, caller.actor, tx.now)
        return await _shown(tx.conn, shop, segment)


@router.get("/{segment}/versions", response_model=VersionsAnswer, summary="Versions of a segment")
async def list_segment_versions(caller: Reader, database: DatabaseDep, segment: SegmentId) -> VersionsAnswer:
    """Who published what, and when."""
    async with database.read(caller.shop_id) as reads:
        if await store.find(reads, int(caller.shop_id), segment) is None:
            raise not_found("segment")
        found = await store.versions_of(reads, int(caller.shop_id), segment)
    return VersionsAnswer(
        items=[
            VersionAnswer(
                version=one.version,
                title=one.title,
                author=one.author,
                published_at=one.published_at,
                condition=written(one.condition),
            )
            for one in found
        ]
    )


async def _shown(reads: Reads, shop: int, segment: str) -> SegmentAnswer:
    found = await store.find(reads, shop, segment)
    if found is None:
        raise not_found("segment")
    return segment_answer(found, await members.count(reads, shop, segment))
