"""The audit log over HTTP: each service tells of its own."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from shared.db.audit import AuditFilter, entries_of
from shared.web.access import allow
from shared.web.callers import Caller
from shared.web.database import DatabaseDep
from shared.web.paging import Cursor, Limit, Page, read_cursor

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_NAME_MAX = 200


def _only_an_instant(value: Any) -> Any:
    # pydantic would take a number of seconds, or a day without an offset, as well.
    if isinstance(value, str) and not _INSTANT.fullmatch(value):
        raise PydanticCustomError("datetime_parsing", "not an instant")
    return value


_Instant = Annotated[datetime | None, BeforeValidator(_only_an_instant)]


_ENTRY: dict[str, Any] = {
    "id": 4711,
    "at": "2026-03-21T09:30:00Z",
    "actor": "staff:u-17",
    "role": "agent",
    "action": "GET /v1/customers/{customer}",
    "subject": "1k5f0q2v9a3bd",
    "request_id": "0195b3a4-5c1e-7d20-9f6a-2b8d3c4e5f60",
    "outcome": "done",
}


class EntryAnswer(BaseModel):
    """One line of the audit log."""

    id: int
    at: datetime = Field(description="By the database's clock.")
    actor: str = Field(description="`key:<key id>`, `staff:<subject of the token>` or `operator`.")
    role: str = Field(description="Of staff; empty for keys and commands.")
    action: str = Field(description="Method and path of the route, or the command.")
    subject: str = Field(description="Ids of what it was about, separated by blanks; never personal data.")
    request_id: str = Field(description="As `X-Request-Id` of the answer told it; also in the log.")
    outcome: Literal["done", "refused", "failed"]

    model_config = ConfigDict(json_schema_extra={"example": _ENTRY})


def audit_router() -> APIRouter:
    """The route, for every service."""
    router = APIRouter(tags=["audit"])

    @router.get(
        "/v1/audit",
        response_model=Page[EntryAnswer],
        summary="Who read personal data and who wrote what",
    )
    async def read_audit(
        *,
        caller: Annotated[Caller, Depends(allow("audit:read"))],
        database: DatabaseDep,
        actor: Annotated[str | None, Query(max_length=_NAME_MAX, description="Of this actor only.")] = None,
        subject: Annotated[str | None, Query(max_length=_NAME_MAX, description="About exactly this.")] = None,
        since: Annotated[_Instant, Query(description="From this instant on, such as 2026-03-21T00:00:00Z.")] = None,
        until: Annotated[_Instant, Query(description="Before this instant.")] = None,
        outcome: Annotated[Literal["done", "refused", "failed"] | None, Query(description="Of this outcome.")] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[EntryAnswer]:
        """This service's entries of the shop, the newest first; each service has a log of its own."""
        key = read_cursor(cursor, tuple[int])
        wanted = AuditFilter(actor, subject, since, until, outcome)
        async with database.read(caller.shop_id) as reads:
            rows = await entries_of(
                reads, caller.shop_id, wanted, before=None if key is None else key[0], limit=limit + 1
            )
        return Page[EntryAnswer].of([EntryAnswer(**row) for row in rows], limit, key=lambda entry: (entry.id,))

    return router
