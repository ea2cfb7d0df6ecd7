"""Redemptions over HTTP: held for a checkout, captured or released by it, used; each write once, however often sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.loyalty import persons
from services.loyalty.rewards.api.asking import cart_of
from services.loyalty.rewards.api.forms import ID_PATTERN, REWARD_PATTERN, SAMPLE, CartForm, Form, json_answer
from services.loyalty.rewards.domain.judging import WhyNot
from services.loyalty.rewards.domain.redemption import Reason, Redemption, State, Trouble
from services.loyalty.rewards.redeeming import Desk, capture, hold, release, revoke, use
from services.loyalty.rewards.store import catalogue, redemptions
from shared.db import Reads
from shared.kernel import CustomerId, customer_id_text, us_of
from shared.web import (
    CUSTOMER_PATTERN,
    Caller,
    Cursor,
    Database,
    DatabaseDep,
    Limit,
    Once,
    OnceDep,
    Page,
    Problem,
    allow,
    conflict,
    customer_number,
    not_found,
    problem_responses,
    read_cursor,
)

_SAMPLE_ID = "0" * 31 + "1"
_SHOWN = (State.GRANTED, State.USED)
router = APIRouter(prefix="/v1/redemptions", tags=["rewards"])
_ID = r"^[0-9a-f]{13,32}$"
_SAID = "As the hold's answer has it."
HeldId = Annotated[str, Path(pattern=_ID, description=_SAID, examples=[_SAMPLE_ID])]
GivenUpId = Annotated[str, Path(pattern=_ID, description=_SAID, examples=["0" * 31 + "2"])]
RevokedId = Annotated[str, Path(pattern=_ID, description=_SAID, examples=["0" * 31 + "4"])]
GrantedId = Annotated[str, Path(pattern=_ID, description=_SAID, examples=["0" * 31 + "3"])]
Reader = Annotated[Caller, Depends(allow("customers:read", personal=True))]
Writer = Annotated[Caller, Depends(allow("loyalty:write", personal=True))]
_Step = Callable[[Desk, str, str | None], Awaitable[Redemption | Trouble | None]]


class HoldForm(Form):
    """Who wants what, for which cart."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"customer": SAMPLE, "reward": "spa", "cart": {"total": 4500, "currency": "USD"}}}
    )

    customer: str = Field(pattern=CUSTOMER_PATTERN)
    reward: str = Field(pattern=REWARD_PATTERN)
    cart: CartForm | None = None
    order: str | None = Field(None, pattern=ID_PATTERN, description="The shop's id of the order, where it is known.")


class OrderForm(Form):
    """On which order."""

    model_config = ConfigDict(json_schema_extra={"example": {"order": "A-1043"}})

    order: str | None = Field(
        None, pattern=ID_PATTERN, description="As it is refunded or cancelled, the points come back in proportion."
    )


class CodeForm(Form):
    """A voucher, as the customer shows it."""

    model_config = ConfigDict(json_schema_extra={"example": {"code": "7Q2XKM9RTWB4HN6P", "order": "A-1043"}})

    code: str = Field(pattern=r"^[\x21-\x7e]{1,100}$")
    order: str | None = Field(None, pattern=ID_PATTERN)


