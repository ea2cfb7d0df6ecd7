"""Forms of surveys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.feedback.surveys.domain.body import Survey
from services.feedback.surveys.domain.ready import READY

NAME = "^[a-z0-9][a-z0-9_-]{0,49}$"
_LANGUAGE = "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
Text = Annotated[str, StringConstraints(min_length=1, max_length=1_000, pattern=r"^[^\x00]*$")]
Texts = Annotated[
    dict[Annotated[str, StringConstraints(pattern=_LANGUAGE)], Text],
    Field(max_length=20, description="By language: `fa`, `en-GB`."),
]
Named = Annotated[str, StringConstraints(pattern=NAME)]
_STRICT = ConfigDict(strict=True, extra="forbid")
EXAMPLE: dict[str, Any] = msgspec.to_builtins(READY["nps-after-delivery"])


class ScaleForm(BaseModel):
    """A question answered by a number."""

    model_config = _STRICT
    type: Literal["scale"]
    id: Named
    text: Texts
    low: int = Field(ge=0, le=100)
    high: int = Field(ge=1, le=110)
    low_text: Texts = {}
    high_text: Texts = {}
    required: bool = False
    attribute: Named | None = Field(None, description="Of the profile: the answer writes it.")


class OptionForm(BaseModel):
    """One of a question's answers."""

    model_config = _STRICT
    id: Named
    text: Texts


class ChoiceForm(BaseModel):
    """A question answered by choosing."""

    model_config = _STRICT
    type: Literal["choice"]
    id: Named
    text: Texts
    options: list[OptionForm] = Field(min_length=2, max_length=50)
    several: bool = False
    required: bool = False
    attribute: Named | None = Field(None, description="Of the profile: the answer writes it.")


class OpenForm(BaseModel):
    """A question answered in one's own words."""

    model_config = _STRICT
    type: Literal["open"]
    id: Named
    text: Texts
    length_max: int = Field(2_000, ge=1, le=10_000)
    required: bool = False


class TriggerForm(BaseModel):
    """When a customer is asked."""

    model_config = _STRICT
    on: Literal["order_completed", "order_delivered", "case_solved", "interval", "hand"] = "hand"
    delay_hours: int = Field(0, ge=0, le=8_760)
    every_days: int = Field(180, ge=1, le=3_650, description="Of `interval`: after the first order and each asking.")
    max_age_hours: int = Field(24, ge=1, le=8_760, description="What is known later than this asks nobody.")


class InviteForm(BaseModel):
    """The message that asks. Its template is shown `values.link`, `.title`, `.question`, and `.scores` with links."""

    model_config = _STRICT
    template: str = Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$", description="Of campaigns.")
    channel: Literal["email", "sms", "push"] = Field("email", description="By which it goes out, with consent for it.")
    purpose: str = Field("surveys", pattern="^[a-z0-9][a-z0-9_.-]{0,63}$", description="That needs consent.")


class SurveyForm(BaseModel):
    """What a survey asks, of whom and when."""

    kind: Literal["nps", "csat", "ces", "form"] = Field(
        description="Of the first three, the first question is a required scale: 0–10, 1–5, 1–7."
    )
    title: Texts = Field(min_length=1, description="By language; all texts are in the same ones.")
    questions: list[Annotated[ScaleForm | ChoiceForm | OpenForm, Field(discriminator="type")]] = Field(
        min_length=1, max_length=30
    )
    invite: InviteForm
    thanks: Texts = {}
    trigger: TriggerForm = Field(default_factory=lambda: TriggerForm.model_validate({}))
    again_days: int = Field(90, ge=0, le=3_650, description="A customer is asked this at most once in so many days.")
    patience_days: int = Field(90, ge=1, le=3_650, description="Whose turn does not come for so long is not asked.")
    answer_days: int = Field(30, ge=1, le=365, description="The link takes an answer for so long.")
    case_at_most: int | None = Field(None, ge=0, le=10, description="Scores up to this one open a case.")
    active: bool = True

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"example": EXAMPLE})


class NewSurvey(SurveyForm):
    """A survey with its name."""

    survey: str = Field(pattern=NAME, examples=["nps-after-delivery"])

    model_config = ConfigDict(json_schema_extra={"example": {"survey": "nps-after-delivery", **EXAMPLE}})


class SurveyAnswer(SurveyForm):
    """A version of a survey."""

    survey: str
    version: int
    author: str = Field(description="`key:<key id>` or `staff:<subject>`.")
    published_at: datetime

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "survey": "nps-after-delivery",
                "version": 1,
                "author": "staff:u-17",
                "published_at": "2026-03-21T09:30:00Z",
                **EXAMPLE,
            }
        }
    )


class SurveysAnswer(BaseModel):
    """All surveys in their last versions."""

    items: list[SurveyAnswer]

    model_config = ConfigDict(
        json_schema_extra={"example": {"items": [SurveyAnswer.model_config["json_schema_extra"]["example"]]}}  # type: ignore[index]  # as set above
    )


class ReadyAnswer(BaseModel):
    """Surveys ready to be published, by a name that is suggested."""

    surveys: dict[str, SurveyForm]

    model_config = ConfigDict(json_schema_extra={"example": {"surveys": {"nps-after-delivery": EXAMPLE}}})


def survey_of(form: SurveyForm) -> Survey:
    """As the domain has it."""
    return msgspec.convert(form.model_dump(exclude={"survey"}), Survey)
