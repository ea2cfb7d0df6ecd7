"""Profiles over HTTP: one person, as messages and segments see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from services.campaigns.audience.domain import Answered, Person, nps_group
from services.campaigns.audience.store import profiles
from shared.kernel import CustomerId, customer_id_text, moment_of, read_birthday
from shared.web import CUSTOMER_PATTERN, Caller, DatabaseDep, allow, customer_number, not_found

_SAMPLE = "1k5f0q2v9a3bd"
router = APIRouter(prefix="/v1/profiles", tags=["audience"])


class BirthdayAnswer(BaseModel):
    """When somebody was born, as far as they told."""

    year: int | None = Field(description="With it the date is Gregorian.")
    month: int
    day: int
    calendar: str = Field(description="Of month and day, where no year is known: `gregorian` or `jalali`.")


class LastAnswer(BaseModel):
    """An answer to a survey, in numbers."""

    survey: str
    kind: str = Field(description="`nps`, `csat`, `ces` or `form`.")
    score: int | None = Field(description="On the scale of its kind; null of a form.")
    at: datetime


class ProfileAnswer(BaseModel):
    """A person: what all of their identities are together."""

    customer: str = Field(description="Whom the identities are counted as.")
    identities: list[str] = Field(description="All identities of the person, that one among them.")
    name: str | None
    email: str | None
    phone: str | None = Field(description="E.164.")
    locale: str | None
    birthday: BirthdayAnswer | None
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
    last_answer: LastAnswer | None = Field(description="To a survey of any kind; null: none.")
    nps_score: int | None = Field(description="The last one; null: none.")
    nps_group: str | None = Field(description="`detractor` (0 to 6), `passive` (7, 8) or `promoter`, by that score.")
    attributes: dict[str, int | list[str]] = Field(
        description="What surveys found out: a number, or the options that were chosen, by attribute."
    )

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer": _SAMPLE,
                "identities": [_SAMPLE],
                "name": "Sara Ahmadi",
                "email": "sara@example.com",
                "phone": "+989123456789",
                "locale": "fa-IR",
                "birthday": {"year": 1990, "month": 5, "day": 21, "calendar": "gregorian"},
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
                "last_answer": {"survey": "after-purchase", "kind": "nps", "score": 9, "at": "2026-03-24T18:02:00Z"},
                "nps_score": 9,
                "nps_group": "promoter",
                "attributes": {"preferred-reward": ["shipping"]},
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
    said = whole.attributes.items()
    nps = None if whole.last_nps is None else whole.last_nps.score
    return ProfileAnswer(
        customer=customer_id_text(CustomerId(whole.customer)),
        identities=[customer_id_text(CustomerId(one)) for one in person.identities],
        name=whole.contacts.name,
        email=whole.contacts.email,
        phone=whole.contacts.phone,
        locale=whole.contacts.locale,
        birthday=_birthday(whole.contacts.birthday),
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
        last_answer=_last_answer(whole.last_answer),
        nps_score=nps,
        nps_group=nps_group(nps),
        attributes={name: list(one.values) if one.number is None else one.number for name, one in said},
    )


def _birthday(text: str | None) -> BirthdayAnswer | None:
    return None if text is None else BirthdayAnswer(**read_birthday(text)._asdict())


def _last_answer(one: Answered | None) -> LastAnswer | None:
    if one is None:
        return None
    return LastAnswer(survey=one.survey, kind=one.kind, score=one.score, at=moment_of(one.at))