class RevokeForm(Form):
    """Why a reward is taken back."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "mistake", "give_back": True}})

    reason: Reason = Field(description="Kept, and told to whoever granted it.")
    give_back: bool = Field(
        False, description="Its points are the customer's again. Of one on an order they come back with its refund."
    )


class RedemptionAnswer(BaseModel):
    """A redemption."""

    redemption: str
    customer: str
    reward: str
    version: int
    state: str = Field(description="`held`, `granted`, `used`, `released`, `lapsed`, `expired`, `revoked`.")
    points: int
    worth: int = Field(description="Minor units.")
    currency: str
    order: str | None
    asked_at: datetime
    until: datetime = Field(description="When the hold lapses unless it is captured.")
    granted_at: datetime | None
    expires_at: datetime | None = Field(description="Null: it does not, or was used at once.")
    used_at: datetime | None
    revoked_at: datetime | None
    revoked_why: str | None = Field(description="`order`: with its order; else the reason that staff gave.")
    code: str | None = Field(description="Of a voucher, once it is granted.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "redemption": _SAMPLE_ID,
                "customer": SAMPLE,
                "reward": "ten-off",
                "version": 1,
                "state": "held",
                "points": 500,
                "worth": 1000,
                "currency": "USD",
                "order": None,
                "asked_at": "2026-03-21T10:15:00Z",
                "until": "2026-03-21T10:30:00Z",
                "granted_at": None,
                "expires_at": None,
                "used_at": None,
                "revoked_at": None,
                "revoked_why": None,
                "code": None,
            }
        }
    )


@router.post("", response_model=RedemptionAnswer, responses=problem_responses(404, 409), summary="Hold a reward")
async def hold_reward(caller: Writer, database: DatabaseDep, once: OnceDep, body: HoldForm) -> Response:
    """Points, stock, budget and code are set aside until captured or released, or until the time is over.

    409 names what stands in the way; `POST /v1/rewards/available` tells it beforehand.
    """
    customer = customer_number(body.customer)
    database.concerns(body.customer)
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        one = await catalogue.load(tx.conn, caller.shop_id, body.reward)
        if one is None:
            raise not_found("reward")
        if not await persons.is_known(tx.conn, caller.shop_id, customer):
            raise not_found("customer")
        desk = Desk(tx, caller.shop, caller.actor)
        found = await hold(desk, customer, one, cart_of(body.cart), body.order)
        if not isinstance(found, Redemption):
            raise _refused(found)
        return await once.keep(tx.conn, caller, await _answer(tx.conn, caller, found))


@router.get("", response_model=Page[RedemptionAnswer], summary="A customer's redemptions")
async def list_redemptions(
    caller: Reader,
    database: DatabaseDep,
    customer: Annotated[str, Query(pattern=CUSTOMER_PATTERN, description="Whose.", examples=[SAMPLE])],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """The newest first, of all identities of the person."""
    after, number = read_cursor(cursor, tuple[int, str]), customer_number(customer)
    database.concerns(customer)
    async with database.read(caller.shop_id) as reads:
        person = await persons.identities_of_person(reads, caller.shop_id, number)
        found = await redemptions.of_customer(reads, caller.shop_id, person.identities, after, limit + 1)
        page = Page[Any].of(found, limit, lambda one: (us_of(one.asked_at), one.id))
        items = await _shown(reads, caller, page.items)
    return json_answer({"items": items, "next": page.next})


@router.post("/use", response_model=RedemptionAnswer, responses=problem_responses(404, 409), summary="Use a voucher")
async def use_code(caller: Writer, database: DatabaseDep, once: OnceDep, body: CodeForm) -> Response:
    """By its code. Once: a second order is refused."""
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        redemption = await catalogue.holder_of(tx.conn, caller.shop_id, body.code)
        desk = Desk(tx, caller.shop, caller.actor)
        found = None if redemption is None else await use(desk, redemption, body.order)
        return await once.keep(tx.conn, caller, await _after(tx.conn, caller, found, "code"))


@router.get("/{redemption}", response_model=RedemptionAnswer, summary="A redemption")
async def read_redemption(caller: Reader, database: DatabaseDep, redemption: HeldId) -> Response:
    """As it stands."""
    async with database.read(caller.shop_id) as reads:
        found = await redemptions.load(reads, caller.shop_id, redemption)
        return await _after(reads, caller, found, "redemption")


@router.post(
    "/{redemption}/capture", response_model=RedemptionAnswer, responses=problem_responses(409), summary="Capture a hold"
)
async def capture_redemption(
    caller: Writer, database: DatabaseDep, once: OnceDep, redemption: HeldId, body: OrderForm | None = None
) -> Response:
    """The checkout went through: points are spent, the reward is granted; on an order that is named it is used."""
    order = None if body is None else body.order
    return await _stepped(caller, database, once, (redemption, order), capture)


@router.post(
    "/{redemption}/release", response_model=RedemptionAnswer, responses=problem_responses(409), summary="Release a hold"
)
async def release_redemption(caller: Writer, database: DatabaseDep, once: OnceDep, redemption: GivenUpId) -> Response:
    """The checkout did not go through: points, stock, budget and code are free again."""

    async def released(desk: Desk, name: str, _order: str | None) -> Redemption | Trouble | None:
        return await release(desk, name)

    return await _stepped(caller, database, once, (redemption, None), released)


@router.post(
    "/{redemption}/use", response_model=RedemptionAnswer, responses=problem_responses(409), summary="Use a reward"
)
async def use_redemption(
    caller: Writer, database: DatabaseDep, once: OnceDep, redemption: GrantedId, body: OrderForm | None = None
) -> Response:
    """One that was granted without an order."""
    order = None if body is None else body.order
    return await _stepped(caller, database, once, (redemption, order), use)


@router.post(
    "/{redemption}/revoke", response_model=RedemptionAnswer, responses=problem_responses(409), summary="Revoke a reward"
)
async def revoke_redemption(
    caller: Writer, database: DatabaseDep, once: OnceDep, redemption: RevokedId, body: RevokeForm
) -> Response:
    """Staff take back what was granted and not used, or an entitlement. Whoever granted that is told by webhook.

    Stock, budget and the customer's limit stay as they are.
    """

    async def taken_back(desk: Desk, name: str, _order: str | None) -> Redemption | Trouble | None:
        return await revoke(desk, name, body.reason, give_back=body.give_back)

    return await _stepped(caller, database, once, (redemption, None), taken_back)


async def _stepped(
    caller: Caller, database: Database, once: Once, named: tuple[str, str | None], go: _Step
) -> Response:
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        found = await go(Desk(tx, caller.shop, caller.actor), *named)
        return await once.keep(tx.conn, caller, await _after(tx.conn, caller, found, "redemption"))


async def _after(reads: Reads, caller: Caller, found: Redemption | Trouble | None, what: str) -> Response:
    if found is None:
        raise not_found(what)
    if isinstance(found, Trouble):
        raise conflict(found.code, "The redemption stays as it is", found.detail)
    return await _answer(reads, caller, found)


def _refused(reasons: tuple[WhyNot, ...]) -> Problem:
    said = ", ".join(one.reason if one.missing is None else f"{one.reason} ({one.missing})" for one in reasons)
    code = reasons[0].reason.replace("_", "-")
    return conflict(code, "The customer cannot have this reward now", f"In the way: {said}.")


async def _answer(reads: Reads, caller: Caller, one: Redemption) -> Response:
    return json_answer(*await _shown(reads, caller, [one]))


async def _shown(reads: Reads, caller: Caller, several: Sequence[Redemption]) -> list[dict[str, Any]]:
    codes = await catalogue.codes_of(reads, caller.shop_id, [one.id for one in several if one.state in _SHOWN])
    return [_fields(one, codes.get(one.id)) for one in several]


def _fields(one: Redemption, code: str | None) -> dict[str, Any]:
    return {
        "redemption": one.id,
        "customer": customer_id_text(CustomerId(one.customer)),
        "reward": one.reward,
        "version": one.version,
        "state": one.state.name.lower(),
        "points": one.points,
        "worth": one.worth,
        "currency": one.currency,
        "order": one.order_id,
        "asked_at": one.asked_at,
        "until": one.until,
        "granted_at": one.granted_at,
        "expires_at": one.ends_at,
        "used_at": one.used_at,
        "revoked_at": one.revoked_at,
        "revoked_why": one.revoked_why,
        "code": code,
    }
