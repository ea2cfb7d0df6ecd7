"""A small service to try the application factory on, over a database that is played."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

import asyncpg
import msgspec
from fastapi import APIRouter, Depends, Query
from prometheus_client import CollectorRegistry
from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.shops import Shop
from shared.kernel import FixedClock, ShopId, api_key_sha256, api_key_text
from shared.settings import PlatformSettings
from shared.web import Caller, Cursor, DatabaseDep, Limit, Page, allow, create_app, not_found, public, read_cursor

NOW = datetime(2026, 3, 21, 12, tzinfo=UTC)
KEY = api_key_text("reader01", bytes(range(32)))
POOR_KEY = api_key_text("poor0001", bytes(range(1, 33)))
OLD_KEY = api_key_text("old00001", bytes(range(2, 34)))
REVOKED_KEY = api_key_text("revoked1", bytes(range(3, 35)))
SHOP = Shop(number=7, slug="laleh", name="Laleh", zone="Asia/Tehran", currency="IRR")


class Points(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    amount: int = Field(ge=1, le=1000)
    note: str = Field("", max_length=50)
    tags: list[str] = []


class PlayedConnection:
    """Answers the queries that shared.web asks of a database."""

    def __init__(self, pool: PlayedPool) -> None:
        self._pool = pool

    async def fetchrow(self, query: str, *args: Any) -> dict[str, Any] | None:
        self._pool.asked.append(query)
        return self._pool.keys.get(args[0])

    async def fetchval(self, query: str, *args: Any) -> Any:
        return args[0] if args else 1

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        return []

    def transaction(self, *, readonly: bool = False) -> contextlib.AbstractAsyncContextManager[None]:
        return contextlib.nullcontext()


class PlayedPool:
    """A pool whose database can go away, or whose connections can all be taken."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failure: BaseException | None = None
        settings = msgspec.json.encode(SHOP).decode()
        self.keys = {
            "reader01": _row(KEY, ["metrics:read"], settings),
            "poor0001": _row(POOR_KEY, [], settings),
            "old00001": _row(OLD_KEY, ["metrics:read"], settings, expires_at=NOW - timedelta(seconds=1)),
            "revoked1": _row(REVOKED_KEY, ["metrics:read"], settings, revoked_at=NOW - timedelta(days=1)),
        }

    async def acquire(self, *, timeout: float) -> PlayedConnection:
        if self.failure is not None:
            raise self.failure
        return PlayedConnection(self)

    async def release(self, connection: PlayedConnection, *, timeout: float) -> None: ...


def _row(key: str, scopes: list[str], settings: str, **dates: datetime) -> dict[str, Any]:
    nothing: dict[str, Any] = {"expires_at": None, "revoked_at": None, "now": NOW}
    return {"sha256": api_key_sha256(key), "scopes": scopes, "settings": settings} | nothing | dates


router = APIRouter(prefix="/v1")
OPEN = public("for tests")
Reader = Annotated[Caller, Depends(allow("metrics:read"))]


@router.get("/whoami", responses={200: {"content": {"application/json": {"example": {"shop": "laleh"}}}}})
async def whoami(caller: Reader) -> dict[str, str]:
    return {"shop": caller.shop.slug, "key": caller.key_id}


@router.get("/window")
async def window(
    caller: Reader, as_of: date, window_days: Annotated[int, Query(ge=1, le=3650)] = 365
) -> dict[str, str | int]:
    return {"as_of": as_of.isoformat(), "window_days": window_days}


@router.post("/points", openapi_extra=OPEN)
async def points(body: Points) -> dict[str, int]:
    return {"amount": body.amount}


@router.get("/numbers", openapi_extra=OPEN)
async def numbers(limit: Limit = 3, cursor: Cursor = None) -> Page[int]:
    after = read_cursor(cursor, tuple[int])
    start = after[0] + 1 if after else 0
    return Page[int].of(list(range(start, 8))[: limit + 1], limit, key=lambda n: (n,))


@router.get("/missing/{thing}", openapi_extra=OPEN)
async def missing(thing: str) -> None:
    raise not_found("thing")


@router.get("/broken", openapi_extra=OPEN)
async def broken() -> None:
    raise RuntimeError("joe@example.com 09121234567")


@router.get("/slow", openapi_extra=OPEN)
async def slow() -> None:
    await asyncio.sleep(30)


@router.get("/database", openapi_extra=OPEN)
async def database(database: DatabaseDep) -> None:
    async with database.write(ShopId(SHOP.number)):
        pass


@router.get("/overflow", openapi_extra=OPEN)
async def overflow() -> None:
    raise asyncpg.DataError("value out of int32 range")


def settings(**values: Any) -> PlatformSettings:
    return PlatformSettings.load(
        environ={},
        kafka_bootstrap_servers="127.0.0.1:1",
        database_url="postgresql://127.0.0.1:1/none",
        secret_key="0123456789abcdef0123456789abcdef",
        **values,
    )


def sample_app(pool: PlayedPool | None = None, **values: Any) -> Any:
    values.setdefault("http_request_seconds_max", 5)
    return create_app(
        "sample",
        settings(**values),
        [router],
        clock=FixedClock(NOW),
        pool=pool or PlayedPool(),  # type: ignore[arg-type]  # it plays the part of one
        registry=CollectorRegistry(),
    )
