"""Forms of feedback. Generated from docs/openapi/feedback.json by `make client`; a change is made there."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel, StringConstraints


class Answers(RootModel[str]):
    root: Annotated[str, Field(max_length=10000)]


class Answers1(RootModel[list[str]]):
    root: Annotated[list[str], Field(max_length=50)]


class AnswerForm(BaseModel):
    """
    An answer that came another way: by phone, on a till, in the shop's own app.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    customer: Annotated[str, Field(pattern="^[0-3][0-9a-v]{12}$")]
    survey: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,49}$")]
    """
    Its last version is answered.
    """
    ref: Annotated[str, Field(max_length=200, min_length=1, pattern="^[\\x21-\\x7e]+$")]
    """
    Your own id of the answer: sent again, it is the same one.
    """
    answers: Annotated[dict[str, int | Answers | Answers1], Field(max_length=50, min_length=1)]
    """
    By question: a number, a text, or a list of options.
    """


class AnswerShown(BaseModel):
    """
    An answer that counts.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    answer: str
    customer: str
    survey: str
    version: int
    kind: str
    invitation: str | None
    by: str
    """
    `page` or `api`.
    """
    at: AwareDatetime
    score: int | None
    complete: bool
    stage: str | None
    """
    The customer's, when they answered.
    """
    tier: str | None
    numbers: dict[str, int]
    choices: dict[str, list[str]]
    texts: dict[str, str]
    """
    In their own words; empty once they are erased.
    """


class AnswersPage(BaseModel):
    """
    Some answers, the newest first.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[AnswerShown]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class CaseAnswer(BaseModel):
    """
    A case as it stands.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    case: str
    customer: str
    cause: Literal["answer", "complaint", "chat", "ticket"]
    state: Literal["open", "solved"]
    owner: str | None
    opened_at: AwareDatetime
    due_at: AwareDatetime
    """
    When it is to be solved.
    """
    solved_at: AwareDatetime | None
    escalations: int
    """
    How often it was told that it is late.
    """
    reopened: int
    contacts: int
    survey: str | None
    score: int | None
    answer: str | None
    outcome: str | None


class CaseForm(BaseModel):
    """
    A complaint, or a chat or ticket that was rated badly.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    customer: Annotated[str, Field(pattern="^[0-3][0-9a-v]{12}$")]
    cause: Literal["complaint", "chat", "ticket"]
    ref: Annotated[str, Field(max_length=60, min_length=1, pattern="^[\\x21-\\x7e]+$")]
    """
    Your own id of it: sent again, it is the same one.
    """
    about: Annotated[str, Field(max_length=4000, pattern="^[^\\x00]*$")] = ""
    """
    In words; emptied by an erasure.
    """


class CasesPage(BaseModel):
    """
    Some cases, by their deadline.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[CaseAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class Attribute(RootModel[str]):
    root: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,49}$")]
    """
    Of the profile: the answer writes it.
    """


class CompensationForm(BaseModel):
    """
    Points for the customer. loyalty books them once, where the customer is a member.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    ref: Annotated[str, Field(max_length=60, min_length=1, pattern="^[\\x21-\\x7e]+$")]
    """
    Your own id of it: sent again, it is the same one.
    """
    points: Annotated[int, Field(ge=1, le=1000000)]
    text: Annotated[str, Field(max_length=4000, pattern="^[^\\x00]*$")] = ""
    """
    Why; emptied by an erasure.
    """


class ContactAnswer(BaseModel):
    """
    What was done.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    ref: str
    at: AwareDatetime
    channel: str
    """
    As it was given; `points` for a compensation.
    """
    actor: str
    """
    `key:<key id>` or `staff:<subject>`.
    """
    text: str
    points: int | None


class ContactForm(BaseModel):
    """
    Somebody was in touch with the customer.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    ref: Annotated[str, Field(max_length=60, min_length=1, pattern="^[\\x21-\\x7e]+$")]
    """
    Your own id of it: sent again, it is the same one.
    """
    channel: Literal["phone", "email", "sms", "chat", "visit", "letter", "other"]
    text: Annotated[str, Field(max_length=4000, pattern="^[^\\x00]*$")] = ""
    """
    What was said; emptied by an erasure.
    """


