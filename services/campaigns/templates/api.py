"""Templates over HTTP: read, publish a version, see it written."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from services.campaigns.templates import store
from services.campaigns.templates.domain import Template, Trouble, chosen, says
from services.campaigns.templates.mailing import html_of
from services.campaigns.templates.rendering import faults
from services.campaigns.templates.segments import size_of
from services.campaigns.templates.store import Listed
from services.campaigns.templates.writing import write, write_part
from shared.web import (
    Caller,
    DatabaseDep,
    FieldError,
    allow,
    changed_meanwhile,
    invalid,
    not_found,
    problem_responses,
)

router = APIRouter(prefix="/v1/templates", tags=["templates"])

_MJML = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>Hello {{ customer.name|default('friend') }}</mj-text>"
    '<mj-text><a href="{{ unsubscribe_url }}">Unsubscribe</a></mj-text></mj-column></mj-section></mj-body></mjml>'
)
_TEXT: dict[str, Any] = {
    "subject": "Thank you, {{ customer.name|default('friend') }}",
    "mjml": _MJML,
    "text": "Thank you. Unsubscribe: {{ unsubscribe_url }}",
}
_SMS: dict[str, Any] = {"text": "Thank you, {{ customer.name|default('friend') }}", "pattern": "", "tokens": []}
_EMPTY: dict[str, Any] = {"sms": None, "push": None, "task": None, "webhook": None}
_WORK: dict[str, Any] = {"via": None, "owner": "", "due_hours": 24}
_SHOWN: dict[str, Any] = {
    "id": "thank-you",
    "version": 2,
    "author": "staff:u-17",
    "published_at": "2026-03-21T09:30:00Z",
    "texts": {"en": {**_TEXT, **_EMPTY, "sms": _SMS}},
    "work": _WORK,
}
_SAMPLE: dict[str, Any] = {"customer": {"name": "Sara"}}
_NAME = "^[a-z0-9][a-z0-9_.-]{0,63}$"
Locale = Annotated[str, Field(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
TemplateId = Annotated[str, Path(pattern=_NAME, description="As the shop names it.", examples=["thank-you"])]
Reader = Annotated[Caller, Depends(allow("campaigns:read"))]
Writer = Annotated[Caller, Depends(allow("campaigns:write"))]


Source = Annotated[str, Field(max_length=4_000)]


class _Form(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class SmsForm(_Form):
    """A text message. With a pattern the provider writes its own approved text, of which it gets the tokens alone."""

    text: Source = Field(min_length=1)
    pattern: str = Field("", max_length=100, pattern=r"^[A-Za-z0-9_.-]*$", description="The provider's name for it.")
    tokens: list[Source] = Field([], max_length=10, description="Each a template of its own, in the pattern's order.")

    model_config = ConfigDict(json_schema_extra={"example": _SMS})


class PushForm(_Form):
    """What a browser shows, and where a click leads."""

    title: Source = Field(min_length=1)
    body: Source = Field(min_length=1)
    url: Source = ""


class TaskForm(_Form):
    """What a member of staff is to do."""

    title: Source = Field(min_length=1)
    note: Source = ""


class WebhookForm(_Form):
    """Words beside the fields that a webhook hands on."""

    text: Source = ""


class TextForm(_Form):
    """A message in one language. Fields stand in `{{ … }}`, conditions and lists in `{% if %}` and `{% for %}`.

    `subject`, `mjml` and `text` are the e-mail; the others are what goes out by their channels. One at least is needed.
    """

    subject: str = Field("", max_length=500)
    mjml: str = Field("", max_length=64_000, description="https://mjml.io, with `{{ unsubscribe_url }}`.")
    text: str = Field("", max_length=64_000, description="For mail programs that show no HTML.")
    sms: SmsForm | None = None
    push: PushForm | None = None
    task: TaskForm | None = None
    webhook: WebhookForm | None = None

    model_config = ConfigDict(json_schema_extra={"example": {**_TEXT, "sms": _SMS}})


class WorkForm(_Form):
    """What is the same for a task of staff in every language."""

    via: Literal["phone", "post"] | None = Field(
        None, description="How staff reach the customer, which takes a consent for this channel; null: they do not."
    )
    owner: str = Field("", max_length=200, description="Who does it, unless somebody else takes it.")
    due_hours: int = Field(24, ge=1, le=8_760, description="From when the task is there.")

    model_config = ConfigDict(json_schema_extra={"example": _WORK})


class TemplateForm(_Form):
    """What a template says, by language."""

    id: str = Field(pattern=_NAME, description="As the shop names it.", examples=["thank-you"])
    texts: dict[Locale, TextForm] = Field(min_length=1, max_length=50)
    work: WorkForm = WorkForm.model_validate({})

    model_config = ConfigDict(json_schema_extra={"example": {"id": "thank-you", "texts": {"en": _TEXT}}})


class TemplateAnswer(BaseModel):
    """The last version of a template."""

    id: str
    version: int
    author: str = Field(description="`key:<key id>` or `staff:<subject>`.")
    published_at: datetime
    texts: dict[str, TextForm]
    work: WorkForm

    model_config = ConfigDict(json_schema_extra={"example": _SHOWN})


class TemplatesAnswer(BaseModel):
    """All templates."""

    items: list[TemplateAnswer]

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_SHOWN]}})


class PreviewForm(BaseModel):
    """What to write the template with, in place of a customer's own fields."""

    locale: Locale = Field("en", description="The language wanted; where there is none, another.", examples=["fa"])
    customer: dict[str, str | int | bool | None] = Field({}, max_length=100, examples=[{"name": "Sara"}])
    values: dict[str, Any] = Field({}, max_length=100, description="Fields of the request, as `values.…`.")

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"example": {"locale": "en", **_SAMPLE}})


