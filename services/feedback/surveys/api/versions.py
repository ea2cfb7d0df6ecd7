"""Surveys: read, publish a version."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Query

from services.feedback.surveys.api.forms import (
    NAME,
    NewSurvey,
    ReadyAnswer,
    SurveyAnswer,
    SurveysAnswer,
    survey_of,
)
from services.feedback.surveys.domain.checking import faults
from services.feedback.surveys.domain.ready import READY
from services.feedback.surveys.store import versions
from services.feedback.surveys.store.versions import Listed
from services.feedback.surveys.wishing import ROUND_TIMER
from shared.clocks import timers_of
from shared.messaging.handling import Timer
from shared.web import (
    Caller,
    DatabaseDep,
    Digits,
    FieldError,
    allow,
    changed_meanwhile,
    invalid,
    not_found,
    problem_responses,
)

router = APIRouter(prefix="/v1/surveys", tags=["surveys"])

Reader = Annotated[Caller, Depends(allow("feedback:read"))]
SurveyName = Annotated[str, Path(pattern=NAME, description="As the shop names it.", examples=["nps-after-delivery"])]


@router.get("", response_model=SurveysAnswer, summary="All surveys")
async def list_surveys(caller: Reader, database: DatabaseDep) -> Any:
    """In their last versions, by name."""
    async with database.read(caller.shop_id) as reads:
        return {"items": [_answer(one) for one in await versions.listed(reads, caller.shop_id)]}


@router.get("/ready", response_model=ReadyAnswer, summary="Surveys ready to be published")
async def ready_surveys(caller: Reader) -> Any:  # noqa: ARG001 - whoever may read surveys
    """In English, Persian and Arabic: recommendation, satisfaction after a case, reasons for leaving, rewards."""
    return {"surveys": msgspec.to_builtins(READY)}


@router.get("/{survey}", response_model=SurveyAnswer, summary="A survey")
async def read_survey(
    caller: Reader,
    database: DatabaseDep,
    survey: SurveyName,
    version: Annotated[
        int | None, Query(ge=1, le=10**6, description="Its number; without one the last."), Digits
    ] = None,
) -> Any:
    """One version of it."""
    async with database.read(caller.shop_id) as reads:
        found = await versions.find(reads, caller.shop_id, survey, version)
    if found is None:
        raise not_found("survey")
    return _answer(found)


@router.post("", response_model=SurveyAnswer, responses=problem_responses(412), summary="Publish a survey")
async def publish_survey(
    caller: Annotated[Caller, Depends(allow("feedback:write"))], database: DatabaseDep, body: NewSurvey
) -> Any:
    """A new one, or the next version of one, for whoever is asked from now on; open links keep their version.

    Of a survey at intervals, customers who ordered before begin to wait as well, some hundred at a time.
    """
    wanted = survey_of(body)
    if found := faults(wanted):
        raise invalid(*(FieldError(f"body.{where}", what) for where, what in found))
    shop = caller.shop
    async with database.write(caller.shop_id) as tx:
        number = await versions.publish(tx.conn, caller.shop_id, body.survey, wanted, author=caller.actor, now=tx.now)
        if number is None:
            raise changed_meanwhile()
        if wanted.active and wanted.trigger.on == "interval":
            await versions.begin_round(tx.conn, shop.number, body.survey)
            place = timers_of(shop.number, 0) if shop.clock == "stream" else 0
            tx.set_timer(Timer(caller.shop_id, ROUND_TIMER, body.survey, tx.now, place))
        kept = await versions.find(tx.conn, caller.shop_id, body.survey)
    assert kept is not None, "just published"
    return _answer(kept)


def _answer(found: Listed) -> dict[str, Any]:
    return {
        "survey": found.survey,
        "version": found.version,
        "author": found.author,
        "published_at": found.published_at,
        **msgspec.to_builtins(found.body),
    }