class EntryAnswer(BaseModel):
    """
    One line of the audit log.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: int
    at: AwareDatetime
    """
    By the database's clock.
    """
    actor: str
    """
    `key:<key id>`, `staff:<subject of the token>` or `operator`.
    """
    role: str
    """
    Of staff; empty for keys and commands.
    """
    action: str
    """
    Method and path of the route, or the command.
    """
    subject: str
    """
    Ids of what it was about, separated by blanks; never personal data.
    """
    request_id: str
    """
    As `X-Request-Id` of the answer told it; also in the log.
    """
    outcome: Literal["done", "refused", "failed"]


class ExportAnswer(BaseModel):
    """
    What feedback holds of a customer.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    service: str
    customer: str
    known: dict[str, Any] | None
    """
    Language, stage, tier; null where nothing was told.
    """
    invitations: list[dict[str, Any]]
    """
    What they were asked, or wait to be.
    """
    answers: list[dict[str, Any]]
    """
    What they answered, in their own words as well.
    """
    cases: list[dict[str, Any]]
    """
    Cases, with what was done about each.
    """


class InvitationAnswer(BaseModel):
    """
    An invitation, and how it stands.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    invitation: str
    customer: str
    survey: str
    version: int | None
    occasion: str
    state: str
    """
    `waiting`, `asked`, `sent`, `answered`, `dismissed`, `expired`, `unsent`, `withdrawn` or `lapsed`.
    """
    reason: str
    """
    Of `unsent`; else empty.
    """
    due: AwareDatetime
    until: AwareDatetime
    """
    Given up then, if its turn has not come.
    """
    asked_at: AwareDatetime | None
    sent_at: AwareDatetime | None
    opened_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    expires_at: AwareDatetime | None


class InvitationForm(BaseModel):
    """
    A customer who is to be asked: once on each occasion, however often it is said.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    customer: Annotated[str, Field(pattern="^[0-3][0-9a-v]{12}$")]
    survey: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,49}$")]
    occasion: Annotated[str, Field(max_length=200, min_length=1, pattern="^[\\x21-\\x7e]+$")]
    """
    What it is about.
    """


class InvitationsAnswer(BaseModel):
    """
    Invitations of a person, the newest first.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[InvitationAnswer]


class InviteForm(BaseModel):
    """
    The message that asks. Its template is shown `values.link`, `.title`, `.question`, and `.scores` with links.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    template: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    """
    Of campaigns.
    """
    channel: Literal["email", "sms", "push"] = "email"
    """
    By which it goes out, with consent for it.
    """
    purpose: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")] = "surveys"
    """
    That needs consent.
    """


class CaseAtMost(RootModel[int]):
    root: Annotated[int, Field(ge=0, le=10)]
    """
    Scores up to this one open a case.
    """


class OpenForm(BaseModel):
    """
    A question answered in one's own words.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    type: Literal["open"]
    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,49}$")]
    text: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], str]
    """
    By language: `fa`, `en-GB`.
    """
    length_max: Annotated[int, Field(ge=1, le=10000)] = 2000
    required: bool = False


class OptionForm(BaseModel):
    """
    One of a question's answers.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,49}$")]
    text: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], str]
    """
    By language: `fa`, `en-GB`.
    """


class OutcomeForm(BaseModel):
    """
    How it ended.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    outcome: Literal[
        "refunded",
        "replaced",
        "repaired",
        "compensated",
        "explained",
        "apologised",
        "unfounded",
        "unreachable",
        "other",
    ]


class OwnerForm(BaseModel):
    """
    Who works on it.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    owner: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9@._-]{0,99}$")]
    """
    Subject of a staff member.
    """


class PageEntryAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[EntryAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class PolicyAnswer(BaseModel):
    """
    What holds now.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    version: int
    """
    0: nobody has said anything, and this is what holds by itself.
    """
    rest_days: int
    case_hours: int
    escalate_hours: int
    escalations: int


class PolicyForm(BaseModel):
    """
    How often customers are asked, and how fast a bad answer is owed an answer.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    rest_days: Annotated[int, Field(ge=1, le=730)] = 30
    """
    A customer is asked at most once in so many days.
    """
    case_hours: Annotated[int, Field(ge=1, le=8760)] = 48
    """
    A case is to be solved so many hours after it was opened.
    """
    escalate_hours: Annotated[int, Field(ge=1, le=8760)] = 24
    """
    One that is late is told again so often.
    """
    escalations: Annotated[int, Field(ge=1, le=20)] = 3
    """
    And so many times in all.
    """


class ScaleForm(BaseModel):
    """
    A question answered by a number.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    type: Literal["scale"]
    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,49}$")]
    text: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], str]
    """
    By language: `fa`, `en-GB`.
    """
    low: Annotated[int, Field(ge=0, le=100)]
    high: Annotated[int, Field(ge=1, le=110)]
    low_text: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], str] | None = None
    """
    By language: `fa`, `en-GB`.
    """
    high_text: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], str] | None = None
    """
    By language: `fa`, `en-GB`.
    """
    required: bool = False
    attribute: Attribute | None = None
    """
    Of the profile: the answer writes it.
    """


class ScorePart(BaseModel):
    """
    A score, and how sure it is.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    part: str | None
    """
    Stage, tier or version of those who answered; null: all of them.
    """
    answers: int
    """
    Persons: of each the last answer in the window counts.
    """
    score: float | None
    """
    NPS −100 to 100, CSAT in percent, CES from 1 to 7; null: nobody answered.
    """
    low: float | None
    """
    From here …
    """
    high: float | None
    """
    … to here, with the confidence named.
    """
    mean: float | None
    """
    Of the scale's own numbers.
    """
    counts: dict[str, int]
    """
    Of each number of the scale, how many chose it.
    """


class ScorePoint(BaseModel):
    """
    A score at the end of a day.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    part: str | None
    """
    Stage, tier or version of those who answered; null: all of them.
    """
    answers: int
    """
    Persons: of each the last answer in the window counts.
    """
    score: float | None
    """
    NPS −100 to 100, CSAT in percent, CES from 1 to 7; null: nobody answered.
    """
    low: float | None
    """
    From here …
    """
    high: float | None
    """
    … to here, with the confidence named.
    """
    mean: float | None
    """
    Of the scale's own numbers.
    """
    counts: dict[str, int]
    """
    Of each number of the scale, how many chose it.
    """
    as_of: date


class ScoreSeries(BaseModel):
    """
    A score over time: at the end of each step, over the window that ends there.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    measure: Literal["nps", "csat", "ces"]
    window_days: int
    survey: str | None
    version: int | None
    confidence_percent: int
    step: str
    points: list[ScorePoint]


class ScoresAnswer(BaseModel):
    """
    A score as of a day.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    measure: Literal["nps", "csat", "ces"]
    as_of: date
    window_days: int
    survey: str | None
    version: int | None
    confidence_percent: int
    by: str | None
    items: list[ScorePart]
    """
    All together first, then the parts, by name.
    """


class TriggerForm(BaseModel):
    """
    When a customer is asked.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    on: Literal["order_completed", "order_delivered", "case_solved", "interval", "hand"] = "hand"
    delay_hours: Annotated[int, Field(ge=0, le=8760)] = 0
    every_days: Annotated[int, Field(ge=1, le=3650)] = 180
    """
    Of `interval`: after the first order and each asking.
    """
    max_age_hours: Annotated[int, Field(ge=1, le=8760)] = 24
    """
    What is known later than this asks nobody.
    """


class WholeCase(BaseModel):
    """
    A case with all that was done about it.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    case: str
    customer: str
    cause: Literal["answer", "complaint", "chat", "ticket"]
    state: Literal["open", "solved"]
    owner: str | None
    opened_at: AwareDatetime
    due_at: AwareDatetime
    """
    When it is to be solved.
    """
    solved_at: AwareDatetime | None
    escalations: int
    """
    How often it was told that it is late.
    """
    reopened: int
    contacts: int
    survey: str | None
    score: int | None
    answer: str | None
    outcome: str | None
    about: str
    log: list[ContactAnswer]


class Error(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    field: str
    reason: str


class Problem(BaseModel):
    """
    RFC 9457. `errors` names each field and what is wrong with it.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    type: str
    """
    Stable name of the kind of problem
    """
    title: str
    status: int
    detail: str | None = None
    """
    What to do about it
    """
    request_id: str | None = None
    errors: list[Error] | None = None


class ChoiceForm(BaseModel):
    """
    A question answered by choosing.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    type: Literal["choice"]
    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,49}$")]
    text: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], str]
    """
    By language: `fa`, `en-GB`.
    """
    options: Annotated[list[OptionForm], Field(max_length=50, min_length=2)]
    several: bool = False
    required: bool = False
    attribute: Attribute | None = None
    """
    Of the profile: the answer writes it.
    """


class Questions(RootModel[ScaleForm | ChoiceForm | OpenForm]):
    root: Annotated[ScaleForm | ChoiceForm | OpenForm, Field(discriminator="type")]


class NewSurvey(BaseModel):
    """
    A survey with its name.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    kind: Literal["nps", "csat", "ces", "form"]
    """
    Of the first three, the first question is a required scale: 0–10, 1–5, 1–7.
    """
    title: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], str]
    """
    By language; all texts are in the same ones.
    """
    questions: Annotated[list[Questions], Field(max_length=30, min_length=1)]
    invite: InviteForm
    thanks: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], str] | None = None
    """
    By language: `fa`, `en-GB`.
    """
    trigger: TriggerForm | None = None
    again_days: Annotated[int, Field(ge=0, le=3650)] = 90
    """
    A customer is asked this at most once in so many days.
    """
    patience_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """
    Whose turn does not come for so long is not asked.
    """
    answer_days: Annotated[int, Field(ge=1, le=365)] = 30
    """
    The link takes an answer for so long.
    """
    case_at_most: CaseAtMost | None = None
    """
    Scores up to this one open a case.
    """
    active: bool = True
    survey: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,49}$")]


