"""Why a survey cannot be published. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from services.feedback.surveys.domain.body import SCALES, Choice, Question, Scale, Survey, Texts, score_question


class Fault(NamedTuple):
    """What is wrong, and where."""

    where: str
    what: str


def faults(survey: Survey) -> list[Fault]:
    """All that keeps it from being published."""
    return [*_of_kind(survey), *_of_ids(survey), *_of_texts(survey), *_of_times(survey)]


def _of_kind(survey: Survey) -> Iterator[Fault]:
    scale = SCALES.get(survey.kind)
    if scale is None:
        if survey.case_at_most is not None:
            yield Fault("case_at_most", "a form has no score")
        return
    first = score_question(survey)
    if first is None or (first.low, first.high) != scale or not first.required:
        yield Fault("questions.0", f"of {survey.kind} it is a required scale from {scale[0]} to {scale[1]}")
    if survey.case_at_most is not None and not scale[0] <= survey.case_at_most < scale[1]:
        yield Fault("case_at_most", f"lies from {scale[0]} to {scale[1] - 1}")


def _of_ids(survey: Survey) -> Iterator[Fault]:
    for name, count in Counter(question.id for question in survey.questions).items():
        if count > 1:
            yield Fault("questions", f"there are {count} of id {name}")
    for at, question in enumerate(survey.questions):
        if isinstance(question, Scale) and not question.low < question.high <= question.low + 10:
            yield Fault(f"questions.{at}.high", "lies 1 to 10 above low")
        if isinstance(question, Choice) and len({one.id for one in question.options}) < len(question.options):
            yield Fault(f"questions.{at}.options", "ids must differ")


def _of_texts(survey: Survey) -> Iterator[Fault]:
    wanted = set(survey.title)
    for where, texts, needed in _texts_of(survey):
        if set(texts) != wanted and (needed or texts):
            yield Fault(where, "must be in the languages of the title: " + ", ".join(sorted(wanted)))


def _texts_of(survey: Survey) -> Iterator[tuple[str, Texts, bool]]:
    yield "thanks", survey.thanks, False
    for at, question in enumerate(survey.questions):
        yield from _texts_of_question(f"questions.{at}", question)


def _texts_of_question(where: str, question: Question) -> Iterator[tuple[str, Texts, bool]]:
    yield f"{where}.text", question.text, True
    if isinstance(question, Scale):
        yield f"{where}.low_text", question.low_text, False
        yield f"{where}.high_text", question.high_text, False
    if isinstance(question, Choice):
        for at, option in enumerate(question.options):
            yield f"{where}.options.{at}.text", option.text, True


def _of_times(survey: Survey) -> Iterator[Fault]:
    if survey.trigger.on == "interval" and survey.trigger.every_days < survey.again_days:
        yield Fault("trigger.every_days", "is not less than again_days")
