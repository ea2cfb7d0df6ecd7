"""What is sent of a reward, and what is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Path
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from starlette.responses import Response

from services.loyalty.rewards.domain.reward import Reward
from services.loyalty.rewards.store.catalogue import Listed, Published
from shared.kernel import MoneyError, minor_digits
from shared.web import CUSTOMER_PATTERN, FieldError, invalid

REWARD_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"
ID_PATTERN = r"^[^\x00-\x1f\x7f]{1,200}$"
SAMPLE = "1k5f0q2v9a3bd"
_MONEY_MAX = 10**15
_DATE_LENGTH = 10
SAMPLE_REWARD: dict[str, Any] = {
    "name": "10 off",
    "what": {"kind": "amount", "amount": 1000},
    "currency": "USD",
    "points": 500,
    "minimum_spend": 3000,
    "valid_days": 30,
}

RewardId = Annotated[str, Path(pattern=REWARD_PATTERN, description="Id in the catalogue.", examples=["ten-off"])]
Money = Annotated[int, Field(ge=0, le=_MONEY_MAX)]
Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


def _instant(value: Any) -> Any:
    """For strict forms: an instant from text alone."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and len(value) > _DATE_LENGTH else value
    except ValueError:
        return None if value is None else ""


Instant = Annotated[AwareDatetime, BeforeValidator(_instant)]


class Form(BaseModel):
    """What is sent."""

    model_config = ConfigDict(strict=True, extra="forbid")


class PercentForm(Form):
    """A share of the cart, rounded down."""

    kind: Literal["percent"]
    percent: int = Field(ge=1, le=100)
    at_most: Money | None = Field(None, description="Minor units.")


class AmountForm(Form):
    """So much off the cart, and no more than its total."""

    kind: Literal["amount"]
    amount: int = Field(ge=1, le=_MONEY_MAX, description="Minor units.")


class ShippingForm(Form):
    """Free or faster shipping."""

    kind: Literal["shipping"]
    how: Literal["free", "fast"]
    worth: Money = Field(0, description="What it costs the shop, for the budget.")


class ProductForm(Form):
    """A product or gift."""

    kind: Literal["product"]
    product: Text = Field(description="The shop's id of it.")
    worth: Money = Field(0, description="What it costs the shop, for the budget.")


class VoucherForm(Form):
    """A code, drawn for the customer, or one of those that were uploaded."""

    kind: Literal["voucher"]
    codes: Literal["own", "uploaded"]
    worth: Money = Field(0, description="What it costs the shop, for the budget.")


class EntitlementForm(Form):
    """Something granted elsewhere by whoever follows `loyalty.rewards.v1`."""

    kind: Literal["entitlement"]
    entitlement: Text = Field(description="A feature, credit, days: as the system that grants it names it.")
    quantity: int = Field(1, ge=1, le=10**9)
    worth: Money = Field(0, description="What it costs the shop, for the budget.")


class WalletForm(Form):
    """Money back to the wallet, which follows `loyalty.rewards.v1`."""

    kind: Literal["wallet"]
    amount: int = Field(ge=1, le=_MONEY_MAX, description="Minor units.")


WhatForm = Annotated[
    PercentForm | AmountForm | ShippingForm | ProductForm | VoucherForm | EntitlementForm | WalletForm,
    Field(discriminator="kind", description="What it gives."),
]