class SurveyAnswer(BaseModel):
    """
    A version of a survey.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    kind: Literal["nps", "csat", "ces", "form"]
    """
    Of the first three, the first question is a required scale: 0–10, 1–5, 1–7.
    """
    title: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], str]
    """
    By language; all texts are in the same ones.
    """
    questions: Annotated[list[Questions], Field(max_length=30, min_length=1)]
    invite: InviteForm
    thanks: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], str] | None = None
    """
    By language: `fa`, `en-GB`.
    """
    trigger: TriggerForm | None = None
    again_days: Annotated[int, Field(ge=0, le=3650)] = 90
    """
    A customer is asked this at most once in so many days.
    """
    patience_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """
    Whose turn does not come for so long is not asked.
    """
    answer_days: Annotated[int, Field(ge=1, le=365)] = 30
    """
    The link takes an answer for so long.
    """
    case_at_most: CaseAtMost | None = None
    """
    Scores up to this one open a case.
    """
    active: bool = True
    survey: str
    version: int
    author: str
    """
    `key:<key id>` or `staff:<subject>`.
    """
    published_at: AwareDatetime


class SurveyForm(BaseModel):
    """
    What a survey asks, of whom and when.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    kind: Literal["nps", "csat", "ces", "form"]
    """
    Of the first three, the first question is a required scale: 0–10, 1–5, 1–7.
    """
    title: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], str]
    """
    By language; all texts are in the same ones.
    """
    questions: Annotated[list[Questions], Field(max_length=30, min_length=1)]
    invite: InviteForm
    thanks: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], str] | None = None
    """
    By language: `fa`, `en-GB`.
    """
    trigger: TriggerForm | None = None
    again_days: Annotated[int, Field(ge=0, le=3650)] = 90
    """
    A customer is asked this at most once in so many days.
    """
    patience_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """
    Whose turn does not come for so long is not asked.
    """
    answer_days: Annotated[int, Field(ge=1, le=365)] = 30
    """
    The link takes an answer for so long.
    """
    case_at_most: CaseAtMost | None = None
    """
    Scores up to this one open a case.
    """
    active: bool = True


class SurveysAnswer(BaseModel):
    """
    All surveys in their last versions.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[SurveyAnswer]


class ReadyAnswer(BaseModel):
    """
    Surveys ready to be published, by a name that is suggested.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    surveys: dict[str, SurveyForm]
