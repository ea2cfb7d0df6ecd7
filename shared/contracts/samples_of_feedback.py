"""Samples of what feedback tells."""

from __future__ import annotations

from typing import Any

import msgspec

from shared.contracts.feedback import (
    Answering,
    Asking,
    NpsDetractor,
    SurveyAnswered,
    SurveyDismissed,
    SurveyExpired,
    SurveyOpened,
    SurveySent,
)


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
    ]