class RewardForm(Form):
    """A reward."""

    model_config = ConfigDict(json_schema_extra={"example": SAMPLE_REWARD})

    name: Text = Field(description="As members read it.")
    what: WhatForm
    currency: str = Field(min_length=3, max_length=3, description="ISO 4217, of all amounts.")
    points: int = Field(ge=0, le=10**9, description="What it costs. 0: a gift.")
    active: bool = Field(True, description="Whether it is offered.")
    since: Instant | None = Field(None, description="Offered from then on.")
    until: Instant | None = Field(None, description="And before then.")
    minimum_spend: Money | None = Field(None, description="Of the cart, minor units.")
    stock: int | None = Field(None, ge=0, le=10**9, description="How many there are in all; null: no limit.")
    budget: Money | None = Field(None, description="What all may be worth together, minor units; null: no limit.")
    each: int | None = Field(None, ge=1, le=10**6, description="How many a customer may have in each period.")
    per: Literal["ever", "month", "day"] = Field("ever", description="That period, in the shop's days.")
    hold_minutes: int = Field(15, ge=1, le=1440, description="How long a checkout has to capture.")
    valid_days: int | None = Field(
        None, ge=0, le=3660, description="Whole days after that of the grant; null: for good."
    )
    reminders: list[Annotated[int, Field(ge=1, le=366)]] = Field(
        [30, 7, 1], max_length=8, description="Days ahead at which customers hear that it expires."
    )


class NewRewardForm(RewardForm):
    """A reward that is new."""

    model_config = ConfigDict(json_schema_extra={"example": {"id": "ten-off-in-spring", **SAMPLE_REWARD}})

    id: str = Field(pattern=REWARD_PATTERN, description="Stays the same from version to version.")


class ChangedRewardForm(RewardForm):
    """Its next version."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**SAMPLE_REWARD, "version": 1, "reason": "For the new year"}}
    )

    version: int | None = Field(
        None, ge=1, le=2**31 - 1, description="The one that was read: another one there answers 412."
    )
    reason: str = Field(min_length=1, max_length=500, description="Kept with the version.")


class CartForm(Form):
    """What the customer is about to buy."""

    total: Money = Field(description="After discounts, before tax and shipping; minor units.")
    currency: str = Field(min_length=3, max_length=3, description="ISO 4217.")


class AskForm(Form):
    """Who might have something, and with what in the cart."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"customer": SAMPLE, "cart": {"total": 4500, "currency": "USD"}}}
    )

    customer: str = Field(pattern=CUSTOMER_PATTERN)
    cart: CartForm | None = None


class RewardAnswer(BaseModel):
    """A reward in the version in force, and what is left."""

    id: str
    version: int
    reward: dict[str, Any] = Field(description="As it was sent, with defaults.")
    taken: int = Field(description="Held, granted and used.")
    committed: int = Field(description="What these are worth, minor units.")
    codes_left: int = Field(description="Uploaded codes that nobody has.")
    author: str
    reason: str
    published_at: datetime

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "ten-off",
                "version": 1,
                "reward": SAMPLE_REWARD,
                "taken": 0,
                "committed": 0,
                "codes_left": 0,
                "author": "staff:ava",
                "reason": "",
                "published_at": "2026-03-20T09:30:00Z",
            }
        }
    )


def reward_of(form: RewardForm) -> Reward:
    """The reward that was sent. Problem 422."""
    try:
        minor_digits(form.currency)
    except MoneyError as error:
        raise invalid(FieldError("body.currency", str(error))) from None
    if form.since is not None and form.until is not None and form.until <= form.since:
        raise invalid(FieldError("body.until", "must be after `since`"))
    data = form.model_dump(exclude={"id", "version", "reason"})
    data["reminders"] = tuple(sorted(set(form.reminders), reverse=True))
    return msgspec.convert(data, Reward)


def reward_answer(one: Listed) -> dict[str, Any]:
    """Fields of a `RewardAnswer`."""
    return {
        "id": one.id,
        "version": one.version,
        "reward": one.reward,
        "taken": one.shelf.taken,
        "committed": one.shelf.committed,
        "codes_left": one.shelf.codes,
        "author": one.author,
        "reason": one.reason,
        "published_at": one.published_at,
    }


def version_answer(one: Published) -> dict[str, Any]:
    """Fields of a version."""
    return dict(one._asdict())


def json_answer(body: Any) -> Response:
    """As JSON."""
    return Response(msgspec.json.encode(body), media_type="application/json")
