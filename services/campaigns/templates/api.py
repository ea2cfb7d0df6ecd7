"""Templates over HTTP: read, publish a version, see it written."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from services.campaigns.templates import store
from services.campaigns.templates.domain import Template, Text, Trouble, chosen
from services.campaigns.templates.mailing import html_of
from services.campaigns.templates.rendering import faults
from services.campaigns.templates.store import Listed
from services.campaigns.templates.writing import write
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
_SHOWN: dict[str, Any] = {
    "id": "thank-you",
    "version": 2,
    "author": "staff:u-17",
    "published_at": "2026-03-21T09:30:00Z",
    "texts": {"en": _TEXT},
}
_SAMPLE: dict[str, Any] = {"customer": {"name": "Sara"}}
_NAME = "^[a-z0-9][a-z0-9_.-]{0,63}$"
Locale = Annotated[str, Field(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
TemplateId = Annotated[str, Path(pattern=_NAME, description="As the shop names it.", examples=["thank-you"])]
Reader = Annotated[Caller, Depends(allow("campaigns:read"))]
Writer = Annotated[Caller, Depends(allow("campaigns:write"))]


class TextForm(BaseModel):
    """A message in one language. Fields stand in `{{ … }}`, conditions and lists in `{% if %}` and `{% for %}`."""

    subject: str = Field(min_length=1, max_length=500)
    mjml: str = Field(min_length=1, max_length=64_000, description="https://mjml.io, with `{{ unsubscribe_url }}`.")
    text: str = Field(min_length=1, max_length=64_000, description="For mail programs that show no HTML.")

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"example": _TEXT})


class TemplateForm(BaseModel):
    """What a template says, by language."""

    id: str = Field(pattern=_NAME, description="As the shop names it.", examples=["thank-you"])
    texts: dict[Locale, TextForm] = Field(min_length=1, max_length=50)

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"example": {"id": "thank-you", "texts": {"en": _TEXT}}}
    )


class TemplateAnswer(BaseModel):
    """The last version of a template."""

    id: str
    version: int
    author: str = Field(description="`key:<key id>` or `staff:<subject>`.")
    published_at: datetime
    texts: dict[str, TextForm]

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


class PreviewAnswer(BaseModel):
    """The message as it would go out."""

    locale: str
    subject: str
    html: str
    text: str

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "locale": "en",
                "subject": "Thank you, Sara",
                "html": "<!doctype html><html>…</html>",
                "text": "Thank you. Unsubscribe: https://example.com/u",
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
        written, html = write(found.template, chosen(found.template, [body.locale]), fields)
    except Trouble as trouble:
        raise invalid(FieldError("body", str(trouble))) from None
    return PreviewAnswer(locale=written.locale, subject=written.subject, html=html, text=written.text)


def _template(body: TemplateForm) -> Template:
    return Template(
        texts={
            locale: Text(subject=text.subject, mjml=text.mjml, text=text.text) for locale, text in body.texts.items()
        }
    )


def _unreadable(template: Template) -> list[tuple[str, str]]:
    """MJML is judged as it is written: conditions may stand between its elements, and are gone then."""
    found = []
    for locale, text in template.texts.items():
        if "{%" not in text.mjml:
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
        texts={
            locale: TextForm(subject=text.subject, mjml=text.mjml, text=text.text)
            for locale, text in found.template.texts.items()
        },
    )
