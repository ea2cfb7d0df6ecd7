"""Samples of what feedback tells."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from shared.contracts.feedback import (
    Answering,
    Asking,
    CaseAssigned,
    CaseChange,
    CaseContacted,
    CaseEscalated,
    CaseOpened,
    CaseReopened,
    CaseSolved,
    NpsDetractor,
    SurveyAnswered,
    SurveyDismissed,
    SurveyExpired,
    SurveyOpened,
    SurveySent,
)
from shared.contracts.loyalty_requests import PointsRequest, PointsRequested

_CASE = "019d0fbe-4b40-8c52-9c5e-2f6d1f0a7b20"


def feedback(attributes: dict[str, Any], customer: str) -> list[msgspec.Struct]:
    """One of each type. `attributes`: of the envelope."""
    about: dict[str, Any] = {
        "survey": "nps-after-delivery",
        "version": 2,
        "kind": "nps",
        "customer": customer,
        "occasion": "order:A-1001",
        "invitation": "019d0fbe-4b40-8c52-9c5e-2f6d1f0a7b18",
    }
    said = Answering(
        **about,
        answer="019d0fbe-4b40-8c52-9c5e-2f6d1f0a7b18",
        by="page",
        score=3,
        numbers={"score": 3},
        choices={"why": ["late"]},
        attributes={"pain": ["late"]},
        text=True,
        stage="active",
        tier="gold",
    )
    forms = (SurveySent, SurveyOpened, SurveyDismissed, SurveyExpired)
    return [
        *(form(**attributes, data=Asking(**about)) for form in forms),
        SurveyAnswered(**attributes, data=said),
        NpsDetractor(**attributes, data=said),
        *_cases(attributes, customer, said.answer),
        PointsRequested(
            **attributes,
            data=PointsRequest(
                id=f"{_CASE}:points:sorry",
                customer=customer,
                points=200,
                reason="case_compensation",
                ref=f"case:{_CASE}",
            ),
        ),
    ]


def _cases(attributes: dict[str, Any], customer: str, answer: str) -> list[msgspec.Struct]:
    opened = CaseChange(
        case=_CASE,
        customer=customer,
        cause="answer",
        state="open",
        opened_at=attributes["time"],
        due_at=attributes["time"] + timedelta(hours=48),
        survey="nps-after-delivery",
        score=3,
        answer=answer,
    )
    owned = msgspec.structs.replace(opened, owner="u-17")
    return [
        CaseOpened(**attributes, data=opened),
        CaseAssigned(**attributes, data=owned),
        CaseContacted(**attributes, data=msgspec.structs.replace(owned, contacts=1)),
        CaseEscalated(**attributes, data=msgspec.structs.replace(owned, escalations=1)),
        CaseSolved(**attributes, data=msgspec.structs.replace(owned, state="solved", outcome="replaced")),
        CaseReopened(**attributes, data=msgspec.structs.replace(owned, reopened=1)),
    ]
