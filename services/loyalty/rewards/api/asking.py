"""What a customer could have, and why not, over HTTP: asked without any effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.loyalty import persons
from services.loyalty.rewards.api.forms import SAMPLE, AskForm, CartForm, RewardId, json_answer
from services.loyalty.rewards.domain.judging import WhyNot
from services.loyalty.rewards.domain.reward import Cart, worth_of
from services.loyalty.rewards.events import kind_of
from services.loyalty.rewards.redeeming import Asked, asked_by, judged
from services.loyalty.rewards.store import catalogue as store
from services.loyalty.rewards.store.catalogue import Listed
from shared.db import ReadTransaction
from shared.kernel import Clock
from shared.web import Caller, ClockDep, DatabaseDep, allow, customer_number, not_found

_PAGE_ROWS = 500
_OFFER: dict[str, Any] = {
    "reward": "ten-off",
    "version": 1,
    "name": "10 off",
    "kind": "amount",
    "points": 500,
    "worth": 1000,
    "currency": "USD",
    "available": False,
    "why_not": [{"reason": "points_missing", "missing": 120}],
}

router = APIRouter(prefix="/v1/rewards", tags=["rewards"])
Asker = Annotated[Caller, Depends(allow("customers:read", personal=True, writes=False))]


class WhyNotAnswer(BaseModel):
    """One thing that stands in the way."""

    reason: str = Field(
        description="`not_offered`, `not_yet`, `over`, `not_a_member`, `cart_needed`, `other_currency`, `spend_more`, "
        "`points_missing`, `sold_out`, `budget_spent`, `limit_reached`, `no_codes_left`."
    )
    missing: int | None = Field(description="Points, or minor units of the cart, that are missing.")


class OfferAnswer(BaseModel):
    """A reward as one customer sees it."""

    reward: str
    version: int
    name: str
    kind: str
    points: int
    worth: int | None = Field(description="Minor units; null where only a cart would tell.")
    currency: str
    available: bool
    why_not: list[WhyNotAnswer] = Field(description="All that stands in the way; empty: they can have it.")

    model_config = ConfigDict(json_schema_extra={"example": _OFFER})


class NextRewardAnswer(BaseModel):
    """The reward that comes within reach first."""

    reward: str
    name: str
    points: int
    missing: int = Field(description="So many points more, and it can be had.")


class OffersAnswer(BaseModel):
    """The catalogue as one customer sees it."""

    customer: str
    points: int = Field(description="That can be spent now.")
    next: NextRewardAnswer | None = Field(
        description="Of those that points alone are missing for, with this cart, the nearest."
    )
    items: list[OfferAnswer]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer": SAMPLE,
                "points": 380,
                "next": {"reward": "ten-off", "name": "10 off", "points": 500, "missing": 120},
                "items": [_OFFER],
            }
        }
    )


@router.post("/available", response_model=OffersAnswer, summary="What a customer could have, and why not")
async def available(caller: Asker, database: DatabaseDep, clock: ClockDep, body: AskForm) -> Response:
    """Every reward that is offered, with everything that stands in the way; and how far it is to the next one.

    Nothing is kept or held.
    """
    async with database.read(caller.shop_id) as reads:
        asked = await _asked(reads, caller, clock, body.customer)
        offered = [one for one in await _whole_catalogue(reads, caller.shop_id) if one.reward.active]
    database.concerns(body.customer)
    cart = cart_of(body.cart)
    judgements = [(one, judged(caller.shop, asked, one, cart)) for one in offered]
    items = [_offer(one, reasons, cart) for one, reasons in judgements]
    return json_answer({"customer": body.customer, "points": asked.points, "next": _next(judgements), "items": items})


@router.post("/{reward}/quote", response_model=OfferAnswer, summary="What a reward costs and is worth to a customer")
async def quote(caller: Asker, database: DatabaseDep, clock: ClockDep, reward: RewardId, body: AskForm) -> Response:
    """With this cart, now. Nothing is kept or held."""
    async with database.read(caller.shop_id) as reads:
        found = await store.load(reads, caller.shop_id, reward)
        if found is None:
            raise not_found("reward")
        asked = await _asked(reads, caller, clock, body.customer)
    database.concerns(body.customer)
    cart = cart_of(body.cart)
    return json_answer(_offer(found, judged(caller.shop, asked, found, cart), cart))


def cart_of(form: CartForm | None) -> Cart | None:
    """The cart that was sent."""
    return None if form is None else Cart(form.total, form.currency)


def why_answer(reasons: tuple[WhyNot, ...]) -> list[dict[str, Any]]:
    """Fields of a list of `WhyNotAnswer`."""
    return [dict(one._asdict()) for one in reasons]


async def _whole_catalogue(reads: ReadTransaction, shop: int) -> list[Listed]:
    found: list[Listed] = []
    while True:  # ends with the catalogue: each page begins behind the last
        page = await store.listed(reads, shop, found[-1].id if found else "", _PAGE_ROWS)
        found += page
        if len(page) < _PAGE_ROWS:
            return found


def _next(offered: Sequence[tuple[Listed, tuple[WhyNot, ...]]]) -> dict[str, Any] | None:
    """The one of which points alone are missing, and the fewest of them; of several the first by id."""
    near = [
        (reasons[0].missing or 0, one.id, one)
        for one, reasons in offered
        if len(reasons) == 1 and reasons[0].reason == "points_missing"
    ]
    if not near:
        return None
    missing, _, one = min(near, key=lambda found: found[:2])
    return {"reward": one.id, "name": one.reward.name, "points": one.reward.points, "missing": missing}


async def _asked(reads: ReadTransaction, caller: Caller, clock: Clock, customer: str) -> Asked:
    number = customer_number(customer)
    if not await persons.is_known(reads, caller.shop_id, number):
        raise not_found("customer")
    return await asked_by(reads, caller.shop, number, clock.now())


def _offer(one: Listed, reasons: tuple[WhyNot, ...], cart: Cart | None) -> dict[str, Any]:
    fits = cart is not None and cart.currency == one.reward.currency
    return {
        "reward": one.id,
        "version": one.version,
        "name": one.reward.name,
        "kind": kind_of(one.reward),
        "points": one.reward.points,
        "worth": worth_of(one.reward, cart if fits else None),
        "currency": one.reward.currency,
        "available": not reasons,
        "why_not": why_answer(reasons),
    }
