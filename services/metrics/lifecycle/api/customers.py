"""Customers of a stage over HTTP: pages of JSON, or the whole list as CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from services.metrics.lifecycle.answering import Ground, ground_of, stage_name
from services.metrics.lifecycle.api.answers import StagedPageAnswer
from services.metrics.lifecycle.domain.stages import Reason, Stage, Standing, last_active
from services.metrics.lifecycle.domain.thresholds import Rules
from services.metrics.lifecycle.store.counting import census_at
from services.metrics.lifecycle.store.listing import InStage, Sort, Staged, all_staged, staged
from services.metrics.questions import BasisOfStages, Day, refuse_booked_stages
from shared.kernel import CustomerId, ShopId, customer_id_text
from shared.web import (
    CSV_RESPONSE,
    Caller,
    ClockDep,
    CsvStart,
    Cursor,
    Database,
    DatabaseDep,
    Digits,
    allow,
    csv_page,
    csv_stream,
    read_cursor,
    write_cursor,
)
from shared.web.paging import LIMIT_MAX

DEFAULT_LIMIT = 50
StageName = Literal["new", "active", "lapsing", "reactivated", "lost"]
HEADER = (
    *("customer", "stage", "since", "previous", "reason", "late", "last_order_day", "last_active_day"),
    *("days", "threshold_days", "event_id"),
)

router = APIRouter(prefix="/v1/customers", tags=["customers"])


@router.get("", response_model=StagedPageAnswer, responses=CSV_RESPONSE, summary="The customers in a stage")
async def list_customers(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(allow("customers:list", personal=True))],
    database: DatabaseDep,
    clock: ClockDep,
    stage: Annotated[StageName, Query(description="Where they stand.", examples=["lapsing"])],
    csv: CsvStart,
    as_of: Annotated[
        Day | None,
        Query(
            description="At the end of this day of the shop's zone. Default: the shop's present one.",
            examples=["2026-03-20"],
        ),
    ] = None,
    sort: Annotated[
        Sort, Query(description="`customer`: by id. `day`: by the day of the change, the latest first.")
    ] = "customer",
    limit: Annotated[
        int | None,
        Query(ge=1, le=LIMIT_MAX, description="Customers of a page, at most. Default: 50; of CSV: all, in one answer."),
        Digits,
    ] = None,
    cursor: Cursor = None,
    basis: BasisOfStages = "restated",
) -> Response:
    """Who is lapsing, lost or new today, or was on any day before, with what brought them there.

    `total` is the number that `/v1/stages` has. A page may hold fewer customers than its limit and still not be the
    last one: that is the one whose `next` is null. A CSV without `limit` holds the whole list, of one moment; with
    `limit`, the header `Link` leads to the next page.
    """
    after: tuple[int, ...] = read_cursor(cursor, tuple[int] if sort == "customer" else tuple[int, int]) or ()
    async with database.read(caller.shop_id) as reads:
        ground = await ground_of(reads, caller.shop, clock)
        refuse_booked_stages(basis, ground.lifecycle.lost_days)
        day = ground.day("as_of", as_of)
        asked = _asked(ground, Stage[stage.upper()], day, sort)
        if csv is None or limit is not None:
            [census] = await census_at(reads, ground.counters, [day], [day - 1])
            size = limit or DEFAULT_LIMIT
            found = await staged(reads, asked, after=after, limit=size + 1)
    name = f"{stage}-{date.fromordinal(day)}"
    if csv is not None and limit is None:
        return csv_stream(csv, HEADER, _batches(database, asked, ground.rules, after), name)
    page = found.rows[:size]
    reached = page[-1].place(sort) if len(found.rows) > size else found.reached
    following = None if reached is None else write_cursor(reached)
    items = [_item(row, asked, ground.rules) for row in page]
    if csv is not None:
        link = f"?{request.url.include_query_params(cursor=following).query}" if following else None
        return csv_page(csv, HEADER, (tuple(item.values()) for item in items), name, following=link)
    body = {
        "as_of": date.fromordinal(day),
        "stage": stage,
        "sort": sort,
        "basis": basis,
        "lost_days": ground.lifecycle.lost_days,
        "total": census.stages[asked.stage],
        "items": items,
        "next": following,
    }
    return Response(msgspec.json.encode(body), media_type="application/json")


def _asked(ground: Ground, stage: Stage, day: int, sort: Sort) -> InStage:
    # A lapsing customer is lost before the window is over; onboarding ends by itself. The others stay as they like.
    longest = {
        Stage.LAPSING: ground.rules.lost_days,
        Stage.NEW: ground.rules.onboarding_days,
        Stage.REACTIVATED: ground.rules.onboarding_days,
    }.get(stage)
    counters = ground.counters
    return InStage(counters.shop, counters.generation, stage, day, day == ground.today, longest, sort)


async def _batches(
    database: Database, asked: InStage, rules: Rules, after: tuple[int, ...]
) -> AsyncIterator[Iterable[tuple[Any, ...]]]:
    # A transaction of its own: the answer may begin after the route has returned, or never if the caller has gone.
    async with (
        database.read(ShopId(asked.shop)) as reads,
        aclosing(all_staged(reads, asked, after=after)) as batches,
    ):
        async for rows in batches:
            yield [tuple(_item(row, asked, rules).values()) for row in rows]


def _item(row: Staged, asked: InStage, rules: Rules) -> dict[str, Any]:
    """In the order of HEADER."""
    standing = Standing(began=row.began or 0, last_order=row.last_order or 0, last_visit=row.last_visit or 0)
    active = last_active(standing, rules)
    passed = row.threshold if row.stage in (Stage.LAPSING, Stage.LOST) else None
    return {
        "customer": customer_id_text(CustomerId(row.customer)),
        "stage": stage_name(row.stage),
        "since": date.fromordinal(row.day),
        "previous": stage_name(row.previous),
        "reason": Reason(row.reason).name.lower(),
        "late": row.late,
        "last_order_day": date.fromordinal(row.last_order) if row.last_order else None,
        "last_active_day": date.fromordinal(active) if active else None,
        "days": asked.at - active if active else None,
        "threshold_days": passed or row.present_threshold or None,
        "event_id": row.event_id,
    }
