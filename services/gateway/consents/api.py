"""Consents over HTTP: what was said is handed in, and what holds is read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from services.gateway import identity
from services.gateway.consents import store
from services.gateway.consents.domain import EVERY_PURPOSE, Statement, changes, record_id, standing
from services.gateway.consents.events import consent_changed
from services.gateway.naming import Customer, Named, Namer
from shared.contracts import topics
from shared.contracts.consents import Channel, ConsentState
from shared.db import OpenTransaction
from shared.kernel import CustomerId, customer_id_text
from shared.web import Caller, DatabaseDep, FieldError, allow, customer_number, invalid, not_found

_FUTURE_SECONDS_MAX = 300
_DATE_LENGTH = 10
_READ = "personal:read"
_EXAMPLE = {
    "channel": "email",
    "purpose": "newsletter",
    "state": "given",
    "occurred_at": "2026-03-21T09:30:00Z",
    "source": "checkout",
}


Writer = Annotated[Caller, Depends(allow("customers:write", personal=True))]
Reader = Annotated[Caller, Depends(allow("personal:read", personal=True))]


def _instant(value: Any) -> Any:
    # A form is strict of values, which come from JSON: pydantic would take numbers for seconds otherwise.
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and len(value) > _DATE_LENGTH else None
    except ValueError:
        return None


class StatementBody(Named):
    """One statement of one person."""

    channel: Channel = Field(description="By what a message would come.")
    purpose: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$",
        description="For what, as the shop names it. `all`, which can only be withdrawn: every purpose of the channel.",
        examples=["newsletter"],
    )
    state: ConsentState = Field(description="`pending`: asked for and not confirmed yet. Only `given` allows messages.")
    occurred_at: Annotated[AwareDatetime, BeforeValidator(_instant)] = Field(
        description="When it was said, with offset: the last one holds, whenever it is handed in."
    )
    source: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_.:/-]{0,99}$", description="Where it was said.", examples=["checkout"]
    )
    evidence: str | None = Field(
        None, max_length=2_000, description="What proves it, such as the text that was agreed to. On no topic."
    )

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"example": {"customer": "1k5f0q2v9a3bd", **_EXAMPLE}}
    )


class ConsentAnswer(BaseModel):
    """What holds for one channel and purpose."""

    channel: str
    purpose: str
    state: str
    occurred_at: datetime
    source: str
    record: str = Field(description="Id of the statement.")


class ConsentsAnswer(BaseModel):
    """What holds for one person, all identities together."""

    customer: str
    consents: list[ConsentAnswer] = Field(description="No entry: no consent.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer": "1k5f0q2v9a3bd",
                "consents": [{**_EXAMPLE, "record": "019d0fbe-4b40-8a31-9c5e-2f6d1f0a7b15"}],
            }
        }
    )


def consents_router(namer: Namer) -> APIRouter:
    """The routes. `namer` finds who is meant."""
    router = APIRouter(prefix="/v1", tags=["consents"])

    @router.post("/consents", response_model=ConsentsAnswer, summary="Hand in a statement of consent")
    async def add_consent(
        caller: Annotated[Caller, Depends(allow("customers:write", personal=True))],
        database: DatabaseDep,
        body: StatementBody,
    ) -> ConsentsAnswer:
        """The person is named by exactly one of `customer`, `customer_id`, `phone`, `email`.

        The same statement again changes nothing. What holds afterwards is told to all on `consents.v1`, and answered:
        without `personal:read`, of this channel and purpose alone.
        """
        async with database.write(caller.shop_id) as tx:
            if (body.occurred_at - tx.now).total_seconds() > _FUTURE_SECONDS_MAX:
                raise invalid(FieldError("body.occurred_at", "lies more than 5 minutes in the future"))
            if body.purpose == EVERY_PURPOSE and body.state != "withdrawn":
                raise invalid(FieldError("body.purpose", "consent is given for one purpose: name it"))
            customer = await namer.find(tx.conn, caller, body)
            database.concerns(customer_id_text(customer))
            await _keep(tx, caller, customer, body)
            answer = await _answer(tx.conn, caller, customer)
        if _READ not in caller.permissions:
            told = [one for one in answer.consents if (one.channel, one.purpose) == (body.channel, body.purpose)]
            return ConsentsAnswer(customer=answer.customer, consents=told)
        return answer

    @router.get("/customers/{customer}/consents", response_model=ConsentsAnswer, summary="What a customer agreed to")
    async def read_consents(
        caller: Annotated[Caller, Depends(allow("personal:read", personal=True))],
        database: DatabaseDep,
        customer: Customer,
    ) -> ConsentsAnswer:
        """By channel and purpose the statement that occurred last."""
        async with database.read(caller.shop_id) as reads:
            return await _answer(reads, caller, customer_number(customer))

    return router


async def _keep(tx: OpenTransaction, caller: Caller, customer: CustomerId, body: StatementBody) -> None:
    shop = caller.shop
    said = Statement(customer, body.channel, body.purpose, body.state, body.occurred_at, body.source, "", body.evidence)
    said = said._replace(record=record_id(shop.slug, said))
    key = identity.customer_key(caller.shop_id, shop.slug, customer)
    await tx.lock_keys({key: 1})  # from here on nobody else changes this customer's consents, or erases them
    identities = await identity.whole_person(tx.conn, caller.shop_id, customer)
    if not identities or any(one.erasure for one in identities):
        raise not_found("customer")
    before = standing(await store.statements_of(tx.conn, caller.shop_id, [customer]))
    if not await store.add(tx.conn, caller.shop_id, said, tx.now):
        return
    holds = standing([*before, said])
    if changed := changes(before, holds):
        tx.publish(
            topics.CONSENTS,
            key,
            consent_changed(shop.slug, customer, holds, changed=changed, now=tx.now, sequence=tx.sequence(key)),
        )


async def _answer(reads: Any, caller: Caller, customer: CustomerId) -> ConsentsAnswer:
    identities = await identity.whole_person(reads, caller.shop_id, customer)
    if not identities:
        raise not_found("customer")
    said = await store.statements_of(reads, caller.shop_id, [one.customer for one in identities])
    return ConsentsAnswer(
        customer=customer_id_text(customer),
        consents=[ConsentAnswer(**one._asdict()) for one in standing(said)],
    )
