"""Addresses over HTTP: which of a person's are left alone, and that one is to be tried again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from services.campaigns import audience
from services.campaigns.addresses import store
from services.campaigns.addresses.domain import Limits
from services.campaigns.addresses.marking import Marker
from services.campaigns.addresses.store import Address, Lift
from shared.db import Reads
from shared.web import CUSTOMER_PATTERN, Caller, DatabaseDep, allow, customer_number, not_found

_CUSTOMER = "1k5f0q2v9a3bd"
_SHOWN: dict[str, Any] = {
    "channel": "email",
    "left_alone": True,
    "reason": "hard_bounce",
    "since": "2026-03-21T09:30:00Z",
    "message": "00000000-0000-8c52-9c5e-2f6d1f0a7b17",
    "code": "5.1.1",
    "lifted_at": None,
}
_FIELDS: dict[str, Literal["email", "sms"]] = {"email": "email", "phone": "sms"}
"""Of contacts; the channel that goes there."""
Reader = Annotated[Caller, Depends(allow("customers:read", personal=True))]
Writer = Annotated[Caller, Depends(allow("customers:write", personal=True))]


class LiftForm(BaseModel):
    """That an address is to be tried again."""

    customer: str = Field(pattern=CUSTOMER_PATTERN, description="Any identity of the person.", examples=[_CUSTOMER])
    channel: Literal["email", "sms"]
    reason: str = Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$", description="A word for machines.")

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={"example": {"customer": _CUSTOMER, "channel": "email", "reason": "mailbox-restored"}},
    )


class AddressAnswer(BaseModel):
    """How the address of a person stands by one channel. The address itself is in their profile."""

    channel: Literal["email", "sms"]
    left_alone: bool = Field(description="Nothing is sent there; messages are suppressed as `undeliverable`.")
    reason: Literal["hard_bounce", "soft_bounces"] | None
    since: datetime | None
    message: str | None = Field(description="The message that showed it.")
    code: str | None = Field(description="The server's or the provider's word.")
    lifted_at: datetime | None = Field(description="Since when what came back before says nothing.")

    model_config = ConfigDict(json_schema_extra={"example": _SHOWN})


class AddressesAnswer(BaseModel):
    """Addresses of a person, one by channel; none where the person has no address."""

    items: list[AddressAnswer]

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_SHOWN]}})


def addresses_router(secret_key: str, limits: Limits) -> APIRouter:
    """The routes. `secret_key`: the platform's, which marks addresses; `limits`: of soft bounces."""
    router = APIRouter(prefix="/v1/addresses", tags=["messages"])
    marker = Marker(secret_key)

    @router.get("", response_model=AddressesAnswer, summary="Whether messages reach a customer's addresses")
    async def read_addresses(
        caller: Reader,
        database: DatabaseDep,
        customer: Annotated[
            str, Query(pattern=CUSTOMER_PATTERN, description="Any identity of the person.", examples=[_CUSTOMER])
        ],
    ) -> AddressesAnswer:
        """Worked out of what came back of messages that went there, whoever they were for."""
        async with database.read(caller.shop_id) as reads:
            marks = await _marks(reads, marker, int(caller.shop_id), customer)
            return await _answer(reads, marks, limits)

    @router.post("/lift", response_model=AddressesAnswer, summary="Have an address tried again")
    async def lift_address(caller: Writer, database: DatabaseDep, body: LiftForm) -> AddressesAnswer:
        """What came back before says nothing from now on. A bounce after it counts again."""
        async with database.write(caller.shop_id) as tx:
            marks = await _marks(tx.conn, marker, int(caller.shop_id), body.customer)
            if body.channel not in marks:
                raise not_found("address")
            database.concerns(body.customer)
            lift = Lift(body.channel, tx.now, caller.actor, body.reason)
            await store.add_lift(tx.conn, marks[body.channel], int(customer_number(body.customer)), lift)
            return await _answer(tx.conn, marks, limits)

    return router


async def _marks(reads: Reads, marker: Marker, shop: int, customer: str) -> dict[str, Address]:
    """Where a person is reached, by channel. Problem 404 for who is unknown."""
    key = (shop, int(customer_number(customer)))
    person = (await audience.persons_of(reads, [key]))[key]
    if not await audience.profiles_of(reads, [(shop, one) for one in person.identities]):
        raise not_found("customer")
    contacts = person.profile.contacts
    marks = {channel: marker.mark(channel, getattr(contacts, field)) for field, channel in _FIELDS.items()}
    return {channel: (shop, mark) for channel, mark in marks.items() if mark is not None}


async def _answer(reads: Reads, marks: dict[str, Address], limits: Limits) -> AddressesAnswer:
    faults = await store.faults_of(reads, marks.values(), limits)
    lifted = await store.lifted_of(reads, marks.values())
    items = []
    for channel, at in marks.items():
        found = faults.get(at)
        items.append(
            AddressAnswer(
                channel=cast(Literal["email", "sms"], channel),
                left_alone=found is not None,
                reason=None if found is None else found.reason,
                since=None if found is None else found.since,
                message=None if found is None else found.message,
                code=None if found is None else found.code,
                lifted_at=lifted.get(at),
            )
        )
    return AddressesAnswer(items=items)
