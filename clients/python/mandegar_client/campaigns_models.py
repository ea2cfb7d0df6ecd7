"""Forms of campaigns. Generated from docs/openapi/campaigns.json by `make client`; a change is made there."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict


class EntryAnswer(BaseModel):
    """
    One line of the audit log.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: int
    at: AwareDatetime
    """
    By the database's clock.
    """
    actor: str
    """
    `key:<key id>`, `staff:<subject of the token>` or `operator`.
    """
    role: str
    """
    Of staff; empty for keys and commands.
    """
    action: str
    """
    Method and path of the route, or the command.
    """
    subject: str
    """
    Ids of what it was about, separated by blanks; never personal data.
    """
    request_id: str
    """
    As `X-Request-Id` of the answer told it; also in the log.
    """
    outcome: Literal["done", "refused", "failed"]


class PageEntryAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[EntryAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class Error(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    field: str
    reason: str


class Problem(BaseModel):
    """
    RFC 9457. `errors` names each field and what is wrong with it.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    type: str
    """
    Stable name of the kind of problem
    """
    title: str
    status: int
    detail: str | None = None
    """
    What to do about it
    """
    request_id: str | None = None
    errors: list[Error] | None = None
