"""Profiles over HTTP: one person, as messages and segments see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from services.campaigns.audience.domain import Person
from services.campaigns.audience.store import profiles
from shared.kernel import CustomerId, customer_id_text, moment_of
from shared.web import CUSTOMER_PATTERN, Caller, DatabaseDep, allow, customer_number, not_found

_SAMPLE = "1k5f0q2v9a3bd"
router = APIRouter(prefix="/v1/profiles", tags=["audience"])


class ProfileAnswer(BaseModel):
    """A person: what all of their identities are together."""

    customer: str = Field(description="Whom the identities are counted as.")
    identities: list[str] = Field(description="All identities of the person, that one among them.")
    name: str | None
    email: str | None
    phone: str | None = Field(description="E.164.")
    locale: str | None
    stage: str | None = Field(description="Of the lifecycle; null while none was told.")
    orders: int = Field(description="That count: completed, not cancelled, not wholly refunded.")
    money: dict[str, int] = Field(description="Net revenue of these orders in minor units, by currency.")
    first_order_at: datetime | None
    last_order_at: datetime | None
    member: str | None = Field(description="`active`, `left` or `blocked`; null: never joined.")
    points: int = Field(description="That can be spent.")
    pending: int
    owed: int
    tier: str | None
    tier_name: str | None

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer": _SAMPLE,
                "identities": [_SAMPLE],
                "name": "Sara Ahmadi",
                "email": "sara@example.com",
                "phone": "+989123456789",
                "locale": "fa-IR",
                "stage": "active",
                "orders": 3,
                "money": {"USD": 41_500},
                "first_order_at": "2026-01-05T08:00:00Z",
                "last_order_at": "2026-03-20T10:15:00Z",
                "member": "active",
                "points": 150,
                "pending": 0,
                "owed": 0,
                "tier": "silver",
                "tier_name": "Silver",
            }
        }
    )


@router.get("/{customer}", response_model=ProfileAnswer, summary="A person, as messages and segments see them")
async def read_profile(
    caller: Annotated[Caller, Depends(allow("personal:read", personal=True))],
    database: DatabaseDep,
    customer: Annotated[
        str,
        Path(pattern=CUSTOMER_PATTERN, description="Surrogate id of any of their identities.", examples=[_SAMPLE]),
    ],
) -> ProfileAnswer:
    """Contacts, orders, stage, points and tier, as far as events have told campaigns of them."""
    key = (int(caller.shop_id), int(customer_number(customer)))
    async with database.read(caller.shop_id) as reads:
        person = (await profiles.persons_of(reads, [key]))[key]
        known = await profiles.profiles_of(reads, [(key[0], one) for one in person.identities])
    if not known:
        raise not_found("customer")
    return _answer(person)


def _answer(person: Person) -> ProfileAnswer:
    whole = person.profile
    return ProfileAnswer(
        customer=customer_id_text(CustomerId(whole.customer)),
        identities=[customer_id_text(CustomerId(one)) for one in person.identities],
        name=whole.contacts.name,
        email=whole.contacts.email,
        phone=whole.contacts.phone,
        locale=whole.contacts.locale,
        stage=whole.stage,
        orders=whole.orders,
        money=dict(whole.money),
        first_order_at=None if whole.first_order_at is None else moment_of(whole.first_order_at),
        last_order_at=None if whole.last_order_at is None else moment_of(whole.last_order_at),
        member=whole.member,
        points=whole.points,
        pending=whole.pending,
        owed=whole.owed,
        tier=whole.tier,
        tier_name=whole.tier_name,
    )
