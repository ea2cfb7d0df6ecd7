"""Versions over HTTP: which there are, what they say, how they differ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from services.loyalty.programmes import store
from services.loyalty.programmes.api.forms import (
    READ,
    SAMPLE_EXPORT,
    SAMPLE_WHOLE,
    DifferencesAnswer,
    Number,
    VersionsAnswer,
    WholeVersionAnswer,
    json_answer,
    shown,
)
from services.loyalty.programmes.asked import named_programme
from services.loyalty.programmes.domain.body import Programme
from services.loyalty.programmes.domain.differing import differences
from services.loyalty.programmes.domain.reading import programme_schema, write_file
from services.loyalty.programmes.domain.ready import ready_programme
from services.loyalty.programmes.domain.versions import spans, state_of
from services.loyalty.programmes.store import Listed
from shared.kernel import MoneyError
from shared.web import Caller, ClockDep, DatabaseDep, FieldError, allow, invalid, not_found

router = APIRouter(prefix="/v1/programmes", tags=["programmes"])
Reader = Annotated[Caller, Depends(allow(READ))]
Named = Annotated[
    str,
    Query(
        pattern=r"^(draft-)?\d{1,9}$",
        description="A version by its number, or a draft: `draft-3`.",
        examples=["1"],
    ),
]


@router.get("", response_model=VersionsAnswer, summary="Versions of the programme")
async def list_programmes(caller: Reader, database: DatabaseDep, clock: ClockDep) -> Response:
    """The newest first, each with when it was, is or will be in force, who published it, and why."""
    async with database.read(caller.shop_id) as reads:
        listed = await store.list_versions(reads, caller.shop_id)
    now = clock.now()
    return json_answer({"items": [version_of(listed, one.number, now) for one in reversed(listed)]})


@router.get(
    "/schema",
    response_model=dict[str, Any],
    responses=shown({"$ref": "#/$defs/Programme", "$defs": {"Programme": {"title": "Programme", "type": "object"}}}),
    summary="JSON Schema of a programme",
)
async def read_schema(_caller: Reader) -> Response:
    """For editors, and for whoever writes a programme by hand."""
    return json_answer(programme_schema())


@router.get(
    "/ready",
    response_model=dict[str, Any],
    responses=shown({"programme": SAMPLE_WHOLE}),
    summary="A programme to begin with",
)
async def read_ready(caller: Reader) -> Response:
    """In the shop's currency: a point for each unit spent, tiers by points of a year, a year to spend them."""
    try:
        return json_answer({"programme": ready_programme(caller.shop.currency)})
    except MoneyError as error:
        raise invalid(FieldError("shop.currency", str(error))) from None


@router.get("/diff", response_model=DifferencesAnswer, summary="How two programmes differ")
async def compare(caller: Reader, database: DatabaseDep, before: Named, after: Named) -> Response:
    """Field by field, of versions or drafts; rules and tiers are compared by id, wherever they stand."""
    async with database.read(caller.shop_id) as reads:
        _, one = await named_programme(reads, caller.shop_id, before, "query.before")
        _, other = await named_programme(reads, caller.shop_id, after, "query.after")
    return json_answer({"differences": [found._asdict() for found in differences(one, other)]})


@router.get("/{version}", response_model=WholeVersionAnswer, summary="A version")
async def read_programme_version(caller: Reader, database: DatabaseDep, clock: ClockDep, version: Number) -> Response:
    """With what it says."""
    async with database.read(caller.shop_id) as reads:
        found = await store.load_version(reads, caller.shop_id, version)
        listed = await store.list_versions(reads, caller.shop_id)
    if found is None:
        raise not_found("version")
    return json_answer(version_of(listed, version, clock.now()) | {"programme": found.programme})


@router.get(
    "/{version}/export",
    summary="A version as a file",
    response_model=dict[str, Any],
    responses=shown(SAMPLE_EXPORT),
)
async def export_version(caller: Reader, database: DatabaseDep, version: Number) -> Response:
    """JSON with every field written out; importing it gives the same programme."""
    async with database.read(caller.shop_id) as reads:
        found = await store.load_version(reads, caller.shop_id, version)
    if found is None:
        raise not_found("version")
    return file_answer(found.programme, f"programme-{version}")


def version_of(listed: Sequence[Listed], number: int, now: datetime) -> dict[str, Any]:
    """Fields of a version's answer."""
    one = next(version for version in listed if version.number == number)
    span = spans([(version.number, version.in_force_from) for version in listed])[number]
    return {
        "version": number,
        "state": state_of(span, now),
        "in_force_from": one.in_force_from,
        "in_force_until": span.until,
        "author": one.author,
        "reason": one.reason,
        "published_at": one.published_at,
    }


def file_answer(programme: Programme, name: str) -> Response:
    """A programme as a file to be saved."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.json"'}
    return Response(write_file(programme), headers=headers, media_type="application/json")
