"""API keys over HTTP, for admins: list, make, rotate, revoke. Row-level security leaves no other shop's.

All of it takes `keys:read` or `keys:write`, which only the role and the scope `admin` have: no key can give away more
than it may itself.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.shops import domain, store
from services.gateway.shops.domain import ShopError
from services.gateway.shops.keys import database_time, end, replace
from shared.contracts.keys import ApiKey
from shared.db import OpenTransaction
from shared.kernel import SCOPES
from shared.web import (
    Caller,
    Cursor,
    DatabaseDep,
    FieldError,
    Limit,
    Page,
    Problem,
    allow,
    conflict,
    invalid,
    not_found,
    problem_responses,
    read_cursor,
)

_SAMPLE_ID = "3f9c51d20a7b64e8c1"
_SAMPLE: dict[str, Any] = {
    "key_id": _SAMPLE_ID,
    "name": "reports",
    "scopes": ["metrics:read"],
    "expires_at": "2027-03-21T09:30:00Z",
    "revoked_at": None,
}
_LISTED: dict[str, Any] = {**_SAMPLE, "used_at": "2026-03-21T09:30:00Z"}

router = APIRouter(prefix="/v1/keys", tags=["keys"])
Reader = Annotated[Caller, Depends(allow("keys:read"))]
Writer = Annotated[Caller, Depends(allow("keys:write"))]
KeyId = Annotated[str, Path(pattern="^[0-9a-z]{1,64}$", description="As the list shows it.", examples=[_SAMPLE_ID])]
Days = Annotated[
    int | None, Field(ge=1, le=3660, description="The key expires after so many days; it never does if not given.")
]


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class NewKey(_Body):
    """A key to be made."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"scopes": ["metrics:read"], "name": "reports", "expires_in_days": 365}}
    )

    scopes: list[Annotated[str, Field(max_length=64, json_schema_extra={"enum": list(SCOPES)})]] = Field(
        min_length=1, max_length=len(SCOPES), description="What it may do."
    )
    name: str = Field("", max_length=200, description="What it is for.")
    expires_in_days: Days = None


class Rotation(_Body):
    """How a key is rotated."""

    model_config = ConfigDict(json_schema_extra={"example": {"keep_hours": 24, "expires_in_days": 365}})

    keep_hours: int = Field(24, ge=0, le=720, description="So long the old key goes on working; 0 ends it at once.")
    expires_in_days: Days = None


class KeyAnswer(BaseModel):
    """A key, without its text, which is kept nowhere."""

    key_id: str
    name: str
    scopes: list[str]
    expires_at: datetime | None
    revoked_at: datetime | None

    model_config = ConfigDict(json_schema_extra={"example": _SAMPLE})


class ListedKeyAnswer(KeyAnswer):
    """A key in the list."""

    used_at: datetime | None = Field(
        description="When gateway was last asked by it, to a minute; `mandegar keys list` asks all services."
    )

    model_config = ConfigDict(json_schema_extra={"example": _LISTED})


class MadeKeyAnswer(KeyAnswer):
    """A key that was just made."""

    key: str = Field(description="The text of the key. It is told this once.")

    model_config = ConfigDict(json_schema_extra={"example": {**_SAMPLE, "key": f"mdg_{_SAMPLE_ID}_…"}})


class RotatedKeyAnswer(MadeKeyAnswer):
    """A key that takes the place of another."""

    replaces: str = Field(description="Id of the old key.")
    old_expires_at: datetime = Field(description="Until then the old key works as well.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_SAMPLE,
                "key": f"mdg_{_SAMPLE_ID}_…",
                "replaces": "77c0d1e2f3a4b5c6d7",
                "old_expires_at": "2026-03-22T09:30:00Z",
            }
        }
    )


@router.get("", response_model=Page[ListedKeyAnswer], summary="The shop's API keys")
async def list_keys(
    caller: Reader, database: DatabaseDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[ListedKeyAnswer]:
    """All keys, also those that have expired or are revoked, in the order of their ids."""
    after = read_cursor(cursor, tuple[str])
    async with database.read(caller.shop_id) as reads:
        found = await store.page_of_keys(reads, caller.shop_id, after=after[0] if after else "", limit=limit + 1)
    keys = [ListedKeyAnswer(**_told(key), used_at=used_at) for key, used_at in found]
    return Page[ListedKeyAnswer].of(keys, limit, key=lambda key: (key.key_id,))


@router.post("", response_model=MadeKeyAnswer, status_code=201, summary="Make an API key")
async def make_key(caller: Writer, database: DatabaseDep, body: NewKey) -> MadeKeyAnswer:
    """The answer tells the key, once: only its hash is kept. All services know it within seconds."""
    async with database.write(caller.shop_id) as tx:
        try:
            key, text = domain.new_key(
                caller.shop,
                scopes=body.scopes,
                name=body.name,
                expires_at=await _end(tx, body.expires_in_days),
                random_bytes=secrets.token_bytes,
            )
        except ShopError as error:
            raise _refused(error) from None
        await store.save_key(tx, key, caller.shop.slug)
        database.concerns(key.key_id)
    return MadeKeyAnswer(**_told(key), key=text)


@router.post(
    "/{key_id}/rotate",
    response_model=RotatedKeyAnswer,
    status_code=201,
    responses=problem_responses(409),
    summary="Replace an API key",
)
async def rotate_key(
    caller: Writer, database: DatabaseDep, key_id: KeyId, body: Rotation | None = None
) -> RotatedKeyAnswer:
    """A new key with scopes, name and, unless told otherwise, end of the old one, which works on for a while."""
    wanted = body or Rotation.model_validate({})
    async with database.write(caller.shop_id) as tx:
        old = await _locked(tx, key_id)
        try:
            key, text, ending = await replace(
                tx,
                old,
                caller.shop,
                keep=timedelta(hours=wanted.keep_hours),
                expires_at=await _end(tx, wanted.expires_in_days),
            )
        except ShopError as error:
            raise conflict("key-has-ended", "The key has ended", str(error).partition(": ")[2]) from None
        database.concerns(key.key_id)
    assert ending.expires_at is not None, "a rotation ends the old key"
    return RotatedKeyAnswer(**_told(key), key=text, replaces=key_id, old_expires_at=ending.expires_at)


@router.post("/{key_id}/revoke", response_model=KeyAnswer, summary="Revoke an API key")
async def revoke_key(caller: Writer, database: DatabaseDep, key_id: KeyId) -> KeyAnswer:
    """All services refuse it within seconds. One that is revoked already stays as it is."""
    async with database.write(caller.shop_id) as tx:
        revoked = await end(tx, await _locked(tx, key_id), caller.shop.slug)
    return KeyAnswer(**_told(revoked))


async def _locked(tx: OpenTransaction, key_id: str) -> ApiKey:
    key = await store.lock_key(tx.conn, key_id)
    if key is None:
        raise not_found("key")
    return key


async def _end(tx: OpenTransaction, days: int | None) -> datetime | None:
    return None if days is None else await database_time(tx.conn) + timedelta(days=days)


def _refused(error: ShopError) -> Problem:
    field, _, reason = str(error).partition(": ")
    return invalid(FieldError(f"body.{field}", reason))


def _told(key: ApiKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "name": key.name,
        "scopes": list(key.scopes),
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }
