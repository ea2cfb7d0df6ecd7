"""The endpoint for webhooks over HTTP: where it is, and with which secret."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from services.campaigns.hooks import store
from services.campaigns.hooks.sealing import Vault
from shared.outgoing import Refused
from shared.receivers import URL_LENGTH_MAX, checked_url, new_secret
from shared.web import Caller, DatabaseDep, FieldError, allow, conflict, invalid, problem_responses

KEEP_HOURS_MAX = 720
_SAMPLE: dict[str, Any] = {
    "url": "https://crm.example/hooks/mandegar",
    "set_at": "2026-03-20T09:30:00Z",
    "rotated_at": None,
    "previous_until": None,
    "gone_at": None,
}
Reader = Annotated[Caller, Depends(allow("shops:read"))]
Writer = Annotated[Caller, Depends(allow("shops:write"))]


class _Form(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class WebhookEndpointForm(_Form):
    """Where webhooks go."""

    url: str = Field(
        min_length=1, max_length=URL_LENGTH_MAX, description="HTTPS, on the internet; redirects are not followed."
    )

    model_config = ConfigDict(json_schema_extra={"example": {"url": _SAMPLE["url"]}})


class WebhookSecretRotation(_Form):
    """How the secret is replaced."""

    keep_hours: int = Field(
        24, ge=0, le=KEEP_HOURS_MAX, description="So long webhooks are signed with the secret before as well."
    )

    model_config = ConfigDict(json_schema_extra={"example": {"keep_hours": 24}})


class WebhookEndpointAnswer(BaseModel):
    """Where webhooks go, without secrets."""

    url: str | None = Field(description="Null: there is none, and messages by webhook are suppressed: no contact.")
    set_at: datetime | None
    rotated_at: datetime | None
    previous_until: datetime | None = Field(description="Until then webhooks are signed with two secrets.")
    gone_at: datetime | None = Field(description="It answered 410, so nothing is sent to it until it is set again.")

    model_config = ConfigDict(json_schema_extra={"example": _SAMPLE})


class SetWebhookEndpointAnswer(WebhookEndpointAnswer):
    """Where webhooks go, after a change."""

    secret: str | None = Field(
        description="What webhooks are signed with (`whsec_…`), where it is new. It is told this once."
    )

    model_config = ConfigDict(json_schema_extra={"example": {**_SAMPLE, "secret": "whsec_…"}})


class RemovedEndpointAnswer(BaseModel):
    """What became of it."""

    removed: bool = Field(description="False: there was none.")

    model_config = ConfigDict(json_schema_extra={"example": {"removed": True}})


def hooks_router(secret_key: str, *, loopback: bool = False) -> APIRouter:
    """The routes. `secret_key`: the platform's; `loopback`: receivers on this machine may be set."""
    router = APIRouter(prefix="/v1/webhooks/endpoint", tags=["webhooks"])
    vault = Vault(secret_key)

    @router.get("", response_model=WebhookEndpointAnswer, summary="The endpoint for webhooks")
    async def read_webhook_endpoint(caller: Reader, database: DatabaseDep) -> WebhookEndpointAnswer:
        """Where messages by webhook go."""
        async with database.read(caller.shop_id) as reads:
            return WebhookEndpointAnswer(**(await store.kept_of(reads, caller.shop_id))._asdict())

    @router.put("", response_model=SetWebhookEndpointAnswer, summary="Set the endpoint for webhooks")
    async def set_webhook_endpoint(
        caller: Writer, database: DatabaseDep, body: WebhookEndpointForm
    ) -> SetWebhookEndpointAnswer:
        """The first time a secret is drawn and told, once; later the secret stays."""
        try:
            url = checked_url(body.url, loopback=loopback)
        except Refused as refused:
            raise invalid(FieldError("body.url", str(refused))) from None
        text = new_secret(secrets.token_bytes)
        async with database.write(caller.shop_id) as tx:
            is_new = await store.RECEIVERS.set_url(tx.conn, caller.shop_id, url, vault.seal(text, caller.shop_id))
            kept = await store.kept_of(tx.conn, caller.shop_id)
        return SetWebhookEndpointAnswer(**kept._asdict(), secret=text if is_new else None)

    @router.post(
        "/rotate",
        response_model=SetWebhookEndpointAnswer,
        responses=problem_responses(409),
        summary="Replace its secret",
    )
    async def rotate_webhook_secret(
        caller: Writer, database: DatabaseDep, body: WebhookSecretRotation | None = None
    ) -> SetWebhookEndpointAnswer:
        """Told this once. For a while webhooks are signed with both, and a receiver may take either."""
        keep = timedelta(hours=(body or WebhookSecretRotation.model_validate({})).keep_hours)
        text = new_secret(secrets.token_bytes)
        async with database.write(caller.shop_id) as tx:
            if not await store.RECEIVERS.rotate(tx.conn, caller.shop_id, vault.seal(text, caller.shop_id), keep):
                raise conflict("no-endpoint", "It stays as it is", "The shop has no endpoint for webhooks; set one.")
            kept = await store.kept_of(tx.conn, caller.shop_id)
        return SetWebhookEndpointAnswer(**kept._asdict(), secret=text)

    @router.post("/remove", response_model=RemovedEndpointAnswer, summary="Remove the endpoint for webhooks")
    async def remove_webhook_endpoint(caller: Writer, database: DatabaseDep) -> RemovedEndpointAnswer:
        """Messages by webhook are suppressed from now on."""
        async with database.write(caller.shop_id) as tx:
            return RemovedEndpointAnswer(removed=await store.RECEIVERS.remove(tx.conn, caller.shop_id))

    return router
