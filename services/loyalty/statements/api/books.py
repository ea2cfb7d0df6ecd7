"""Sums for the books: liability, breakage, and how the programme does."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from services.loyalty.statements import store
from services.loyalty.statements.api.asking import start_of, today_of
from services.loyalty.statements.domain import books_of
from shared.web import Caller, ClockDep, DatabaseDep, FieldError, allow, invalid

router = APIRouter(prefix="/v1/points", tags=["points"])
Reader = Annotated[Caller, Depends(allow("metrics:read"))]


class RatioAnswer(BaseModel):
    """A share, with what it was made of."""

    numerator: int
    denominator: int
    value: float | None = Field(description="Null: a ratio over nothing.")


class LiabilityAnswer(BaseModel):
    """What became of all points up to the end of a day, as it was booked."""

    as_of: date = Field(description="A day of the shop.")
    issued: int
    redeemed: int
    expired: int
    reversed: int = Field(description="Taken back, as what had earned it was refunded.")
    adjusted: int = Field(description="Taken by corrections or borne by the shop, less what corrections gave.")
    outstanding: int = Field(description="What members have, debts taken off: the liability.")
    breakage: RatioAnswer = Field(description="Expired, of all that was redeemed or expired.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "as_of": "2026-03-21",
                "issued": 50_110,
                "redeemed": 12_000,
                "expired": 3_000,
                "reversed": 1_110,
                "adjusted": 0,
                "outstanding": 34_000,
                "breakage": {"numerator": 3_000, "denominator": 15_000, "value": 0.2},
            }
        }
    )


class HealthAnswer(BaseModel):
    """How the programme does: members now, and points of the window that ends on a day."""

    as_of: date
    days: int
    members: int = Field(description="Active ones, by identity.")
    left: int
    blocked: int
    joined: int = Field(description="Of all members, those who joined in the window.")
    enrolment: RatioAnswer = Field(description="Active members, of all customers.")
    issued: int
    redeemed: int
    expired: int
    reversed: int
    redemption: RatioAnswer = Field(description="Points redeemed, of those issued in the window.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "as_of": "2026-03-21",
                "days": 365,
                "members": 806,
                "left": 3,
                "blocked": 1,
                "joined": 120,
                "enrolment": {"numerator": 806, "denominator": 1_012, "value": 0.7964},
                "issued": 50_110,
                "redeemed": 12_000,
                "expired": 3_000,
                "reversed": 1_110,
                "redemption": {"numerator": 12_000, "denominator": 50_110, "value": 0.2395},
            }
        }
    )


AsOf = Annotated[date | None, Query(description="A day of the shop; absent: today.", examples=["2026-03-21"])]


@router.get("/liability", response_model=LiabilityAnswer, summary="What members have, and what expired")
async def read_liability(caller: Reader, database: DatabaseDep, clock: ClockDep, as_of: AsOf = None) -> LiabilityAnswer:
    """All points ever issued, and what became of them up to the end of a day."""
    async with database.read(caller.shop_id) as reads:
        today = await today_of(reads, caller.shop, clock.now())
        day = today if as_of is None else as_of.toordinal()
        if day > today:
            raise invalid(FieldError("query.as_of", "lies in the future; give a day up to today"))
        books = books_of(await store.sums(reads, caller.shop_id, -1, day))
    return LiabilityAnswer(
        as_of=date.fromordinal(day),
        **books._asdict(),
        outstanding=books.outstanding,
        breakage=_ratio(books.expired, books.used_up),
    )


@router.get("/health", response_model=HealthAnswer, summary="How the programme does")
async def read_health(
    caller: Reader,
    database: DatabaseDep,
    clock: ClockDep,
    days: Annotated[int, Query(ge=1, le=3_660, description="Length of the window.", examples=[365])] = 365,
) -> HealthAnswer:
    """Who takes part, and what becomes of points. The window is the last days of the shop, today among them."""
    async with database.read(caller.shop_id) as reads:
        today = await today_of(reads, caller.shop, clock.now())
        books = books_of(await store.sums(reads, caller.shop_id, today - days, today))
        since, until = start_of(caller.shop, today - days + 1), start_of(caller.shop, today + 1)
        people = await store.members(reads, caller.shop_id, since, until)
    known = max(people["known"], people["active"])
    return HealthAnswer(
        as_of=date.fromordinal(today),
        days=days,
        members=people["active"],
        left=people["left"],
        blocked=people["blocked"],
        joined=people["joined"],
        enrolment=_ratio(people["active"], known),
        issued=books.issued,
        redeemed=books.redeemed,
        expired=books.expired,
        reversed=books.reversed,
        redemption=_ratio(books.redeemed, books.issued),
    )


def _ratio(numerator: int, denominator: int) -> RatioAnswer:
    value = round(numerator / denominator, 4) if denominator else None
    return RatioAnswer(numerator=numerator, denominator=denominator, value=value)
