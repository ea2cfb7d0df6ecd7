"""Ready-made journeys: listed, and installed as drafts with what their messages say."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.campaigns import templates
from services.campaigns.journeys.api.definitions import save
from services.campaigns.journeys.api.forms import NAME, Reader, WholeJourneyAnswer, Writer, json_answer, whole
from services.campaigns.journeys.shelf import journey_of, ready_journeys, templates_of
from services.campaigns.journeys.store import definitions
from shared.web import DatabaseDep, not_found, problem_responses

router = APIRouter(prefix="/v1/journeys/ready", tags=["journeys"])
_SHOWN: dict[str, Any] = {
    "id": "thank-you",
    "about": "An hour after each order, unless it was cancelled meanwhile.",
    "name": "Thank you",
    "templates": ["thank-you"],
    "languages": ["ar", "en", "fa"],
}


class ReadyAnswer(BaseModel):
    """A ready-made journey."""

    id: str
    about: str
    name: str
    templates: list[str] = Field(description="That are published with it, where the shop has none of these names.")
    languages: list[str]

    model_config = ConfigDict(json_schema_extra={"example": _SHOWN})


class ReadiesAnswer(BaseModel):
    """All ready-made journeys."""

    items: list[ReadyAnswer]

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_SHOWN]}})


class InstallForm(BaseModel):
    """What its messages rest on."""

    purpose: str = Field("marketing", pattern=NAME, description="That customers must have consented to.")

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"example": {"purpose": "news"}})


@router.get("", response_model=ReadiesAnswer, summary="Ready-made journeys")
async def list_ready_journeys(_caller: Reader) -> Response:
    """Onboarding, active, lapsing and lost customers, thanks, tiers, points that expire, carts, reviews."""
    items = [
        {
            "id": one.id,
            "about": one.about,
            "name": one.journey["name"],
            "templates": sorted(one.templates),
            "languages": sorted({locale for letters in one.templates.values() for locale in letters}),
        }
        for one in ready_journeys().values()
    ]
    return json_answer({"items": items})


@router.post(
    "/{ready}", response_model=WholeJourneyAnswer, responses=problem_responses(409), summary="Install a ready-made one"
)
async def install_ready_journey(
    caller: Writer,
    database: DatabaseDep,
    ready: Annotated[str, Path(pattern=NAME, description="Its id.", examples=["thank-you"])],
    body: InstallForm,
) -> Response:
    """A draft of its name, and its templates. What the shop has of these names stays as it is. Publish it to begin."""
    found = ready_journeys().get(ready)
    if found is None:
        raise not_found("journey")
    async with database.write(caller.shop_id) as tx:
        kept = await definitions.find(tx.conn, caller.shop_id, ready)
        if kept is None:
            made = templates_of(found)
            known = await templates.last_versions(tx.conn, [(int(caller.shop_id), name) for name in made])
            for name, template in sorted(made.items()):
                if (int(caller.shop_id), name) not in known:
                    await templates.publish(tx.conn, caller.shop_id, name, template, author=caller.actor, now=tx.now)
            kept = await save(tx, caller, ready, journey_of(found, body.purpose))
    return json_answer(whole(kept))
