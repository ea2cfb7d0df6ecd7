"""Corrections over HTTP: points by hand and expired lots, asked for, listed, approved or refused by a second person."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.loyalty import orders, persons
from services.loyalty.clocks import day_now
from services.loyalty.corrections import store
from services.loyalty.corrections.domain import (
    Correction,
    Reason,
    State,
    Trouble,
    decided,
    takes_two,
    why_not_reinstated,
)
from services.loyalty.points import POINTS_MAX, Adjust, Cause, Refusal, Reinstate, Who, expired_lot, post
from services.loyalty.programmes import Version, load_in_force
from shared.db import OpenTransaction
from shared.kernel import CustomerId, customer_id_text, us_of
from shared.web import (
    CUSTOMER_PATTERN,
    Caller,
    Cursor,
    DatabaseDep,
    FieldError,
    Limit,
    OnceDep,
    Page,
    allow,
    conflict,
    customer_number,
    invalid,
    not_found,
    problem_responses,
    read_cursor,
)

_SAMPLE = "1k5f0q2v9a3bd"
_SAMPLE_ID = "0" * 31 + "1"
_STATES: dict[State, str] = {State.WAITING: "waiting", State.POSTED: "posted", State.REFUSED: "refused"}
_NAMES = {name: state for state, name in _STATES.items()}
_SHARDS = 16
router = APIRouter(prefix="/v1/corrections", tags=["corrections"])
CorrectionId = Annotated[
    str, Path(pattern=r"^[0-9a-f]{13,32}$", description="As the answer that made it has it.", examples=[_SAMPLE_ID])
]
RefusedId = Annotated[
    str, Path(pattern=r"^[0-9a-f]{13,32}$", description="As the answer that made it has it.", examples=["0" * 31 + "2"])
]
Writer = Annotated[Caller, Depends(allow("loyalty:write", personal=True))]
Second = Annotated[Caller, Depends(allow("loyalty:approve", personal=True))]


class NewCorrection(BaseModel):
    """Points to be given or taken, or an expired lot to be reinstated: either `points` or `lot`."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "example": {"customer": _SAMPLE, "points": 200, "reason": "goodwill", "text": "Parcel came late"}
        },
    )

    customer: str = Field(pattern=CUSTOMER_PATTERN, description="The identity whose account it is.")
    points: int | None = Field(None, ge=-POINTS_MAX, le=POINTS_MAX, description="Below 0: taken away. Not 0.")
    lot: str | None = Field(
        None,
        pattern=r"^\d{1,18}$|^[1-8]\d{18}$",
        description="Of the identity's account, as `expired` of `GET /v1/points/accounts/{customer}` has it: what has "
        "expired of it can be spent again, for `reinstate_days` of the programme.",
    )
    reason: Reason = Field(description="Kept in the ledger for ever.")
    text: str = Field(min_length=1, max_length=2000, description="For staff; an erasure of the customer empties it.")


class Decision(BaseModel):
    """What the second person says."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"example": {"text": "No such parcel"}})

    text: str = Field(min_length=1, max_length=2000, description="For staff; an erasure of the customer empties it.")


class CorrectionAnswer(BaseModel):
    """A correction."""

    correction: str
    customer: str
    points: int
    lot: str | None = Field(description="That is reinstated; null: points by hand.")
    state: Literal["waiting", "posted", "refused"] = Field(
        description="`waiting`: above `second_person_over` of the programme, somebody else has to decide."
    )
    reason: str
    text: str
    asked_at: datetime
    asked_by: str
    decided_at: datetime | None
    decided_by: str
    answer: str

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "correction": _SAMPLE_ID,
                "customer": _SAMPLE,
                "points": 200,
                "lot": None,
                "state": "posted",
                "reason": "goodwill",
                "text": "Parcel came late",
                "asked_at": "2026-03-21T10:15:00Z",
                "asked_by": "staff:u-17",
                "decided_at": "2026-03-21T10:15:00Z",
                "decided_by": "staff:u-17",
                "answer": "",
            }
        }
    )


@router.post("", response_model=CorrectionAnswer, responses=problem_responses(404, 409), summary="Correct points")
async def ask(caller: Writer, database: DatabaseDep, once: OnceDep, body: NewCorrection) -> Response:
    """Posted at once, or, above the programme's limit, waiting for a second person."""
    if body.points == 0:
        raise invalid(FieldError("body.points", "must not be 0"))
    if (body.points is None) == (body.lot is None):
        raise invalid(FieldError("body.points", "give either `points` or the `lot` that is to be reinstated"))
    customer = customer_number(body.customer)
    database.concerns(body.customer)
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        await persons.hold(tx.conn, [caller.shop_id])
        if not await persons.is_known(tx.conn, caller.shop_id, customer):
            raise not_found("customer")
        version = await load_in_force(tx.conn, caller.shop_id, tx.now)
        if version is None:
            raise conflict("no-programme", "There is no programme", "Publish one; it says what takes a second person.")
        lot = None if body.lot is None else int(body.lot)
        points = body.points or await _expired(tx, caller, customer, lot, version)
        two = takes_two(points, version.programme.second_person_over)
        made = Correction(
            secrets.token_hex(16), customer, points, two, State.WAITING, body.reason, tx.now, caller.actor,
            text=body.text, lot=lot,
        )  # fmt: skip
        if not two:
            made = made._replace(state=State.POSTED, decided_at=tx.now, decided_by=caller.actor)
            await _post(tx, caller, made)
        await store.add(tx.conn, caller.shop_id, made)
        return await once.keep(tx.conn, caller, _answer(made))


