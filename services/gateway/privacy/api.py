"""A person's data over HTTP: found, handed out, erased; and the certificate."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from services.gateway import identity
from services.gateway.naming import Customer, Named, Namer
from services.gateway.privacy import showing, store
from services.gateway.privacy.answers import (
    ERASURE,
    CertificateAnswer,
    ErasuresAnswer,
    ExportAnswer,
    FoundAnswer,
    InactiveAnswer,
    PreviewAnswer,
)
from services.gateway.privacy.asking import ask
from services.gateway.privacy.domain import REFERENCE, Reason, inactive_since
from shared.kernel import customer_id_text
from shared.web import Caller, ClockDep, DatabaseDep, allow, customer_number, not_found

ErasureId = Annotated[
    str, Path(pattern="^[0-9a-z-]{1,36}$", description="As the request was answered.", examples=[ERASURE])
]
Finder = Annotated[Caller, Depends(allow("personal:read", personal=True, writes=False))]
Reader = Annotated[Caller, Depends(allow("personal:read", personal=True))]
Eraser = Annotated[Caller, Depends(allow("personal:erase", personal=True))]


class EraseBody(BaseModel):
    """Why somebody is erased. No free text: the certificate holds nothing personal."""

    reason: Reason = Field(description="Why.")
    reference: str = Field("", pattern=REFERENCE, description="Number of the request in your own files.")
    dry_run: bool = Field(False, description="Only say what would go.")

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"example": {"reason": "request", "reference": "DSR-2026-17"}}
    )


def privacy_router(namer: Namer) -> APIRouter:
    """The routes. `namer` finds who is meant."""
    router = APIRouter(prefix="/v1", tags=["privacy"])

    @router.post("/customers/find", response_model=FoundAnswer, summary="Find a customer by an identifier")
    async def find(caller: Finder, database: DatabaseDep, body: Named) -> FoundAnswer:
        """The identifier stands in the body, so that it is in no log of addresses."""
        async with database.read(caller.shop_id) as reads:
            number = await namer.find(reads, caller, body)
            found = await identity.whole_person(reads, caller.shop_id, number)
        if not found:
            raise not_found("customer")
        identities = [customer_id_text(one.customer) for one in found]
        database.concerns(*identities)
        return FoundAnswer(customer=customer_id_text(found[0].canonical), identities=identities)

    @router.get(
        "/customers/{customer}/export", response_model=ExportAnswer, summary="All that gateway holds of a person"
    )
    async def export(caller: Reader, database: DatabaseDep, customer: Customer) -> dict[str, Any]:
        """Identities, contacts and consents. metrics has the orders, at the same address."""
        async with database.read(caller.shop_id) as reads:
            found = await showing.export(reads, caller.shop_id, customer_number(customer))
        if found is None:
            raise not_found("customer")
        return found

    _add_erasing(router)
    _add_erasures(router)
    return router


def _add_erasing(router: APIRouter) -> None:
    @router.post(
        "/customers/{customer}/erase",
        response_model=CertificateAnswer,
        status_code=202,
        response_description="It is asked for; the answer is the certificate so far.",
        responses={200: {"model": PreviewAnswer, "description": "What would go (`dry_run`)."}},
        summary="Erase a person",
    )
    async def erase(caller: Eraser, database: DatabaseDep, clock: ClockDep, customer: Customer, body: EraseBody) -> Any:
        """All identities of the person. Asked for again, the answer is the same erasure, as it stands.

        Erase the person in the shop's own systems first: what those send afterwards makes somebody new.
        """
        number = customer_number(customer)
        if body.dry_run:
            async with database.read(caller.shop_id) as reads:
                found = await showing.preview(reads, caller.shop_id, number)
            if found is None:
                raise not_found("customer")
            return JSONResponse(PreviewAnswer(**found).model_dump(mode="json"))
        async with database.write(caller.shop_id) as tx:
            erasure = await ask(tx, caller.shop, number, body.reason, body.reference)
            if erasure is None:
                raise not_found("customer")
            answer = await showing.certificate(tx.conn, erasure, clock.now())
        content = CertificateAnswer(**answer).model_dump(mode="json")
        return JSONResponse(content, 202, headers={"Location": f"/v1/erasures/{erasure.erasure_id}"})


def _add_erasures(router: APIRouter) -> None:
    @router.get("/erasures", response_model=ErasuresAnswer, summary="The newest erasures")
    async def newest(
        caller: Eraser,
        database: DatabaseDep,
        clock: ClockDep,
        limit: Annotated[int, Query(ge=1, le=100, description="At most so many.")] = 20,
    ) -> ErasuresAnswer:
        """With what each still waits for."""
        now: datetime = clock.now()
        async with database.read(caller.shop_id) as reads:
            found = await store.newest(reads, caller.shop_id, limit)
            shown = [CertificateAnswer(**await showing.certificate(reads, one, now)) for one in found]
        return ErasuresAnswer(erasures=shown)

    @router.get("/erasures/preview", response_model=InactiveAnswer, summary="Who would be erased as inactive")
    async def preview_inactive(
        caller: Eraser,
        database: DatabaseDep,
        clock: ClockDep,
        months: Annotated[
            int,
            Query(ge=1, le=120, description="A term to try; the shop's own is a setting.", examples=[24]),
        ],
    ) -> InactiveAnswer:
        """How many customers the term `inactive_months` would erase today. Erases nobody."""
        since = inactive_since(months, clock.now())
        async with database.read(caller.shop_id) as reads:
            count = await store.count_inactive(reads, caller.shop_id, since)
        return InactiveAnswer(months=months, not_heard_of_since=since, customers=count)

    @router.get("/erasures/{erasure}", response_model=CertificateAnswer, summary="The certificate of an erasure")
    async def certificate(
        caller: Eraser, database: DatabaseDep, clock: ClockDep, erasure: ErasureId
    ) -> CertificateAnswer:
        """Who was asked and who answered, what is gone, what stays and why, and when topics will have forgotten it."""
        async with database.read(caller.shop_id) as reads:
            found = await store.by_id(reads, caller.shop_id, erasure)
            if found is None:
                raise not_found("erasure")
            return CertificateAnswer(**await showing.certificate(reads, found, clock.now()))
