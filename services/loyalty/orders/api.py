"""Why an order, or an interaction, got its points: worked out again from what is kept of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.loyalty.earning import RuleAnswer, entitlement, rules_of
from services.loyalty.orders.domain.granting import Grant, Kept
from services.loyalty.orders.domain.occasion import Key, Kind, purchase_of
from services.loyalty.orders.domain.schemes import NEVER, asks_for_numbers
from services.loyalty.orders.store.occurred import load_one
from services.loyalty.programmes import Programme, load_version
from shared.kernel import CustomerId, customer_id_text, moment_of
from shared.web import Caller, DatabaseDep, FieldError, allow, invalid, not_found

_ID = r"^[^\x00-\x1f\x7f]{1,200}$"
router = APIRouter(prefix="/v1/points", tags=["points"])
OrderId = Annotated[str | None, Query(pattern=_ID, description="The shop's id of an order.", examples=["A-1001"])]
EventId = Annotated[str | None, Query(pattern=_ID, description="Or the id of an interaction's event.")]
Reader = Annotated[Caller, Depends(allow("customers:read", personal=True))]
_EXAMPLE: dict[str, Any] = {
    "order": "A-1001",
    "interaction": None,
    "customer": "1k5f0q2v9a3bd",
    "occurred_at": "2026-03-21T10:15:00Z",
    "why_not": None,
    "version": 1,
    "number": 3,
    "tier": "",
    "segments": [],
    "used": {},
    "points": 45,
    "earned": 45,
    "active_on": "2026-04-04",
    "expires_on": "2027-04-05",
    "rules": [
        {
            "rule": "purchase",
            "name": "A point for each dollar",
            "verdict": "counted",
            "earned": 45,
            "points": 45,
            "why": "1 for each 1.00 USD of 45.00 USD. That makes 45.",
            "sentences": [{"key": "makes", "text": "That makes 45.", "values": {"points": 45}}],
            "lines": [{"line": "", "earned": 45, "points": 45}],
        }
    ],
}


class ExplainedAnswer(BaseModel):
    """What an order or an interaction is worth, by rule and line, and why."""

    order: str | None
    interaction: str | None
    customer: str | None = Field(description="Whose account the points are in; null for a guest's order.")
    occurred_at: datetime | None = Field(description="Its first completion; null while that is not known.")
    why_not: str | None = Field(description="Why it was not judged at all; null when it was.")
    version: int | None = Field(description="Of the programme: that in force when it occurred.")
    number: int | None = Field(
        description="Which of the customer's orders, or interactions of the name, it was; null where no rule asks."
    )
    tier: str = Field(description="The customer's then; empty: none.")
    segments: list[str] = Field(description="The customer's then, of those that rules ask for.")
    used: dict[str, int] = Field(description="Points earned before under caps: `review:day`, `:month` for all rules.")
    points: int
    earned: int = Field(description="Before refunds.")
    active_on: date | None = Field(description="The day of the shop on which the points become active.")
    expires_on: date | None = Field(
        description="The day on which they can no longer be spent; null: they do not expire."
    )
    rules: list[RuleAnswer]

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})


@router.get("/explain", response_model=ExplainedAnswer, summary="Why an order got its points")
async def explain_points(
    caller: Reader,
    database: DatabaseDep,
    order: Annotated[
        str | None, Query(pattern=_ID, description="The shop's id of an order.", examples=["A-1001"])
    ] = None,
    interaction: Annotated[str | None, Query(pattern=_ID, description="Or the id of an interaction's event.")] = None,
) -> Response:
    """By rule and line, also why a rule gave nothing.

    From what is kept: the order as it is known now, the version of the programme, and the context that was fixed when
    it was first judged.
    """
    if (order is None) == (interaction is None):
        raise invalid(FieldError("query.order", "give either an order or an interaction"))
    kind, name = (Kind.ORDER, order) if order is not None else (Kind.INTERACTION, interaction)
    key = Key(caller.shop_id, kind, name or "")
    async with database.read(caller.shop_id) as reads:
        kept = await load_one(reads, key)
        if kept is None:
            raise not_found("order" if kind is Kind.ORDER else "interaction")
        grant = kept.grant
        version = None if grant is None else await load_version(reads, caller.shop_id, grant.context.version)
    if grant is not None:
        database.concerns(customer_id_text(CustomerId(grant.customer)))
    programme = None if version is None else version.programme
    answer = _told(key, kept) | ({} if grant is None or programme is None else _judged(key, kept, grant, programme))
    return Response(msgspec.json.encode(answer), media_type="application/json")


def _told(key: Key, kept: Kept) -> dict[str, Any]:
    content, first = kept.known.content, kept.known.first
    who = (content.identity or content.customer) if content is not None else 0
    return {
        "order": key.id if key.kind is Kind.ORDER else None,
        "interaction": key.id if key.kind is Kind.INTERACTION else None,
        "customer": customer_id_text(CustomerId(who)) if who else None,
        "occurred_at": None if first is None else moment_of(first),
        "why_not": _why_not(kept),
        "version": None,
        "number": None,
        "tier": "",
        "segments": [],
        "used": {},
        "points": 0,
        "earned": 0,
        "active_on": None,
        "expires_on": None,
        "rules": [],
    }


def _why_not(kept: Kept) -> str | None:
    content = kept.known.content
    if content is None or kept.known.first is None:
        return "its completion is not known yet"
    if not content.customer:
        return "it is a guest's"
    if kept.grant is None:
        return "no programme was in force, or the customer was no member"
    return None if kept.grant.through else "the customer was no member"


def _judged(key: Key, kept: Kept, grant: Grant, programme: Programme) -> dict[str, Any]:
    purchase, context = purchase_of(key, kept.known), grant.context
    told: dict[str, Any] = {
        "customer": customer_id_text(CustomerId(grant.customer)),
        "version": context.version,
        "number": context.number if asks_for_numbers(programme) else None,
        "tier": context.tier,
        "segments": context.segments,
        "used": context.used,
    }
    if purchase is None or not grant.through:
        return told
    found = entitlement(purchase, programme, context)
    return told | {
        "points": found.points,
        "earned": found.earned,
        "active_on": date.fromordinal(grant.starts) if 0 < grant.starts < NEVER else None,
        "expires_on": None if grant.expires == NEVER else date.fromordinal(grant.expires),
        "rules": rules_of(found, programme, context.number, stands=purchase.stands),
    }
