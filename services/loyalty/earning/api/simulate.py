"""A cart is tried on a programme: nothing is kept, nobody earns."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.loyalty.earning.answers import rules_of
from services.loyalty.earning.api.forms import SimulationAnswer, Trial, context_of, purchase_of
from services.loyalty.earning.domain.entitlement import entitlement
from services.loyalty.earning.domain.validity import Place, active_from, expires_at
from services.loyalty.programmes import Programme, load_in_force, named_programme, programme_of
from shared.db import Reads
from shared.kernel import MAX_MINOR_UNITS, Zone
from shared.web import Caller, ClockDep, DatabaseDep, FieldError, allow, invalid

_YEARS = 1970, 2200

router = APIRouter(prefix="/v1/programmes", tags=["programmes"])
Asker = Annotated[Caller, Depends(allow("programmes:read", writes=False))]


@router.post("/simulate", response_model=SimulationAnswer, summary="What an order would earn")
async def simulate(caller: Asker, database: DatabaseDep, clock: ClockDep, body: Trial) -> Response:
    """By rule and line, with the reasons, of a cart or an interaction, on any version, draft or programme.

    With `refunds`, what would be left after them. Nothing is kept.
    """
    at = body.at or clock.now()
    if not _YEARS[0] <= at.year < _YEARS[1]:
        raise invalid(FieldError("body.at", f"must lie in the years {_YEARS[0]} to {_YEARS[1] - 1}"))
    if sum(line.price * line.quantity for line in body.order.lines) > MAX_MINOR_UNITS:
        raise invalid(FieldError("body.order.lines", f"cost more than {MAX_MINOR_UNITS} minor units in all"))
    if len({line.line_id for line in body.order.lines}) < len(body.order.lines):
        raise invalid(FieldError("body.order.lines", "two lines have one id; give each its own"))
    if body.programme is not None:
        if body.of is not None:
            raise invalid(FieldError("body.of", "goes without `programme`; leave one of the two out"))
        version, programme = None, programme_of(body.programme)
    else:
        async with database.read(caller.shop_id) as reads:
            version, programme = await _named(reads, caller, body.of, at)
    purchase = purchase_of(body.order, at, programme)
    found = entitlement(purchase, programme, context_of(body.customer, version or 0, caller.shop.zone))
    place = Place(Zone(caller.shop.zone), caller.shop.calendar)
    active = active_from(programme.pending, at, place)
    answer = {
        "version": version,
        "points": found.points,
        "earned": found.earned,
        "active_from": active,
        "expires_at": expires_at(programme.expiry, active, place),
        "rules": rules_of(found, programme, body.customer.number),
    }
    return Response(msgspec.json.encode(answer), media_type="application/json")


async def _named(reads: Reads, caller: Caller, name: str | None, at: datetime) -> tuple[int | None, Programme]:
    if name is not None:
        return await named_programme(reads, caller.shop_id, name, "body.of")
    version = await load_in_force(reads, caller.shop_id, at)
    if version is None:
        raise invalid(FieldError("body.of", "no version is in force then; name a version or a draft"))
    return version.number, version.programme
