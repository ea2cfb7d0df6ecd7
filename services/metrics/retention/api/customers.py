"""The customers behind any number of retention, over HTTP: pages of JSON, or the whole list as CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from services.metrics.counters import CounterSet
from services.metrics.orders import Choice, Listed, Question, Told, all_listed, listed
from services.metrics.questions import OnDay, day_until, today_in
from services.metrics.retention.answering import Basis, basis_of
from services.metrics.retention.api.listed import CustomersAnswer
from services.metrics.retention.api.routes import AskedDep, in_time
from services.metrics.retention.domain.figures import RETURN_DAYS, Asked
from services.metrics.retention.domain.lists import Of, choice_of, choice_of_cohort, choice_of_return
from services.metrics.retention.totals import Number, total_of
from shared.kernel import CustomerId, ShopId, customer_id_text, month_of, month_text, parse_month
from shared.web import (
    CSV_RESPONSE,
    Caller,
    ClockDep,
    CsvStart,
    Cursor,
    Database,
    DatabaseDep,
    Digits,
    FieldError,
    allow,
    csv_page,
    csv_stream,
    invalid,
    read_cursor,
    write_cursor,
)
from shared.web.paging import LIMIT_MAX

DEFAULT_LIMIT = 50
MONTHS_MAX = 119
HEADER = ("customer", "first_order_day", "last_order_day", "orders", "revenue", "currency")

router = APIRouter(prefix="/v1/retention", tags=["retention"])
ListCallerDep = Annotated[Caller, Depends(allow("customers:list", personal=True))]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The number that is asked about, with what some of them need besides window and period."""

    of: Of
    cohort: str | None
    month: int | None
    return_days: int | None


def _wanted(
    of: Annotated[Of, Query(description="The number. `held` and `end` are the same customers.", examples=["lost"])],
    cohort: Annotated[
        str | None,
        Query(
            pattern=r"^\d{4}-\d{2}$",
            # No example: it would be sent with those of the others, and goes with `of=cohort` only.
            description="With `of=cohort`: the month of the first order, such as 2026-01, in the shop's calendar.",
        ),
    ] = None,
    month: Annotated[
        int | None,
        Query(ge=0, le=MONTHS_MAX, description="With `of=cohort`: months since the first order. Default: 0."),
        Digits,
    ] = None,
    return_days: Annotated[
        Literal["30", "60", "90"] | None,
        Query(description="With `of=first_purchase` and `of=returned`: the days of the return rate. Default: 30."),
    ] = None,
) -> Wanted:
    if of == "cohort" and cohort is None:
        raise invalid(FieldError("query.cohort", "is required with of=cohort, such as 2026-01"))
    if of != "cohort" and (cohort, month) != (None, None):
        field = "cohort" if cohort is not None else "month"
        raise invalid(FieldError(f"query.{field}", "goes with of=cohort only"))
    if of not in ("first_purchase", "returned") and return_days is not None:
        raise invalid(FieldError("query.return_days", "goes with of=first_purchase and of=returned only"))
    return Wanted(of, cohort, month, None if return_days is None else int(return_days))


@router.get(
    "/{as_of}/customers",
    response_model=CustomersAnswer,
    responses=CSV_RESPONSE,
    summary="The customers behind a number",
)
async def read_customers(
    *,
    request: Request,
    caller: ListCallerDep,
    database: DatabaseDep,
    clock: ClockDep,
    as_of: OnDay,
    wanted: Annotated[Wanted, Depends(_wanted)],
    asked: AskedDep,
    csv: CsvStart,
    limit: Annotated[
        int | None,
        Query(ge=1, le=LIMIT_MAX, description="Customers of a page, at most. Default: 50; of CSV: all, in one answer."),
        Digits,
    ] = None,
    cursor: Cursor = None,
) -> Response:
    """Exactly those who are counted: `total` is the number itself, and the pages together hold as many customers.

    A page may hold fewer customers than its limit and still not be the last one: that is the one whose `next` is null.
    In the order of their ids, so that a customer who is added meanwhile makes no other one come twice or not at all.
    Orders and revenue are those of the window that ends with the day, revenue in the asked currency; on
    basis `booked` of orders that stand in the books on the day. A CSV without
    `limit` holds the whole list, of one moment; with `limit`, the header `Link` leads to the next page.
    """
    key = read_cursor(cursor, tuple[int])
    after = 0 if key is None else key[0]
    async with database.read(caller.shop_id) as reads:
        basis = await basis_of(reads, caller.shop)
        day = day_until("as_of", as_of, today_in(basis.zone, clock), where="path")
        choice, wanted = _choose(wanted, asked, basis, day)
        books = None
        if asked.basis == "booked":
            books = Question(wanted.of, day, asked.window, asked.period, asked.currency)
        told = Told(day, asked.window, asked.currency, books)
        if csv is None or limit is not None:
            async with in_time(basis, asked):
                total = await total_of(
                    reads, basis, asked, Number(wanted.of, day, wanted.return_days), choice, books=books
                )
            size = limit or DEFAULT_LIMIT
            found = await listed(
                reads, caller.shop_id, basis.counters.generation, choice, told, after=after, limit=size + 1
            )
    name = f"{wanted.of}-{as_of}"
    if csv is not None and limit is None:
        return csv_stream(csv, HEADER, _batches(database, basis.counters, choice, told, after=after), name)
    page = found.rows[:size]
    reached = page[-1].customer if len(found.rows) > size else found.reached
    following = None if reached is None else write_cursor((reached,))
    if csv is not None:
        link = f"?{request.url.include_query_params(cursor=following).query}" if following else None
        return csv_page(csv, HEADER, _cells(page, asked.currency), name, following=link)
    body = _body(wanted, asked, as_of, total)
    items = [_item(row, asked.currency) for row in page]
    return Response(msgspec.json.encode(body | {"items": items, "next": following}), media_type="application/json")


