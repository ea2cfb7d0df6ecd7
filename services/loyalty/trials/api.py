"""A draft is tried on the orders of the last days: nothing is kept, nobody earns."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.loyalty.earning import Place
from services.loyalty.programmes import Programme, load_in_force, named_programme, programme_of
from services.loyalty.trials import store
from services.loyalty.trials.domain import QUANTILES, Outlook, Sums, outlook
from shared.kernel import CustomerId, Zone
from shared.kernel.ids import CUSTOMER_ID_BITS
from shared.web import Caller, ClockDep, DatabaseDep, FieldError, allow, invalid

OCCASIONS_MAX = 10_000
_NAME = r"^(draft-)?\d{1,9}$"

router = APIRouter(prefix="/v1/programmes", tags=["programmes"])
Asker = Annotated[Caller, Depends(allow("programmes:read", writes=False))]


class TrialBody(BaseModel):
    """What is tried, and on what."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"example": {"of": "draft-1"}})

    of: str | None = Field(None, pattern=_NAME, description="A draft, `draft-3`, or a version by its number.")
    programme: dict[str, Any] | None = Field(None, description="A programme that is kept nowhere; then without `of`.")
    against: str | None = Field(None, pattern=_NAME, description="Compared with it; null: the version in force.")
    days: int = Field(30, ge=1, le=90, description="So many days until now.")
    whom: Literal["members", "everybody"] = Field(
        "members", description="`members`: what was judged by a programme. `everybody`: as if every customer were one."
    )


class SumsAnswer(BaseModel):
    """What a programme gives in all."""

    points: int
    occasions: int = Field(description="Orders and interactions that earn anything.")
    customers: int = Field(description="Who earn anything.")
    rules: dict[str, int] = Field(description="Points by rule.")


class TrialAnswer(BaseModel):
    """Two programmes side by side."""

    days: int
    customers: int
    occasions: int = Field(description="Orders and interactions that were looked at, as they are known now.")
    complete: bool = Field(
        description=f"False: there are more than {OCCASIONS_MAX}, and only a part of the customers was looked at."
    )
    share: float = Field(description="About which share of customers that is; what is given is not blown up by it.")
    posted: int = Field(description="Points that stand for them in the ledger.")
    before: SumsAnswer
    after: SumsAnswer
    more: int = Field(description="Customers who would have got more.")
    fewer: int
    differences: dict[str, int] = Field(description="Quantiles of the difference, over customers, by percent.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "days": 30,
                "customers": 812,
                "occasions": 1_140,
                "complete": True,
                "share": 1.0,
                "posted": 50_110,
                "before": {"points": 50_110, "occasions": 1_122, "customers": 806, "rules": {"purchase": 50_110}},
                "after": {"points": 61_300, "occasions": 1_122, "customers": 806, "rules": {"purchase": 61_300}},
                "more": 640,
                "fewer": 0,
                "differences": {"0": 0, "10": 0, "25": 2, "50": 9, "75": 18, "90": 31, "100": 260},
            }
        }
    )


@router.post("/trial", response_model=TrialAnswer, summary="Try a draft on what really happened")
async def try_programme(caller: Asker, database: DatabaseDep, clock: ClockDep, body: TrialBody) -> Response:
    """What it would have given for the orders and interactions of the last days, beside the version in force.

    Both are judged alike: as orders are known now, with their number and tier; caps count from the first of the days.
    Interactions of names that no version asked for are not kept, so they are not tried. Nothing is changed by asking.
    """
    if (body.of is None) == (body.programme is None):
        raise invalid(FieldError("body.of", "give either a draft or version, or a whole `programme`"))
    now = clock.now()
    before: Programme | None
    async with database.read(caller.shop_id) as reads:
        if body.of is not None:
            _, after = await named_programme(reads, caller.shop_id, body.of, "body.of")
        else:
            assert body.programme is not None, "one of the two is given"
            after = programme_of(body.programme)
        if body.against is not None:
            _, before = await named_programme(reads, caller.shop_id, body.against, "body.against")
        else:
            version = await load_in_force(reads, caller.shop_id, now)
            before = None if version is None else version.programme
        since = now - timedelta(days=body.days)
        found = await store.happened_since(reads, caller.shop, since, OCCASIONS_MAX, members=body.whom == "members")
    place = Place(Zone(caller.shop.zone), caller.shop.calendar)
    # Ten thousand orders take a second: beside the loop, which goes on answering others.
    seen = await asyncio.to_thread(outlook, found.happened, before, after, place)
    return Response(msgspec.json.encode(_answer(body.days, seen, found.last)), media_type="application/json")


def _answer(days: int, seen: Outlook, last: CustomerId | None) -> dict[str, Any]:
    return {
        "days": days,
        "customers": seen.customers,
        "occasions": seen.occasions,
        "complete": last is None,
        # Ids are drawn evenly, so the last one tells how far a walk in their order has come.
        "share": 1.0 if last is None else round(last / (1 << CUSTOMER_ID_BITS), 4),
        "posted": seen.posted,
        "before": _sums(seen.before),
        "after": _sums(seen.after),
        "more": seen.more,
        "fewer": seen.fewer,
        "differences": {str(percent): value for percent, value in zip(QUANTILES, seen.quantiles, strict=False)},
    }


def _sums(one: Sums) -> dict[str, Any]:
    return {"points": one.points, "occasions": one.occasions, "customers": one.customers, "rules": one.by_rule}
