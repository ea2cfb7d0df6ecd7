"""Forms of campaigns. Generated from docs/openapi/campaigns.json by `make client`; a change is made there."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel, StringConstraints


class DraftForm(BaseModel):
    """
    What a segment is to be: nobody is judged by it before it is published.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    title: Annotated[str, Field(max_length=200, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]+$")]
    condition: dict[str, Any]
    """
    Who belongs: a tree, as `GET /v1/segments/schema` describes it.
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
    What campaigns holds of a customer.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    service: str
    customer: str
    profile: dict[str, Any] | None
    """
    Contacts, and what events told; null where nothing did.
    """
    consents: list[dict[str, Any]]
    """
    What holds, by channel and purpose.
    """
    segments: list[dict[str, Any]]
    """
    To which they belong, and since when.
    """
    messages: list[dict[str, Any]]
    """
    What was planned and sent, and what it was to show.
    """


class ListedAnswer(BaseModel):
    """
    A segment, without its members counted.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: str
    title: str
    version: int | None
    made: bool
    changed_at: AwareDatetime


class MemberAnswer(BaseModel):
    """
    Somebody who belongs.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    """
    Whom all identities of the person are counted as.
    """
    since: AwareDatetime
    """
    When they entered, as far as was known then.
    """
    version: int
    """
    By which they entered.
    """


class MessageAnswer(BaseModel):
    """
    A message, and how it stands.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    message: str
    """
    Its id, also in its events and in the `Message-ID` of an e-mail.
    """
    customer: str
    state: str
    """
    `planned`, `claimed`, `sent`, `failed`, `unknown` or `suppressed`.
    """
    reason: str
    """
    Of a failure or a suppression; else empty.
    """
    channel: str
    purpose: str
    campaign: str
    step: str
    occasion: str
    template: str
    template_version: int | None
    locale: str
    attempts: int
    due: AwareDatetime
    expires_at: AwareDatetime
    planned_at: AwareDatetime
    ended_at: AwareDatetime | None


class MessageForm(BaseModel):
    """
    A message that a customer is to have: once for each occasion, however often it is asked for.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    customer: Annotated[str, Field(pattern="^[0-3][0-9a-v]{12}$")]
    template: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    purpose: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    """
    That the customer must have consented to.
    """
    occasion: Annotated[str, Field(max_length=200, min_length=1)]
    """
    What it is about.
    """
    campaign: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")] = "by-hand"
    """
    What it counts for.
    """
    values: Annotated[dict[str, str | int | bool | list[dict[str, str | int]]] | None, Field(max_length=100)] = None
    """
    Fields of the template, as `values.…`. Nothing personal.
    """


class MessagesAnswer(BaseModel):
    """
    Messages of a person, the newest first.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[MessageAnswer]


class NewForm(BaseModel):
    """
    A segment that is new.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    title: Annotated[str, Field(max_length=200, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]+$")]
    condition: dict[str, Any]
    """
    Who belongs: a tree, as `GET /v1/segments/schema` describes it.
    """
    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    """
    Stays the same from version to version.
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


class PageListedAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[ListedAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class PageMemberAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[MemberAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class PreviewAnswer(BaseModel):
    """
    The message as it would go out.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    locale: str
    subject: str
    html: str
    text: str


class PreviewForm(BaseModel):
    """
    What to write the template with, in place of a customer's own fields.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    locale: Annotated[str, Field(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    """
    The language wanted; where there is none, another.
    """
    customer: Annotated[dict[str, str | int | bool | None] | None, Field(max_length=100)] = None
    values: Annotated[dict[str, Any] | None, Field(max_length=100)] = None
    """
    Fields of the request, as `values.…`.
    """


class ProfileAnswer(BaseModel):
    """
    A person: what all of their identities are together.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    """
    Whom the identities are counted as.
    """
    identities: list[str]
    """
    All identities of the person, that one among them.
    """
    name: str | None
    email: str | None
    phone: str | None
    """
    E.164.
    """
    locale: str | None
    stage: str | None
    """
    Of the lifecycle; null while none was told.
    """
    orders: int
    """
    That count: completed, not cancelled, not wholly refunded.
    """
    money: dict[str, int]
    """
    Net revenue of these orders in minor units, by currency.
    """
    first_order_at: AwareDatetime | None
    last_order_at: AwareDatetime | None
    member: str | None
    """
    `active`, `left` or `blocked`; null: never joined.
    """
    points: int
    """
    That can be spent.
    """
    pending: int
    owed: int
    tier: str | None
    tier_name: str | None


class SegmentAnswer(BaseModel):
    """
    A segment.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: str
    title: str
    condition: dict[str, Any]
    """
    The draft: what would be published.
    """
    version: int | None
    """
    That holds; null: none is published.
    """
    members: int
    made: bool
    """
    Whether everybody was judged by that version; from then on events keep it.
    """
    progress: Annotated[float, Field(ge=0.0, le=1.0)]
    """
    The share of those known who were.
    """
    changed_at: AwareDatetime


class SizeAnswer(BaseModel):
    """
    For how many a condition holds.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customers: int
    """
    All whom the shop knows, without those who are erased.
    """
    size: int
    """
    Those of them for whom the condition holds.
    """
    share: float | None
    """
    `size` of `customers`; null where there is nobody.
    """
    reachable: dict[str, int]
    """
    Those who can be sent messages, by channel: they agreed, and a contact is known if one is needed.
    """
    sample: list[str]
    """
    Ten of them, or all.
    """
    as_of: AwareDatetime
    """
    The time of the shop.
    """


class Purpose(RootModel[str]):
    root: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    """
    For which they would be sent messages; null: for any that they agreed to.
    """


class SizeForm(BaseModel):
    """
    A condition to be tried.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    condition: dict[str, Any]
    """
    Who belongs: a tree, as `GET /v1/segments/schema` describes it.
    """
    purpose: Purpose | None = None
    """
    For which they would be sent messages; null: for any that they agreed to.
    """


class TextForm(BaseModel):
    """
    A message in one language. Fields stand in `{{ … }}`, conditions and lists in `{% if %}` and `{% for %}`.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    subject: Annotated[str, Field(max_length=500, min_length=1)]
    mjml: Annotated[str, Field(max_length=64000, min_length=1)]
    """
    https://mjml.io, with `{{ unsubscribe_url }}`.
    """
    text: Annotated[str, Field(max_length=64000, min_length=1)]
    """
    For mail programs that show no HTML.
    """


class VersionAnswer(BaseModel):
    """
    One version of a segment.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    version: int
    title: str
    author: str
    published_at: AwareDatetime
    condition: dict[str, Any]


class VersionsAnswer(BaseModel):
    """
    All versions, the newest first.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[VersionAnswer]


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


class TemplateAnswer(BaseModel):
    """
    The last version of a template.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: str
    version: int
    author: str
    """
    `key:<key id>` or `staff:<subject>`.
    """
    published_at: AwareDatetime
    texts: dict[str, TextForm]


class TemplateForm(BaseModel):
    """
    What a template says, by language.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    """
    As the shop names it.
    """
    texts: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], TextForm]


class TemplatesAnswer(BaseModel):
    """
    All templates.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[TemplateAnswer]
