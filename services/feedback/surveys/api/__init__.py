"""Surveys over HTTP: versions, ready ones, invitations."""

from services.feedback.surveys.api.invitations import router as invitations_router
from services.feedback.surveys.api.versions import router as surveys_router

__all__ = ["invitations_router", "surveys_router"]
