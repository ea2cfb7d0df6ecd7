"""Browsers over HTTP: registered by the shop's pages, through the shop's own server."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from services.campaigns import audience
from services.campaigns.devices import store
from services.campaigns.devices.domain import browser_of
from shared.outgoing import Refused, check_url
from shared.web import CUSTOMER_PATTERN, Caller, DatabaseDep, FieldError, allow, customer_number, invalid, not_found

_CUSTOMER = "1k5f0q2v9a3bd"
_ENDPOINT = "https://push.example.com/send/dHJ5"
_KEYS: dict[str, Any] = {
    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
}
_SAMPLE: dict[str, Any] = {"customer": _CUSTOMER, "endpoint": _ENDPOINT, "keys": _KEYS}
_URL_LENGTH_MAX = 2_000
Writer = Annotated[Caller, Depends(allow("customers:write", personal=True))]


class _Form(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class KeysForm(_Form):
    """What only this browser can read is encrypted with, in base64url."""

    p256dh: str = Field(max_length=100)
    auth: str = Field(max_length=50)

    model_config = ConfigDict(json_schema_extra={"example": _KEYS})


class BrowserForm(_Form):
    """A browser, as `PushSubscription.toJSON` gives it, and whose it is."""

    customer: str = Field(pattern=CUSTOMER_PATTERN, examples=[_CUSTOMER])
    endpoint: str = Field(min_length=1, max_length=_URL_LENGTH_MAX, description="HTTPS, on the internet.")
    keys: KeysForm

    model_config = ConfigDict(json_schema_extra={"example": _SAMPLE})


class RemovalForm(_Form):
    """A browser that takes no more push."""

    customer: str = Field(pattern=CUSTOMER_PATTERN, examples=[_CUSTOMER])
    endpoint: str = Field(min_length=1, max_length=_URL_LENGTH_MAX)

    model_config = ConfigDict(json_schema_extra={"example": {"customer": _CUSTOMER, "endpoint": _ENDPOINT}})


class BrowserAnswer(BaseModel):
    """How it stands."""

    registered: bool

    model_config = ConfigDict(json_schema_extra={"example": {"registered": True}})


class RemovedBrowserAnswer(BaseModel):
    """What became of it."""

    removed: bool = Field(description="False: there was none.")

    model_config = ConfigDict(json_schema_extra={"example": {"removed": False}})


def devices_router(*, loopback: bool = False) -> APIRouter:
    """The routes. `loopback`: push services on this machine may be named."""
    router = APIRouter(prefix="/v1/push", tags=["push"])

    @router.post("/browsers", response_model=BrowserAnswer, summary="Register a browser for push")
    async def register_browser(caller: Writer, database: DatabaseDep, body: BrowserForm) -> BrowserAnswer:
        """Once more is the same. Messages go to it where the customer consented to push."""
        try:
            check_url(body.endpoint, loopback=loopback)
            browser = browser_of(body.endpoint, body.keys.p256dh, body.keys.auth)
        except Refused as refused:
            raise invalid(FieldError("body.endpoint", str(refused))) from None
        except ValueError as error:
            raise invalid(FieldError(f"body.{error}", "is no key of a browser")) from None
        shop, customer = int(caller.shop_id), int(customer_number(body.customer))
        async with database.write(caller.shop_id) as tx:
            known = (await audience.profiles_of(tx.conn, [(shop, customer)])).get((shop, customer))
            if known is None or known.erased:
                raise not_found("customer")
            database.concerns(body.customer)
            await store.add(tx.conn, shop, customer, browser)
        return BrowserAnswer(registered=True)

    @router.post("/browsers/remove", response_model=RemovedBrowserAnswer, summary="Forget a browser")
    async def remove_browser(caller: Writer, database: DatabaseDep, body: RemovalForm) -> RemovedBrowserAnswer:
        """It gets nothing more."""
        customer = int(customer_number(body.customer))
        async with database.write(caller.shop_id) as tx:
            database.concerns(body.customer)
            found = await store.remove(tx.conn, caller.shop_id, customer, sha256(body.endpoint.encode()).digest())
        return RemovedBrowserAnswer(removed=found)

    return router
