"""Domain → contract: what was answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.feedback.answers.domain import Answer, attributes_of
from services.feedback.surveys import SOURCE, Survey, name_of
from shared.contracts.feedback import Answering, NpsDetractor, SurveyAnswered
from shared.kernel import DETRACTORS_TO, derive_event_id


def forms_of(answer: Answer) -> list[type[SurveyAnswered] | type[NpsDetractor]]:
    """What is told of an answer."""
    if answer.kind == "nps" and answer.score is not None and answer.score <= DETRACTORS_TO:
        return [SurveyAnswered, NpsDetractor]
    return [SurveyAnswered]


def answered(
    form: type[SurveyAnswered] | type[NpsDetractor],
    answer: Answer,
    survey: Survey,
    occasion: str,
    *,
    slug: str,
    now: datetime,
    sequence: int,
) -> SurveyAnswered | NpsDetractor:
    """That a customer answered. An answer begins to count once, so its id and the word make the event's."""
    customer = name_of(answer.customer)
    about: dict[str, Any] = {
        "id": derive_event_id(int(now.timestamp() * 1000), slug, answer.id, str(form.__struct_config__.tag)),
        "source": SOURCE,
        "subject": customer,
        "time": now,
        "shop": slug,
        "sequence": sequence,
        "correlationid": answer.invitation or answer.id,
        "receivedat": now,
    }
    data = Answering(
        survey=answer.survey,
        version=answer.version,
        kind=answer.kind,
        customer=customer,
        occasion=occasion,
        invitation=answer.invitation,
        answer=answer.id,
        by=answer.by,
        score=answer.score,
        numbers=answer.given.numbers,
        choices=answer.given.choices,
        attributes=attributes_of(survey, answer.given),
        text=bool(answer.given.texts),
        complete=answer.complete,
        stage=answer.stage or None,
        tier=answer.tier or None,
    )
    return form(**about, data=data)
