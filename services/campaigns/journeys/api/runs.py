"""Runs: asked for by hand, and how they stand."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.campaigns import audience
from services.campaigns.journeys import events
from services.campaigns.journeys.api.forms import SAMPLE_ID, JourneyId, Reader, json_answer
from services.campaigns.journeys.domain.run import Run, State
from services.campaigns.journeys.store import definitions, runs
from services.campaigns.journeys.store.definitions import Stand
from shared.contracts import topics
from shared.contracts.campaigns import JourneyRequest
from shared.contracts.envelope import message_key
from shared.kernel import CustomerId, customer_id_text, moment_of, us_of
from shared.messaging.handling import OutboxKey
from shared.web import (
    CUSTOMER_PATTERN,
    Caller,
    Cursor,
    DatabaseDep,
    FieldError,
    Limit,
    Page,
    allow,
    conflict,
    customer_number,
    invalid,
    not_found,
    problem_responses,
    read_cursor,
)

_CUSTOMER = "1k5f0q2v9a3bd"
_LATEST = 2**57
_CUSTOMERS_MAX = 500
_STATES = {one.name.lower(): one for one in State}
_RUN: dict[str, Any] = {
    "run": "019d0fbe-4b40-8c52-9c5e-2f6d1f0a7b17",
    "customer": _CUSTOMER,
    "version": 1,
    "state": "running",
    "key": "",
    "control": False,
    "step": "week",
    "due": "2026-03-28T09:30:00Z",
    "variant": "",
    "trigger": "member.joined",
    "occurred_at": "2026-03-21T09:30:00Z",
    "entered_at": "2026-03-21T09:30:00Z",
    "changed_at": "2026-03-21T09:30:00Z",
}
router = APIRouter(prefix="/v1/journeys", tags=["journeys"])
StateName = Literal["running", "completed", "goal", "exit", "killed", "erased"]


class RunsForm(BaseModel):
    """Customers who are to enter a journey, each as far as its rules of re-entry allow."""

    customers: list[Annotated[str, Field(pattern=CUSTOMER_PATTERN)]] = Field(min_length=1, max_length=_CUSTOMERS_MAX)
    occasion: str = Field(
        min_length=1, max_length=100, pattern="^[!-~]+$", description="Asked for again, it is the same run."
    )
    values: dict[Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$")], str | int | bool] = Field(
        {}, max_length=50, description="What conditions and templates may ask for. Nothing personal."
    )

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={"example": {"customers": [_CUSTOMER], "occasion": "spring-2026", "values": {"days": 7}}},
    )


class AskedAnswer(BaseModel):
    """How many customers were asked to enter. The worker enters them, within seconds."""

    asked: int

    model_config = ConfigDict(json_schema_extra={"example": {"asked": 1}})


class RunAnswer(BaseModel):
    """A run."""

    run: str = Field(description="Its id, also in its events and messages.")
    customer: str
    version: int
    state: str = Field(description="`running`, `completed`, `goal`, `exit`, `killed` or `erased`.")
    key: str = Field(description="What it is for; empty: for the customer.")
    control: bool = Field(description="Held out: nothing is sent.")
    step: str = Field(description="At which it stands; empty: at its end.")
    due: datetime | None = Field(description="Until when it waits there.")
    variant: str
    trigger: str
    occurred_at: datetime
    entered_at: datetime
    changed_at: datetime

    model_config = ConfigDict(json_schema_extra={"example": _RUN})


class RunCountsAnswer(BaseModel):
    """How many runs of a journey are in which state."""

    journey: str
    runs: dict[str, int]

    model_config = ConfigDict(
        json_schema_extra={"example": {"journey": SAMPLE_ID, "runs": {"running": 12, "goal": 3, "completed": 40}}}
    )


@router.post(
    "/{journey}/runs", response_model=AskedAnswer, responses=problem_responses(409), summary="Have customers enter"
)
async def enter_customers(
    caller: Annotated[Caller, Depends(allow("campaigns:write"))],
    database: DatabaseDep,
    journey: JourneyId,
    body: RunsForm,
) -> Response:
    """By hand, whatever the journey is entered by else. Those whom campaigns does not know are named and refused."""
    asked = sorted({int(customer_number(one)) for one in body.customers})
    fault = next((name for name, value in body.values.items() if _is_wrong(value)), None)
    if fault is not None:
        raise invalid(FieldError("body.values", "texts have at most 200 characters, and no NUL; numbers 15 digits"))
    shop = int(caller.shop_id)
    async with database.write(caller.shop_id) as tx:
        found = await definitions.find(tx.conn, shop, journey)
        if found is None:
            raise not_found("journey")
        if found.state is not Stand.ACTIVE:
            raise conflict("not-active", "The journey is not active", "Publish it, or have it go on.")
        version = await definitions.version_of(tx.conn, shop, journey, found.version)
        field = None if version is None else version.journey.key
        if field is not None and field not in ("occasion", *body.values):
            raise invalid(FieldError("body.values", f"`{field}` is needed: what each run is for"))
        known = await audience.profiles_of(tx.conn, [(shop, one) for one in asked])
        missing = [at for at, one in enumerate(body.customers) if (shop, int(customer_number(one))) not in known]
        if missing:
            raise invalid(*(FieldError(f"body.customers.{at}", "is not known") for at in missing[:20]))
        names = [customer_id_text(CustomerId(one)) for one in asked]
        keys = [OutboxKey(caller.shop_id, message_key(caller.shop.slug, name)) for name in names]
        await tx.lock_keys(Counter(keys))
        for name, key in zip(names, keys, strict=True):
            request = JourneyRequest(customer=name, journey=journey, occasion=body.occasion, values=body.values)
            tx.publish(
                topics.CAMPAIGNS_REQUESTS,
                key,
                events.requested(request, caller.shop.slug, tx.now, tx.sequence(key)),
            )
    return json_answer({"asked": len(asked)})


@router.get("/{journey}/runs", response_model=Page[RunAnswer], summary="Runs of a journey")
async def list_runs(
    *,
    caller: Annotated[Caller, Depends(allow("customers:list", personal=True))],
    database: DatabaseDep,
    journey: JourneyId,
    state: Annotated[StateName | None, Query(description="Only those.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """In the order in which they were entered."""
    after = read_cursor(cursor, tuple[int, str])
    start = None if after is None else (moment_of(min(max(after[0], 0), _LATEST)), after[1])
    wanted = None if state is None else _STATES[state]
    async with database.read(caller.shop_id) as reads:
        if await definitions.find(reads, caller.shop_id, journey) is None:
            raise not_found("journey")
        found = await runs.listed(reads, (caller.shop_id, journey), wanted, start, limit + 1)
    page = Page[Any].of(found, limit, lambda one: (us_of(one.entered_at), one.id))
    return json_answer({"items": [_shown(one) for one in page.items], "next": page.next})


@router.get("/{journey}/counts", response_model=RunCountsAnswer, summary="How runs of a journey stand")
async def count_runs(caller: Reader, database: DatabaseDep, journey: JourneyId) -> Response:
    """By state, over all versions."""
    async with database.read(caller.shop_id) as reads:
        if await definitions.find(reads, caller.shop_id, journey) is None:
            raise not_found("journey")
        found = await runs.counted(reads, caller.shop_id, journey)
    return json_answer({"journey": journey, "runs": {state.name.lower(): count for state, count in found.items()}})


def _is_wrong(value: str | int | bool) -> bool:
    if isinstance(value, str):
        return len(value) > 200 or "\0" in value
    return abs(value) > 10**15


def _shown(one: Run) -> dict[str, Any]:
    return {
        "run": one.id,
        "customer": customer_id_text(CustomerId(one.customer)),
        "version": one.version,
        "state": one.state.name.lower(),
        "key": one.key,
        "control": one.control,
        "step": one.step,
        "due": one.due,
        "variant": one.variant,
        "trigger": one.trigger,
        "occurred_at": one.since,
        "entered_at": one.entered_at,
        "changed_at": one.changed_at,
    }
