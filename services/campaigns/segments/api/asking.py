"""For how many a condition holds, and who belongs to a segment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from services.campaigns.clocks import time_of
from services.campaigns.segments.api.forms import (
    MemberAnswer,
    SegmentId,
    SizeAnswer,
    SizeForm,
    condition_of,
)
from services.campaigns.segments.domain.condition import Condition
from services.campaigns.segments.domain.judging import day_at
from services.campaigns.segments.store import catalogue, members, sizing
from services.campaigns.segments.store.members import Asking, Member
from shared.kernel import CustomerId, ShopId, Zone, customer_id_text
from shared.web import (
    CSV_RESPONSE,
    Caller,
    ClockDep,
    CsvStart,
    Cursor,
    Database,
    DatabaseDep,
    Digits,
    Page,
    allow,
    csv_page,
    csv_stream,
    not_found,
    read_cursor,
    write_cursor,
)
from shared.web.paging import LIMIT_MAX

router = APIRouter(prefix="/v1/segments", tags=["segments"])
HEADER = ("customer", "since", "version")
_DEFAULT_LIMIT = 50
_BATCH = 5_000
_SCHEMA = msgspec.json.schema(Condition)


@router.get(
    "/schema",
    response_model=dict[str, Any],
    responses={200: {"content": {"application/json": {"example": {"anyOf": [{"$ref": "#/$defs/All"}], "$defs": {}}}}}},
    summary="JSON Schema of a condition",
)
async def read_schema(_caller: Annotated[Caller, Depends(allow("campaigns:read"))]) -> dict[str, Any]:
    """For editors, and for whoever writes a condition by hand."""
    return _SCHEMA


@router.post("/size", response_model=SizeAnswer, summary="For how many a condition holds")
async def size(
    caller: Annotated[Caller, Depends(allow("customers:list", personal=True, writes=False))],
    database: DatabaseDep,
    clock: ClockDep,
    body: SizeForm,
) -> SizeAnswer:
    """Before it is used: of all whom the shop knows now. Nothing is kept.

    Of a shop with more than 100,000 profiles 20,000 customers are asked, always the same; then `exact` is false, every
    number is an estimate, and `low` and `high` bound the size. A published segment has all its members counted.
    """
    condition = condition_of(body.condition)
    async with database.read(caller.shop_id) as reads:
        now = await time_of(reads, caller.shop, clock.now())
        zone = Zone(caller.shop.zone)
        found = await sizing.size(reads, Asking(int(caller.shop_id), zone, day_at(zone, now)), condition, body.purpose)
    return SizeAnswer(
        customers=found.customers,
        size=found.size.value,
        low=found.size.low,
        high=found.size.high,
        exact=found.exact,
        share=round(found.size.value / found.customers, 6) if found.customers else None,
        reachable=found.reachable,
        sample=[customer_id_text(CustomerId(one)) for one in found.sample],
        as_of=now,
    )


@router.get(
    "/{segment}/members", response_model=Page[MemberAnswer], responses=CSV_RESPONSE, summary="Who belongs to a segment"
)
async def list_members(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(allow("customers:list", personal=True))],
    database: DatabaseDep,
    segment: SegmentId,
    csv: CsvStart,
    limit: Annotated[
        int | None,
        Query(ge=1, le=LIMIT_MAX, description="Members of a page, at most. Default: 50; of CSV: all, in one answer."),
        Digits,
    ] = None,
    cursor: Cursor = None,
) -> Response:
    """By id. A CSV without `limit` holds all, of one moment; with `limit`, the header `Link` leads to the next page."""
    after = read_cursor(cursor, tuple[int]) or (0,)
    shop = int(caller.shop_id)
    if csv is not None and limit is None:
        async with database.read(caller.shop_id) as reads:
            await _known(reads, shop, segment)
        return csv_stream(csv, HEADER, _batches(database, shop, segment, after[0]), segment)
    size = limit or _DEFAULT_LIMIT
    async with database.read(caller.shop_id) as reads:
        await _known(reads, shop, segment)
        found = await members.page(reads, shop, segment, after[0], size + 1)
    following = write_cursor((found[size - 1].customer,)) if len(found) > size else None
    if csv is not None:
        link = f"?{request.url.include_query_params(cursor=following).query}" if following else None
        return csv_page(csv, HEADER, map(_row, found[:size]), segment, following=link)
    items = [dict(zip(HEADER, _row(one), strict=True)) for one in found[:size]]
    return Response(msgspec.json.encode({"items": items, "next": following}), media_type="application/json")


async def _known(reads: Any, shop: int, segment: str) -> None:
    if await catalogue.find(reads, shop, segment) is None:
        raise not_found("segment")


async def _batches(
    database: Database, shop: int, segment: str, after: int
) -> AsyncIterator[Iterable[tuple[str, str, int]]]:
    # A transaction of its own: the answer may begin after the route has returned, or never if the caller has gone.
    async with database.read(ShopId(shop)) as reads:
        while found := await members.page(reads, shop, segment, after, _BATCH):
            yield [_row(one) for one in found]
            after = found[-1].customer


def _row(one: Member) -> tuple[str, str, int]:
    since = one.since.isoformat().replace("+00:00", "Z")
    return customer_id_text(CustomerId(one.customer)), since, one.version
