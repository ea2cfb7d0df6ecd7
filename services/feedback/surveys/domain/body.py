"""What a survey asks, as versioned data. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Literal

import msgspec

from shared.contracts.feedback import SurveyKind

Texts = dict[str, str]
"""By language (`fa`, `en-GB`)."""
SCALES: Mapping[SurveyKind, tuple[int, int]] = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
"""Of each kind that has a score, the lowest and the highest. Scores of two kinds are never put together."""


class Scale(msgspec.Struct, frozen=True, kw_only=True, tag="scale", tag_field="type"):
    """A question answered by a number."""

    id: str
    text: Texts
    low: int
    high: int
    low_text: Texts = {}
    high_text: Texts = {}
    required: bool = False
    attribute: str | None = None


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One of a question's answers."""

    id: str
    text: Texts


class Choice(msgspec.Struct, frozen=True, kw_only=True, tag="choice", tag_field="type"):
    """A question answered by choosing."""

    id: str
    text: Texts
    options: list[Option]
    several: bool = False
    required: bool = False
    attribute: str | None = None


class Open(msgspec.Struct, frozen=True, kw_only=True, tag="open", tag_field="type"):
    """A question answered in one's own words."""

    id: str
    text: Texts
    length_max: int = 2_000
    required: bool = False


Question = Scale | Choice | Open


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """When a customer is to be asked."""

    on: Literal["order_completed", "order_delivered", "case_solved", "interval", "hand"] = "hand"
    delay_hours: int = 0
    every_days: int = 180
    """Of `interval`: after the first order, and after each asking, while the customer is not lost."""
    max_age_hours: int = 24
    """What happened longer ago than this when it becomes known asks nobody."""


class Invite(msgspec.Struct, frozen=True, kw_only=True):
    """The message that asks."""

    template: str
    channel: Literal["email", "sms", "push"] = "email"
    """The link is the same; one click for each score needs a message that shows links."""
    purpose: str = "surveys"


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a survey."""

    kind: SurveyKind
    title: Texts
    questions: list[Question]
    invite: Invite
    thanks: Texts = {}
    trigger: Trigger = Trigger()
    again_days: int = 90
    """A customer is asked this survey at most once in so many days."""
    patience_days: int = 90
    """Who could not be asked for so long is not asked any more on that occasion."""
    answer_days: int = 30
    """The link takes an answer for so long."""
    case_at_most: int | None = None
    """A score that is not greater opens a case; None: none does."""
    active: bool = True

    @property
    def languages(self) -> list[str]:
        """In which it can be asked."""
        return sorted(self.title)

    @property
    def again(self) -> timedelta:
        """As a duration."""
        return timedelta(days=self.again_days)

    @property
    def patience(self) -> timedelta:
        """As a duration."""
        return timedelta(days=self.patience_days)


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A survey as it was published."""

    survey: str
    number: int
    body: Survey


def score_question(survey: Survey) -> Scale | None:
    """The question whose answer is the score; None for a form."""
    first = survey.questions[0] if survey.kind in SCALES else None
    return first if isinstance(first, Scale) else None


def chosen(texts: Mapping[str, str], wanted: Iterable[str]) -> str:
    """The text in the first language of those wanted that there is, by itself or by its first part; else any."""
    return texts[language_of(texts, wanted)] if texts else ""


def language_of(texts: Mapping[str, str], wanted: Iterable[str]) -> str:
    """The language of that text."""
    known = {locale.lower(): locale for locale in texts}
    for locale in wanted:
        whole = locale.lower().replace("_", "-")
        for name in (whole, whole.partition("-")[0]):
            if name in known:
                return known[name]
    return min(texts)
