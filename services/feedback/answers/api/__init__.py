"""Answers over HTTP: the page behind a link, and answers handed in and listed."""

from services.feedback.answers.api.answers import router as answers_router
from services.feedback.answers.api.page import router as page_router

__all__ = ["answers_router", "page_router"]