@router.get("", response_model=Page[CorrectionAnswer], summary="Corrections")
async def list_corrections(
    caller: Annotated[Caller, Depends(allow("customers:list", personal=True))],
    database: DatabaseDep,
    state: Annotated[Literal["waiting", "posted", "refused"] | None, Query(description="Only those.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """In the order in which they were asked for."""
    after = read_cursor(cursor, tuple[int, str])
    wanted = None if state is None else _NAMES[state]
    async with database.read(caller.shop_id) as reads:
        found = await store.listed(reads, caller.shop_id, wanted, after, limit + 1)
    page = Page[Any].of(found, limit, lambda one: (us_of(one.asked_at), one.id))
    return _json({"items": [_shown(one) for one in page.items], "next": page.next})


@router.post(
    "/{correction}/approve",
    response_model=CorrectionAnswer,
    responses=problem_responses(409),
    summary="Approve a correction",
)
async def approve(caller: Second, database: DatabaseDep, once: OnceDep, correction: CorrectionId) -> Response:
    """By a member of staff who did not ask for it; the points are posted."""
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        return await once.keep(tx.conn, caller, await _decide(tx, caller, correction, State.POSTED, ""))


@router.post(
    "/{correction}/refuse",
    response_model=CorrectionAnswer,
    responses=problem_responses(409),
    summary="Refuse a correction",
)
async def refuse(
    caller: Second, database: DatabaseDep, once: OnceDep, correction: RefusedId, body: Decision
) -> Response:
    """By a member of staff who did not ask for it; nothing is posted."""
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        return await once.keep(tx.conn, caller, await _decide(tx, caller, correction, State.REFUSED, body.text))


async def _decide(tx: OpenTransaction, caller: Caller, correction: str, wanted: State, text: str) -> Response:
    await persons.hold(tx.conn, [caller.shop_id])
    one = await store.load(tx.conn, caller.shop_id, correction, lock=True)
    if one is None:
        raise not_found("correction")
    after = decided(one, wanted, caller.actor, tx.now, text)
    if isinstance(after, Trouble):
        raise conflict(after.code, "The correction stays as it is", after.detail)
    if after is not one:
        if wanted is State.POSTED:
            await _post(tx, caller, after)
        await store.decide(tx.conn, caller.shop_id, after)
    return _answer(after)


async def _expired(tx: OpenTransaction, caller: Caller, customer: int, lot: int | None, version: Version) -> int:
    """How many points of the lot have expired. Problem where they cannot be reinstated any more, or there are none."""
    assert lot is not None, "one of the two is given"
    found = await expired_lot(tx.conn, caller.shop_id, customer, lot)
    if found is None:
        raise invalid(FieldError("body.lot", "is no lot of this customer; /v1/points/accounts/{customer} lists them"))
    day = await day_now(tx.conn, caller.shop, tx.now)
    trouble = why_not_reinstated(found.points, found.expires_day, day, version.programme.reinstate_days)
    if trouble is not None:
        raise conflict(trouble.code, "The lot stays as it is", trouble.detail)
    return found.points


async def _post(tx: OpenTransaction, caller: Caller, one: Correction) -> None:
    version = await load_in_force(tx.conn, caller.shop_id, tx.now)
    terms = orders.terms_by(caller.shop, None if version is None else version.programme)
    day = await day_now(tx.conn, caller.shop, tx.now)
    who, cause = Who(caller.shop_id, one.customer), Cause(us_of(tx.now), reason=one.reason, actor=caller.actor)
    asking: Adjust | Reinstate
    if one.lot is None:
        asking = Adjust(who, one.id, one.points, cause, day, orders.expires_day(caller.shop, version, day))
    else:
        found = await expired_lot(tx.conn, caller.shop_id, one.customer, one.lot)
        assert found is not None, "lots stay for ever"
        asking = Reinstate(who, found.key, day + max(1, terms.restored_days), cause, day)
    (answer,) = await post(tx, {int(caller.shop_id): terms}, [asking], shard=one.customer % _SHARDS)
    if isinstance(answer, Refusal) and one.lot is None:
        raise conflict("points-missing", "The points are not there", "Take fewer points than the account has.")
    if isinstance(answer, Refusal):
        raise conflict("not-expired", "The lot stays as it is", "Nothing of it is expired any more; refuse it.")


def _shown(one: Correction) -> dict[str, Any]:
    return {
        "correction": one.id,
        "customer": customer_id_text(CustomerId(one.customer)),
        "points": one.points,
        "lot": None if one.lot is None else str(one.lot),
        "state": _STATES[one.state],
        "reason": one.reason,
        "text": one.text,
        "asked_at": one.asked_at,
        "asked_by": one.asked_by,
        "decided_at": one.decided_at,
        "decided_by": one.decided_by,
        "answer": one.answer,
    }


def _answer(one: Correction) -> Response:
    return _json(_shown(one))


def _json(body: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
