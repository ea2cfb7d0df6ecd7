"""Entitlements over HTTP: where they are told, with which secret, and what could not be told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.loyalty.entitlements import commands, store
from services.loyalty.entitlements.commands import KEEP_HOURS_MAX, Endpoint, EntitlementTrouble
from services.loyalty.entitlements.domain import State, place_of
from services.loyalty.entitlements.sealing import Vault
from services.loyalty.entitlements.store import Delivery, Kept
from shared.kernel import us_of
from shared.receivers import URL_LENGTH_MAX
from shared.web import (
    Caller,
    Cursor,
    DatabaseDep,
    FieldError,
    Limit,
    OnceDep,
    Page,
    allow,
    conflict,
    invalid,
    not_found,
    problem_responses,
    read_cursor,
)

_SAMPLE_ID = "0" * 31 + "4-1"
_NAMES: dict[State, str] = {State.WAITING: "waiting", State.DELIVERED: "delivered", State.FAILED: "failed"}
_STATES = {name: state for state, name in _NAMES.items()}
_SAMPLE: dict[str, Any] = {
    "url": "https://game.example/hooks/mandegar",
    "set_at": "2026-03-20T09:30:00Z",
    "rotated_at": None,
    "previous_until": None,
    "gone_at": None,
    "waiting": 0,
    "failed": 0,
}
Reader = Annotated[Caller, Depends(allow("shops:read"))]
Writer = Annotated[Caller, Depends(allow("shops:write"))]
Lister = Annotated[Caller, Depends(allow("customers:list", personal=True))]
Sender = Annotated[Caller, Depends(allow("loyalty:write", personal=True))]
DeliveryId = Annotated[str, Path(pattern=r"^[0-9a-f-]{13,38}$", description="The webhook's id.", examples=[_SAMPLE_ID])]


class _Form(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class EndpointForm(_Form):
    """Where entitlements are told."""

    model_config = ConfigDict(json_schema_extra={"example": {"url": "https://game.example/hooks/mandegar"}})

    url: str = Field(
        min_length=1, max_length=URL_LENGTH_MAX, description="HTTPS, on the internet; redirects are not followed."
    )


class SecretRotation(_Form):
    """How the secret is replaced."""

    model_config = ConfigDict(json_schema_extra={"example": {"keep_hours": 24}})

    keep_hours: int = Field(
        24, ge=0, le=KEEP_HOURS_MAX, description="So long webhooks are signed with the secret before as well."
    )


class EndpointAnswer(BaseModel):
    """Where entitlements are told, without secrets."""

    url: str | None = Field(description="Null: there is none, and nothing is told.")
    set_at: datetime | None
    rotated_at: datetime | None
    previous_until: datetime | None = Field(description="Until then webhooks are signed with two secrets.")
    gone_at: datetime | None = Field(
        description="It answered 410, so nothing is sent to it; setting it again goes on with what waits."
    )
    waiting: int = Field(description="Deliveries that wait.")
    failed: int = Field(description="Deliveries that were given up.")

    model_config = ConfigDict(json_schema_extra={"example": _SAMPLE})


class SetEndpointAnswer(EndpointAnswer):
    """Where entitlements are told, after a change."""

    secret: str | None = Field(
        description="What webhooks are signed with (`whsec_…`), where it is new. It is told this once."
    )

    model_config = ConfigDict(json_schema_extra={"example": {**_SAMPLE, "secret": "whsec_…"}})


class RemovedAnswer(BaseModel):
    """Nothing is told any more."""

    removed: bool = Field(description="False: there was none.")

    model_config = ConfigDict(json_schema_extra={"example": {"removed": True}})


class DeliveryAnswer(BaseModel):
    """A delivery."""

    delivery: str = Field(description="The webhook's id, the same at each attempt.")
    redemption: str
    what: Literal["granted", "revoked"]
    state: Literal["waiting", "delivered", "failed"]
    attempts: int
    last_status: int | None = Field(description="Of the last answer; null: there was none.")
    trouble: str
    made_at: datetime
    due_at: datetime | None = Field(description="Of one that waits: when it is tried next.")
    ended_at: datetime | None

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "delivery": _SAMPLE_ID,
                "redemption": _SAMPLE_ID[:-2],
                "what": "granted",
                "state": "failed",
                "attempts": 11,
                "last_status": 503,
                "trouble": "the receiver answers with 503",
                "made_at": "2026-03-20T09:30:00Z",
                "due_at": None,
                "ended_at": "2026-03-23T09:50:00Z",
            }
        }
    )


def entitlements_router(secret_key: str, *, loopback: bool = False) -> APIRouter:
    """The routes. `secret_key`: the platform's; `loopback`: receivers on this machine may be set."""
    router = APIRouter(prefix="/v1/entitlements", tags=["entitlements"])
    _add_endpoint(router, Vault(secret_key), loopback=loopback)
    _add_deliveries(router)
    return router


