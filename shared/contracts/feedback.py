"""`feedback.surveys.v1`: what customers are asked and answer, keyed by shop and customer.

Numbers and ids only: what somebody wrote in their own words stays with feedback and is shown over HTTP.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.contracts.envelope import Envelope

SurveyKind = Literal["nps", "csat", "ces", "form"]
"""`nps` 0–10, `csat` 1–5, `ces` 1–7; `form` has no score."""
SurveyName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,49}$")]


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """Whom what was asked, and on which occasion."""

    survey: SurveyName
    version: int
    kind: SurveyKind
    customer: str
    occasion: str
    """What it is about: `order:A-1001`, `case:…`, `interval:0`."""
    invitation: str | None = None
    """The same in all events of it; null for an answer that was handed in without one."""


class Answering(Asking, frozen=True, kw_only=True):
    """What was answered."""

    answer: str
    by: Literal["page", "api"]
    score: int | None = None
    """On the scale of the survey's kind; null for a form."""
    numbers: dict[str, int] = {}
    """Of each question with a scale, by its id."""
    choices: dict[str, list[str]] = {}
    """Of each question with options, the ids of those that were chosen."""
    attributes: dict[str, int | list[str]] = {}
    """What the answer says of the customer's profile, by the attribute's name."""
    text: bool = False
    """Whether something was written besides."""
    complete: bool = True
    """False: the link expired before all that is needed was answered. The score counts all the same."""
    stage: str | None = None
    """The customer's, when they answered."""
    tier: str | None = None


class SurveySent(Envelope, frozen=True, kw_only=True, tag="survey.sent"):
    """A customer was asked: the message has gone out."""

    data: Asking


class SurveyOpened(Envelope, frozen=True, kw_only=True, tag="survey.opened"):
    """The page was fetched for the first time: by the customer, or by a program that looks at mail for them."""

    data: Asking


class SurveyAnswered(Envelope, frozen=True, kw_only=True, tag="survey.answered"):
    """A customer answered."""

    data: Answering


class SurveyDismissed(Envelope, frozen=True, kw_only=True, tag="survey.dismissed"):
    """A customer does not want to answer. It is no answer, and in no score."""

    data: Asking


class SurveyExpired(Envelope, frozen=True, kw_only=True, tag="survey.expired"):
    """The link has expired without an answer."""

    data: Asking


class NpsDetractor(Envelope, frozen=True, kw_only=True, tag="nps.detractor"):
    """A customer scored 0 to 6 on a survey of kind `nps`."""

    data: Answering


FeedbackSurveysEvent = SurveySent | SurveyOpened | SurveyAnswered | SurveyDismissed | SurveyExpired | NpsDetractor
