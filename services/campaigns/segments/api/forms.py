"""What is sent of a segment, and what is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from services.campaigns.segments.domain.condition import Condition, parse, written
from services.campaigns.segments.store.catalogue import Draft, Segment
from shared.web import FieldError, invalid

ID_PATTERN = r"^[a-z0-9][a-z0-9_.-]{0,63}$"
CUSTOMER = "1k5f0q2v9a3bd"
AT_RISK: dict[str, Any] = {
    "kind": "all",
    "of": [
        {"kind": "number", "field": "orders", "least": 3, "most": None},
        {"kind": "age", "since": "last_order", "least": 30, "most": None},
        {"kind": "not", "of": {"kind": "among", "field": "stage", "values": ["lost"]}},
        {"kind": "consent", "channel": "email", "purpose": "news"},
    ],
}
_SHOWN: dict[str, Any] = {
    "id": "regulars-at-risk",
    "title": "Regulars at risk",
    "condition": AT_RISK,
    "version": 2,
    "members": 118,
    "made": True,
    "progress": 1.0,
    "changed_at": "2026-03-20T09:30:00Z",
}

SegmentId = Annotated[str, Path(pattern=ID_PATTERN, description="Its id.", examples=["regulars-at-risk"])]
ConditionField = Annotated[
    dict[str, Any],
    Field(description="Who belongs: a tree, as `GET /v1/segments/schema` describes it."),
]
Title = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Form(BaseModel):
    """What is sent."""

    model_config = ConfigDict(strict=True, extra="forbid")


class DraftForm(Form):
    """What a segment is to be: nobody is judged by it before it is published."""

    title: Title
    condition: ConditionField

    model_config = ConfigDict(json_schema_extra={"example": {"title": "Regulars at risk", "condition": AT_RISK}})


class NewForm(DraftForm):
    """A segment that is new."""

    id: str = Field(pattern=ID_PATTERN, description="Stays the same from version to version.")

    model_config = ConfigDict(
        json_schema_extra={"example": {"id": "regulars-leaving", "title": "Regulars at risk", "condition": AT_RISK}}
    )


class SizeForm(Form):
    """A condition to be tried."""

    condition: ConditionField
    purpose: str | None = Field(
        None,
        pattern=ID_PATTERN,
        description="For which they would be sent messages; null: for any that they agreed to.",
    )

    model_config = ConfigDict(json_schema_extra={"example": {"condition": AT_RISK, "purpose": "news"}})


class SizeAnswer(BaseModel):
    """For how many a condition holds."""

    customers: int = Field(description="All whom the shop knows, without those who are erased.")
    size: int = Field(description="Those of them for whom the condition holds.")
    exact: bool = Field(description="Whether everybody was asked; else all numbers are estimates, from a sample.")
    low: int = Field(description="Of the size, with `high`: between them it lies 95 times of 100 at least.")
    high: int
    share: float | None = Field(description="`size` of `customers`; null where there is nobody.")
    reachable: dict[str, int] = Field(
        description="Those who can be sent messages, by channel: they agreed, and a contact is known if one is needed."
    )
    sample: list[str] = Field(description="Ten of them, or all.")
    as_of: datetime = Field(description="The time of the shop.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customers": 2000,
                "size": 118,
                "exact": True,
                "low": 118,
                "high": 118,
                "share": 0.059,
                "reachable": {"email": 118, "sms": 40, "phone": 0, "push": 0, "messenger": 0},
                "sample": [CUSTOMER],
                "as_of": "2026-03-20T09:30:00Z",
            }
        }
    )


class SegmentAnswer(BaseModel):
    """A segment."""

    id: str
    title: str
    condition: dict[str, Any] = Field(description="The draft: what would be published.")
    version: int | None = Field(description="That holds; null: none is published.")
    members: int
    made: bool = Field(description="Whether everybody was judged by that version; from then on events keep it.")
    progress: float = Field(ge=0, le=1, description="The share of those known who were.")
    changed_at: datetime

    model_config = ConfigDict(json_schema_extra={"example": _SHOWN})


class ListedAnswer(BaseModel):
    """A segment, without its members counted."""

    id: str
    title: str
    version: int | None
    made: bool
    changed_at: datetime

    model_config = ConfigDict(
        json_schema_extra={"example": {name: _SHOWN[name] for name in ("id", "title", "version", "made", "changed_at")}}
    )


class VersionAnswer(BaseModel):
    """One version of a segment."""

    version: int
    title: str
    author: str
    published_at: datetime
    condition: dict[str, Any]


class VersionsAnswer(BaseModel):
    """All versions, the newest first."""

    items: list[VersionAnswer]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "items": [
                    {
                        "version": 2,
                        "title": "Regulars at risk",
                        "author": "staff:ava",
                        "published_at": "2026-03-20T09:30:00Z",
                        "condition": AT_RISK,
                    }
                ]
            }
        }
    )


class MemberAnswer(BaseModel):
    """Somebody who belongs."""

    customer: str = Field(description="Whom all identities of the person are counted as.")
    since: datetime = Field(description="When they entered, as far as was known then.")
    version: int = Field(description="By which they entered.")

    model_config = ConfigDict(
        json_schema_extra={"example": {"customer": CUSTOMER, "since": "2026-03-20T09:30:00Z", "version": 2}}
    )


def condition_of(value: dict[str, Any]) -> Condition:
    """A condition that was sent; 422 names the field."""
    try:
        return parse(value)
    except ValueError as error:
        field, _, what = str(error).partition(": ")
        raise invalid(FieldError(f"body.{field}", what)) from None


def draft_of(body: DraftForm) -> Draft:
    """A draft that was sent."""
    return Draft(body.title, condition_of(body.condition))


def segment_answer(one: Segment, members: int) -> SegmentAnswer:
    """A segment as it is shown."""
    made = 0 < one.version == one.made
    share = one.done / one.whole if one.making == one.version and one.whole else 0.0
    return SegmentAnswer(
        id=one.id,
        title=one.draft.title,
        condition=written(one.draft.condition),
        version=one.version or None,
        members=members,
        made=made,
        progress=1.0 if made else round(min(share, 1.0), 4),
        changed_at=one.changed_at,
    )
