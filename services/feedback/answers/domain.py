"""Answers: what was given to which question, what is missing, what it says. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec

from services.feedback.surveys import Choice, Open, Question, Scale, Survey, score_question
from shared.contracts.feedback import SurveyKind

FIELD = "q."
"""Before a question's id, in a form of the page."""
Why = Literal["missing", "wrong", "long"]


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What was answered, by question."""

    numbers: dict[str, int] = {}
    choices: dict[str, list[str]] = {}
    texts: dict[str, str] = {}

    def only(self, *, texts: bool) -> Given:
        """Own words alone, or all but these."""
        if texts:
            return Given(texts=self.texts)
        return Given(numbers=self.numbers, choices=self.choices)


class Answer(NamedTuple):
    """A row of the table."""

    shop: int
    id: str
    customer: int
    survey: str
    version: int
    kind: SurveyKind
    invitation: str | None
    by: Literal["page", "api"]
    at: datetime
    score: int | None
    counts: bool
    complete: bool
    stage: str
    tier: str
    given: Given


def read_fields(survey: Survey, fields: Sequence[tuple[str, str]]) -> tuple[Given, dict[str, Why]]:
    """What a form of the page says, and which questions were answered in a way that cannot be."""
    values: dict[str, list[str]] = {}
    for name, value in fields:
        if name.startswith(FIELD):
            values.setdefault(name.removeprefix(FIELD), []).append(value)
    read: dict[str, Any] = {}
    for question in survey.questions:
        said = values.get(question.id, [])
        if isinstance(question, Choice):
            read[question.id] = said
        elif said and said[-1].strip():
            read[question.id] = _number(said[-1]) if isinstance(question, Scale) else said[-1]
    return read_values(survey, read)


def read_values(survey: Survey, values: Mapping[str, Any]) -> tuple[Given, dict[str, Why]]:
    """The same of values by question: a number, a list of options, or a text."""
    numbers: dict[str, int] = {}
    choices: dict[str, list[str]] = {}
    texts: dict[str, str] = {}
    faults: dict[str, Why] = dict.fromkeys(values.keys() - {one.id for one in survey.questions}, "wrong")
    for question in survey.questions:
        value = values.get(question.id)
        if value is None or value == []:
            continue
        if (fault := _fault(question, value)) is not None:
            faults[question.id] = fault
        elif isinstance(question, Scale):
            numbers[question.id] = value
        elif isinstance(question, Choice):
            choices[question.id] = sorted(set(value))
        elif value.strip():
            texts[question.id] = value.replace("\r\n", "\n").strip()
    return Given(numbers=numbers, choices=choices, texts=texts), faults


def missing(survey: Survey, given: Given) -> list[str]:
    """Questions that need an answer and have none."""
    had = given.numbers.keys() | given.choices.keys() | given.texts.keys()
    return [question.id for question in survey.questions if question.required and question.id not in had]


def score_of(survey: Survey, given: Given) -> int | None:
    """The score; None for a form, or while it was not given."""
    question = score_question(survey)
    return None if question is None else given.numbers.get(question.id)


def attributes_of(survey: Survey, given: Given) -> dict[str, int | list[str]]:
    """What the answer says of the profile."""
    found: dict[str, int | list[str]] = {}
    for question in survey.questions:
        if isinstance(question, Open) or question.attribute is None:
            continue
        if question.id in given.numbers:
            found[question.attribute] = given.numbers[question.id]
        elif question.id in given.choices:
            found[question.attribute] = given.choices[question.id]
    return found


def is_bad(survey: Survey, score: int | None) -> bool:
    """Whether it opens a case."""
    return survey.case_at_most is not None and score is not None and score <= survey.case_at_most


def preselected(survey: Survey, text: str | None) -> Given:
    """A score that was clicked in a message, to be confirmed on the page; nothing where it is none."""
    question = score_question(survey)
    if question is None or text is None:
        return Given()
    number = _number(text)
    return Given() if _fault(question, number) is not None else Given(numbers={question.id: number})


def _fault(question: Question, value: Any) -> Why | None:
    if isinstance(question, Scale):
        number = isinstance(value, int) and not isinstance(value, bool) and question.low <= value <= question.high
        return None if number else "wrong"
    if isinstance(question, Choice):
        return _fault_of_choice(question, value)
    if not isinstance(value, str) or "\0" in value:
        return "wrong"
    return "long" if len(value) > question.length_max else None


def _fault_of_choice(question: Choice, value: Any) -> Why | None:
    options = {one.id for one in question.options}
    if not isinstance(value, list) or not _all_in(value, options):
        return "wrong"
    return "wrong" if len(set(value)) > 1 and not question.several else None


def _all_in(values: Iterable[Any], options: set[str]) -> bool:
    return all(isinstance(one, str) and one in options for one in values)


def _number(text: str) -> int:
    """The number, or one that is on no scale."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 2 else -1
