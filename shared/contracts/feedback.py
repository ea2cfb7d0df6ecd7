"""`feedback.surveys.v1`, `.cases.v1`: what customers are asked and answer, and what is done about it. Keyed by shop
and customer.

Numbers and ids only: what somebody wrote in their own words stays with feedback and is shown over HTTP.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.contracts.envelope import Envelope, Instant

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


CaseCause = Literal["answer", "complaint", "chat", "ticket"]
CaseOutcome = Literal[
    "refunded", "replaced", "repaired", "compensated", "explained", "apologised", "unfounded", "unreachable", "other"
]


class CaseChange(msgspec.Struct, frozen=True, kw_only=True):
    """A case as it stands after a change."""

    case: str
    customer: str
    cause: CaseCause
    state: Literal["open", "solved"]
    opened_at: Instant
    due_at: Instant
    """When it is to be solved."""
    owner: str | None = None
    """Subject of the staff member who works on it."""
    escalations: int = 0
    """How often it was told that it is late, since it was opened or reopened."""
    reopened: int = 0
    contacts: int = 0
    """How often somebody was in touch with the customer."""
    survey: str | None = None
    score: int | None = None
    answer: str | None = None
    """That opened it."""
    outcome: CaseOutcome | None = None


class CaseOpened(Envelope, frozen=True, kw_only=True, tag="case.opened"):
    """A bad answer or a complaint is owed an answer."""

    data: CaseChange


class CaseAssigned(Envelope, frozen=True, kw_only=True, tag="case.assigned"):
    """Somebody works on it from now on."""

    data: CaseChange


class CaseContacted(Envelope, frozen=True, kw_only=True, tag="case.contacted"):
    """Somebody was in touch with the customer, or gave them something."""

    data: CaseChange


class CaseEscalated(Envelope, frozen=True, kw_only=True, tag="case.escalated"):
    """It is late."""

    data: CaseChange


class CaseSolved(Envelope, frozen=True, kw_only=True, tag="case.solved"):
    """It is solved, with an outcome."""

    data: CaseChange


class CaseReopened(Envelope, frozen=True, kw_only=True, tag="case.reopened"):
    """It was not solved after all."""

    data: CaseChange


FeedbackCasesEvent = CaseOpened | CaseAssigned | CaseContacted | CaseEscalated | CaseSolved | CaseReopened