def _body(wanted: Wanted, asked: Asked, as_of: date, total: int) -> dict[str, Any]:
    return {
        "as_of": as_of,
        "of": wanted.of,
        "cohort": wanted.cohort,
        "month": wanted.month,
        "return_days": wanted.return_days,
        "window_days": asked.window,
        "period_days": asked.period,
        "basis": asked.basis,
        "currency": asked.currency,
        "total": total,
    }


async def _batches(
    database: Database, counters: CounterSet, choice: Choice, told: Told, *, after: int
) -> AsyncIterator[Iterable[tuple[Any, ...]]]:
    # A transaction of its own: the answer may begin after the route has returned, or never if the caller has gone.
    async with (
        database.read(ShopId(counters.shop)) as reads,
        aclosing(all_listed(reads, counters.shop, counters.generation, choice, told, after=after)) as batches,
    ):
        async for rows in batches:
            yield _cells(rows, told.currency)


def _choose(wanted: Wanted, asked: Asked, basis: Basis, day: int) -> tuple[Choice, Wanted]:
    """Who is asked for, and the question with its defaults."""
    if wanted.of == "cohort":
        month, since = _cohort(wanted, basis, day)
        return choice_of_cohort(month, since, basis.calendar, day), replace(wanted, month=since)
    if wanted.of in ("first_purchase", "returned"):
        days = wanted.return_days or RETURN_DAYS[0]
        return choice_of_return(days, day, returned=wanted.of == "returned"), replace(wanted, return_days=days)
    return choice_of(wanted.of, asked, day), wanted


def _cohort(wanted: Wanted, basis: Basis, day: int) -> tuple[int, int]:
    assert wanted.cohort is not None
    since = wanted.month or 0
    try:
        month = parse_month(wanted.cohort)
    except ValueError as error:
        raise invalid(FieldError("query.cohort", str(error))) from None
    last = month_of(day, basis.calendar)  # type: ignore[arg-type]  # days of questions are plain ordinals
    if month > last:
        raise invalid(FieldError("query.cohort", f"may not lie after the day's month, {month_text(last)}"))
    if last - month > MONTHS_MAX:
        raise invalid(FieldError("query.cohort", f"may not lie more than {MONTHS_MAX} months before the day"))
    if month + since > last:
        raise invalid(FieldError("query.month", f"lies in the future: at most {last - month} for this cohort"))
    return month, since


def _item(row: Listed, currency: str) -> dict[str, Any]:
    return {
        "customer": customer_id_text(CustomerId(row.customer)),
        "first_order_day": date.fromordinal(row.first_day),
        "last_order_day": None if row.last_day is None else date.fromordinal(row.last_day),
        "orders": row.orders,
        "revenue": {"amount": row.revenue, "currency": currency},
    }


def _cells(rows: Iterable[Listed], currency: str) -> list[tuple[Any, ...]]:
    return [
        (
            customer_id_text(CustomerId(row.customer)),
            date.fromordinal(row.first_day),
            None if row.last_day is None else date.fromordinal(row.last_day),
            row.orders,
            row.revenue,
            currency,
        )
        for row in rows
    ]
