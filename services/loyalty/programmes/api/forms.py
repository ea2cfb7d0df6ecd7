"""What is sent and answered, and what a refusal looks like."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Path
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from starlette.responses import Response

from services.loyalty.programmes.domain.body import Programme
from services.loyalty.programmes.domain.checking import Finding, check
from services.loyalty.programmes.domain.reading import FORM
from services.loyalty.programmes.domain.ready import ready_programme
from services.loyalty.programmes.store import Draft

READ, WRITE = "programmes:read", "programmes:write"
_DATE_LENGTH = 10
SAMPLE: dict[str, Any] = {
    "name": "Points",
    "currency": "USD",
    "rules": [{"id": "purchase", "name": "A point for each dollar", "earn": {"kind": "rate", "points": 1, "per": 100}}],
    "pending": {"kind": "days", "days": 14},
    "expiry": {"kind": "rolling", "months": 12},
}
"""Read by `read_programme`, which gives all else its default."""
SAMPLE_WHOLE: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(ready_programme("USD")))
SAMPLE_FILE: dict[str, Any] = {"form": FORM, "programme": SAMPLE}
SAMPLE_EXPORT: dict[str, Any] = {"form": FORM, "programme": SAMPLE_WHOLE}
_NUMBER_TOP = 2**31 - 1

Number = Annotated[int, Path(ge=0, le=_NUMBER_TOP, description="Number of the version.", examples=["1"])]
DraftNumber = Annotated[int, Path(ge=0, le=_NUMBER_TOP, description="Number of the draft.", examples=["1"])]
Reason = Annotated[str, Field(min_length=1, max_length=500, description="Kept with the version, for those after you.")]
Body = Annotated[
    dict[str, Any],
    Field(description="A programme, as `GET /v1/programmes/schema` describes it. What is left out has its default."),
]


def instant(value: Any) -> Any:
    """For strict forms: an instant from text alone."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and len(value) > _DATE_LENGTH else None
    except ValueError:
        return None


class _Form(BaseModel):
    """What is sent."""

    model_config = ConfigDict(strict=True, extra="forbid")


class NewDraft(_Form):
    """A draft to be made."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Spring", "programme": SAMPLE}})

    name: str = Field(min_length=1, max_length=200, description="For staff.")
    programme: Body | None = Field(
        None, description="Null: the version in force; where there is none, one to begin with in the shop's currency."
    )


class DraftChange(_Form):
    """A draft's new content."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Spring", "programme": SAMPLE}})

    name: str = Field(min_length=1, max_length=200, description="For staff.")
    programme: Body


class Publication(_Form):
    """Why, and from when."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "Begins with the new year"}})

    reason: Reason
    in_force_from: Annotated[AwareDatetime, BeforeValidator(instant)] | None = Field(
        None, description="With offset. Null: now. Only a shop's first version may begin in the past."
    )


class FindingAnswer(BaseModel):
    """What a check found."""

    field: str = Field(description="Dotted: `rules.0.earn.points`.")
    reason: str = Field(description="What is wrong, and what to do.")
    weight: Literal["error", "hint"] = Field(description="A draft with an `error` cannot be published.")


class CheckAnswer(BaseModel):
    """Whether a programme holds together."""

    publishable: bool
    findings: list[FindingAnswer]

    model_config = ConfigDict(json_schema_extra={"example": {"publishable": True, "findings": []}})


_VERSION: dict[str, Any] = {
    "version": 1,
    "state": "in_force",
    "in_force_from": "2026-03-21T00:00:00Z",
    "in_force_until": None,
    "author": "staff:ava",
    "reason": "Begins with the new year",
    "published_at": "2026-03-20T09:30:00Z",
}


class VersionAnswer(BaseModel):
    """A version, without what it says."""

    version: int
    state: Literal["in_force", "scheduled", "past", "superseded"] = Field(
        description="`superseded`: another one was published before it came into force."
    )
    in_force_from: datetime
    in_force_until: datetime | None = Field(description="When another one takes its place; null: not planned.")
    author: str
    reason: str
    published_at: datetime

    model_config = ConfigDict(json_schema_extra={"example": _VERSION})


class VersionsAnswer(BaseModel):
    """All versions of a shop, the newest first."""

    items: list[VersionAnswer]

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_VERSION]}})


class WholeVersionAnswer(VersionAnswer):
    """A version with what it says."""

    programme: dict[str, Any]

    model_config = ConfigDict(json_schema_extra={"example": {**_VERSION, "programme": SAMPLE_WHOLE}})


_DRAFT: dict[str, Any] = {
    "draft": 1,
    "name": "Spring",
    "edition": 1,
    "discarded": False,
    "based_on": None,
    "author": "staff:ava",
    "changed_at": "2026-03-20T09:30:00Z",
    "publishable": True,
    "findings": [],
}


class DraftAnswer(CheckAnswer):
    """A draft, without what it says."""

    draft: int
    name: str
    edition: int = Field(
        description="Rises with each change; as `If-Match` it keeps two people from undoing each other."
    )
    discarded: bool
    based_on: int | None = Field(description="The version that it was made from, or published as last.")
    author: str
    changed_at: datetime

    model_config = ConfigDict(json_schema_extra={"example": _DRAFT})


class WholeDraftAnswer(DraftAnswer):
    """A draft with what it says."""

    programme: dict[str, Any]

    model_config = ConfigDict(json_schema_extra={"example": {**_DRAFT, "programme": SAMPLE_WHOLE}})


class DifferenceAnswer(BaseModel):
    """One field that differs."""

    field: str = Field(description="Rules and tiers are named by id: `rules.purchase.earn.per`.")
    before: Any = Field(description="Null where it is not there.")
    after: Any


class DifferencesAnswer(BaseModel):
    """How two programmes differ."""

    differences: list[DifferenceAnswer]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"differences": [{"field": "rules.purchase.earn.points", "before": 1, "after": 2}]}
        }
    )


def findings_of(programme: Programme) -> dict[str, Any]:
    """Fields of a `CheckAnswer`."""
    found = check(programme)
    return {"publishable": all(one.weight != "error" for one in found), "findings": [_finding(one) for one in found]}


def _finding(one: Finding) -> dict[str, Any]:
    return dict(one._asdict())


def draft_of(one: Draft, *, whole: bool = True) -> dict[str, Any]:
    """Fields of a draft's answer."""
    body: dict[str, Any] = {
        "draft": one.number,
        "name": one.name,
        "edition": one.edition,
        "discarded": one.discarded,
        "based_on": one.based_on,
        "author": one.author,
        "changed_at": one.changed_at,
        **findings_of(one.programme),
    }
    return body | ({"programme": one.programme} if whole else {})


def shown(example: Any) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route whose answer has no form of its own: what it looks like."""
    return {200: {"content": {"application/json": {"example": example}}}}


def json_answer(body: Mapping[str, Any], *, edition: int | None = None, status: int = 200) -> Response:
    """As JSON, with the edition as entity tag."""
    headers = {} if edition is None else {"ETag": f'"{edition}"'}
    return Response(msgspec.json.encode(body), status, headers, "application/json")