def _add_endpoint(router: APIRouter, vault: Vault, *, loopback: bool) -> None:
    @router.get("/endpoint", response_model=EndpointAnswer, summary="The endpoint")
    async def read_endpoint(caller: Reader, database: DatabaseDep) -> Response:
        """Where the shop's entitlements are told, and how many deliveries wait or have failed."""
        async with database.read(caller.shop_id) as reads:
            return _json(_shown(await store.endpoint_of(reads, caller.shop_id)))

    @router.put("/endpoint", response_model=SetEndpointAnswer, summary="Set the endpoint")
    async def set_endpoint(caller: Writer, database: DatabaseDep, body: EndpointForm) -> Response:
        """What is granted or taken back from now on is told there. The first time a secret is drawn and told, once;

        later the secret stays, and an endpoint that wanted no more is sent to again.
        """
        try:
            url = commands.checked_url(body.url, loopback=loopback)
        except EntitlementTrouble as trouble:
            raise invalid(FieldError("body.url", str(trouble).removeprefix("the address "))) from None
        async with database.write(caller.shop_id) as tx:
            return _told(await commands.put(tx.conn, vault, caller.shop_id, url))

    @router.post(
        "/endpoint/rotate",
        response_model=SetEndpointAnswer,
        responses=problem_responses(409),
        summary="Replace the secret",
    )
    async def rotate_secret(caller: Writer, database: DatabaseDep, body: SecretRotation | None = None) -> Response:
        """Told this once. For a while webhooks are signed with both, and a receiver may take either."""
        keep = timedelta(hours=(body or SecretRotation.model_validate({})).keep_hours)
        async with database.write(caller.shop_id) as tx:
            try:
                return _told(await commands.rotate(tx.conn, vault, caller.shop_id, keep))
            except EntitlementTrouble as trouble:
                raise _refused(trouble) from None

    @router.post("/endpoint/remove", response_model=RemovedAnswer, summary="Remove the endpoint")
    async def remove_endpoint(caller: Writer, database: DatabaseDep, once: OnceDep) -> Response:
        """Nothing is told any more; what waits has failed, and can be sent again once there is another one."""
        async with database.write(caller.shop_id) as tx:
            if (told := await once.before(tx.conn, caller)) is not None:
                return told
            answer = _json({"removed": await store.remove(tx.conn, caller.shop_id)})
            return await once.keep(tx.conn, caller, answer)


def _add_deliveries(router: APIRouter) -> None:
    @router.get("/deliveries", response_model=Page[DeliveryAnswer], summary="Deliveries")
    async def list_deliveries(
        caller: Lister,
        database: DatabaseDep,
        state: Annotated[Literal["waiting", "delivered", "failed"] | None, Query(description="Only those.")] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Response:
        """In the order in which they were made."""
        after = read_cursor(cursor, tuple[int, str, int])
        wanted = None if state is None else _STATES[state]
        async with database.read(caller.shop_id) as reads:
            found = await store.listed(reads, caller.shop_id, wanted, after, limit + 1)
        page = Page[Any].of(found, limit, lambda one: (us_of(one.made_at), *one.place))
        return _json({"items": [_delivery(one) for one in page.items], "next": page.next})

    @router.post(
        "/deliveries/{delivery}/retry",
        response_model=DeliveryAnswer,
        responses=problem_responses(409),
        summary="Send a delivery again",
    )
    async def retry_delivery(caller: Sender, database: DatabaseDep, once: OnceDep, delivery: DeliveryId) -> Response:
        """One that failed waits anew. Refused once something later of the redemption was told: it would undo that."""
        place = place_of(delivery)
        if place is None:
            raise not_found("delivery")
        async with database.write(caller.shop_id) as tx:
            if (told := await once.before(tx.conn, caller)) is not None:
                return told
            try:
                one = await commands.retry(tx.conn, caller.shop_id, place)
            except EntitlementTrouble as trouble:
                raise _refused(trouble) from None
            if one is None:
                raise not_found("delivery")
            return await once.keep(tx.conn, caller, _json(_delivery(one)))


def _refused(trouble: EntitlementTrouble) -> Exception:
    return conflict(trouble.code, "It stays as it is", f"{trouble}.")


def _shown(kept: Kept) -> dict[str, Any]:
    return dict(kept._asdict())


def _told(endpoint: Endpoint) -> Response:
    return _json(_shown(endpoint.kept) | {"secret": endpoint.secret or None})


def _delivery(one: Delivery) -> dict[str, Any]:
    return {
        "delivery": str(one.place),
        "redemption": one.place.redemption,
        "what": one.what,
        "state": _NAMES[one.state],
        "attempts": one.attempts,
        "last_status": one.last_status,
        "trouble": one.trouble,
        "made_at": one.made_at,
        "due_at": one.due_at if one.state is State.WAITING else None,
        "ended_at": one.ended_at,
    }


def _json(body: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
