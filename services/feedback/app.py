"""The HTTP application of feedback. Workers import nothing of it: `main.py` wires them."""

from __future__ import annotations

from fastapi import FastAPI

from services.feedback.answers.api import answers_router, page_router
from services.feedback.cases.api import router as cases_router
from services.feedback.main import NAME
from services.feedback.policy.api import router as policy_router
from services.feedback.privacy.api import router as privacy_router
from services.feedback.scores.api import router as scores_router
from services.feedback.settings import FeedbackSettings
from services.feedback.surveys.api import invitations_router, surveys_router
from shared.settings import PlatformSettings
from shared.web import create_app as create_web_app

_ABOUT = "What customers are asked and answer, how that scores, and what is done about it."


def create_app(settings: PlatformSettings | None = None) -> FastAPI:
    """The HTTP application: what belongs to the shop that the API key belongs to."""
    return create_web_app(
        NAME,
        settings or FeedbackSettings.load(NAME, role="api"),
        routers=(
            surveys_router,
            invitations_router,
            policy_router,
            answers_router,
            page_router,
            scores_router,
            cases_router,
            privacy_router,
        ),
        description=_ABOUT,
    )