class PreviewSms(BaseModel):
    """A text message as it would go out, and what it counts as."""

    text: str
    pattern: str
    tokens: list[str]
    encoding: Literal["gsm-7", "ucs-2"]
    segments: int = Field(description="Messages that are paid for, without a line to opt out that the platform adds.")


class PreviewAnswer(BaseModel):
    """The message as it would go out, by each channel that the language has a text for."""

    locale: str
    subject: str = Field(description="Of the e-mail; empty without one, as `html` and `text`.")
    html: str
    text: str
    sms: PreviewSms | None
    push: PushForm | None
    task: TaskForm | None
    webhook: WebhookForm | None

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "locale": "en",
                "subject": "Thank you, Sara",
                "html": "<!doctype html><html>…</html>",
                "text": "Thank you. Unsubscribe: https://example.com/u",
                **_EMPTY,
                "sms": {"text": "Thank you, Sara", "pattern": "", "tokens": [], "encoding": "gsm-7", "segments": 1},
            }
        }
    )


@router.get("", response_model=TemplatesAnswer, summary="All templates")
async def list_templates(caller: Reader, database: DatabaseDep) -> TemplatesAnswer:
    """In their last versions, by id."""
    async with database.read(caller.shop_id) as reads:
        return TemplatesAnswer(items=[_answer(one) for one in await store.listed(reads, caller.shop_id)])


@router.get("/{template}", response_model=TemplateAnswer, summary="A template")
async def read_template(caller: Reader, database: DatabaseDep, template: TemplateId) -> TemplateAnswer:
    """In its last version."""
    async with database.read(caller.shop_id) as reads:
        found = await store.find(reads, caller.shop_id, template)
    if found is None:
        raise not_found("template")
    return _answer(found)


@router.post("", response_model=TemplateAnswer, responses=problem_responses(412), summary="Publish a template")
async def publish_template(caller: Writer, database: DatabaseDep, body: TemplateForm) -> TemplateAnswer:
    """A new one, or the next version of one, for messages that are claimed from now on.

    What a template may not hold is refused, by line.
    """
    wanted = _template(body)
    found = faults(wanted) or _unreadable(wanted)
    if found:
        raise invalid(*(FieldError(f"body.{where}", what) for where, what in found))
    async with database.write(caller.shop_id) as tx:
        number = await store.publish(tx.conn, caller.shop_id, body.id, wanted, author=caller.actor, now=tx.now)
        if number is None:
            raise changed_meanwhile()
        kept = await store.find(tx.conn, caller.shop_id, body.id)
    assert kept is not None, "just published"
    return _answer(kept)


@router.post("/{template}/preview", response_model=PreviewAnswer, summary="See a template written")
async def preview(
    caller: Annotated[Caller, Depends(allow("campaigns:read", writes=False))],
    database: DatabaseDep,
    template: TemplateId,
    body: PreviewForm,
) -> PreviewAnswer:
    """With the fields that are given. Nothing is sent or kept."""
    async with database.read(caller.shop_id) as reads:
        found = await store.find(reads, caller.shop_id, template)
    if found is None:
        raise not_found("template")
    fields = {
        "customer": body.customer,
        "values": body.values,
        "shop": {"name": caller.shop.name},
        "unsubscribe_url": "https://example.com/unsubscribe",
        "preferences_url": "https://example.com/preferences",
    }
    try:
        return _written(found.template, body.locale, fields)
    except Trouble as trouble:
        raise invalid(FieldError("body", str(trouble))) from None


def _written(template: Template, wanted: str, fields: dict[str, Any]) -> PreviewAnswer:
    """By e-mail in the nearest language; by the others in that one, or in the nearest that has none of e-mail."""
    channels = [name for name in ("email", *_EMPTY) if template.languages(name)]
    locale = chosen(template, [wanted], channels[0])
    shown: dict[str, Any] = {"subject": "", "html": "", "text": "", **_EMPTY}
    for channel in channels:
        if not says(template.texts[locale], channel):
            continue
        if channel == "email":
            mail, html = write(template, locale, fields)
            shown |= {"subject": mail.subject, "html": html, "text": mail.text}
        else:
            shown[channel] = msgspec.to_builtins(write_part(template, locale, channel, fields))
    if shown["sms"] is not None:
        size = size_of(shown["sms"]["text"])
        shown["sms"] |= {"encoding": size.encoding, "segments": size.segments}
    return PreviewAnswer(locale=locale, **shown)


def _template(body: TemplateForm) -> Template:
    return msgspec.convert(body.model_dump(exclude={"id"}), Template)


def _unreadable(template: Template) -> list[tuple[str, str]]:
    """MJML is judged as it is written: conditions may stand between its elements, and are gone then."""
    found = []
    for locale, text in template.texts.items():
        if text.mjml and "{%" not in text.mjml:
            try:
                html_of(text.mjml)
            except Trouble as trouble:
                found.append((f"texts.{locale}.mjml", str(trouble)))
    return found


def _answer(found: Listed) -> TemplateAnswer:
    return TemplateAnswer(
        id=found.id,
        version=found.version,
        author=found.author,
        published_at=found.published_at,
        texts={locale: TextForm.model_validate(_builtins(text)) for locale, text in found.template.texts.items()},
        work=WorkForm.model_validate(_builtins(found.template.work)),
    )


def _builtins(value: Any) -> Any:
    return msgspec.to_builtins(value)
