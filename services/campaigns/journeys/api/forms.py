"""What is sent and answered, and what a refusal looks like."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.campaigns.journeys.domain.journey import Journey, written
from services.campaigns.journeys.domain.reading import FORM, JourneyError, read_journey, stored
from services.campaigns.journeys.store.definitions import Kept, Version
from shared.problems import FieldError, Problem, invalid
from shared.web import Caller, allow

NAME = "^[a-z0-9][a-z0-9_.-]{0,63}$"
SAMPLE_ID = "welcome"
SAMPLE: dict[str, Any] = {
    "name": "Welcome",
    "trigger": {"kind": "event", "event": "member.joined"},
    "goal": [{"event": "order.completed"}],
    "control_percent": 10,
    "steps": [
        {"kind": "send", "id": "hello", "channel": "email", "template": "welcome", "purpose": "news"},
        {"kind": "wait", "id": "week", "minutes": 10080},
        {"kind": "points", "id": "gift", "points": 100},
    ],
}
SAMPLE_WHOLE: dict[str, Any] = msgspec.json.decode(stored(read_journey(SAMPLE)))
SAMPLE_FILE: dict[str, Any] = {"form": FORM, "id": SAMPLE_ID, "journey": SAMPLE}
_SHOWN: dict[str, Any] = {
    "id": SAMPLE_ID,
    "state": "active",
    "version": 1,
    "edition": 1,
    "changed_at": "2026-03-21T09:30:00Z",
    "author": "staff:u-17",
}

PausedId = Annotated[str, Path(pattern=NAME, description="As the shop names it.", examples=["summer-sale"])]
KilledId = Annotated[str, Path(pattern=NAME, description="As the shop names it.", examples=["winter-sale"])]
JourneyId = Annotated[str, Path(pattern=NAME, description="As the shop names it.", examples=[SAMPLE_ID])]
Reader = Annotated[Caller, Depends(allow("campaigns:read"))]
Writer = Annotated[Caller, Depends(allow("campaigns:write"))]
Body = Annotated[
    dict[str, Any],
    Field(description="As `GET /v1/journeys/schema` has it.", examples=[SAMPLE]),
]


class JourneyForm(BaseModel):
    """A draft of a journey."""

    id: str = Field(pattern=NAME, description="As the shop names it, and as its messages are counted.")
    journey: Body

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"example": {"id": SAMPLE_ID, "journey": SAMPLE}}
    )


class FileForm(BaseModel):
    """A journey as a file."""

    form: str = Field(pattern="^mandegar\\.journey/1$", description="Which form the file has.")
    id: str = Field(pattern=NAME)
    journey: Body

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"example": SAMPLE_FILE})


class JourneyAnswer(BaseModel):
    """A journey, as it stands."""

    id: str
    state: str = Field(description="`draft`, `active`, `paused` or `killed`.")
    version: int = Field(description="That new runs enter; 0: never published.")
    edition: int = Field(description="Of the draft: counts its changes.")
    changed_at: datetime
    author: str = Field(description="Of the draft: `key:<key id>` or `staff:<subject>`.")

    model_config = ConfigDict(json_schema_extra={"example": _SHOWN})


class WholeJourneyAnswer(JourneyAnswer):
    """A journey with its draft."""

    draft: dict[str, Any]

    model_config = ConfigDict(json_schema_extra={"example": {**_SHOWN, "draft": SAMPLE_WHOLE}})


class JourneyVersionAnswer(BaseModel):
    """A version of a journey. Runs that entered it keep it."""

    version: int
    published_at: datetime
    author: str
    journey: dict[str, Any]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": 1,
                "published_at": "2026-03-21T09:30:00Z",
                "author": "staff:u-17",
                "journey": SAMPLE_WHOLE,
            }
        }
    )


def journey_of(data: dict[str, Any], room: str = "body.journey") -> Journey:
    """The journey that was sent. Problem 422, by field."""
    try:
        return read_journey(data)
    except JourneyError as error:
        raise _refused(error, room) from None


def shown(one: Kept) -> dict[str, Any]:
    """As answers have it, without the draft."""
    return {
        "id": one.id,
        "state": one.state.name.lower(),
        "version": one.version,
        "edition": one.edition,
        "changed_at": one.changed_at,
        "author": one.author,
    }


def whole(one: Kept) -> dict[str, Any]:
    """With the draft."""
    return shown(one) | {"draft": written(one.draft)}


def version_shown(one: Version) -> dict[str, Any]:
    """A version."""
    return {
        "version": one.version,
        "published_at": one.published_at,
        "author": one.author,
        "journey": written(one.journey),
    }


def json_answer(body: Any) -> Response:
    """Encoded once."""
    return Response(msgspec.json.encode(body), media_type="application/json")


def _refused(error: JourneyError, room: str) -> Problem:
    return invalid(*(FieldError(".".join(filter(None, (room, one.field))), one.reason) for one in error.faults))
