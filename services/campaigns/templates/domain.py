"""Templates of messages: what they say, by language. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

import msgspec

ITEMS_MAX = 50
"""Rows of a list, which a template may repeat over."""
Way = Literal["phone", "post"]


class SmsText(msgspec.Struct, frozen=True, kw_only=True):
    """A text message in one language."""

    text: str
    pattern: str = ""
    """A text that the provider keeps and has approved, by its name there; only `tokens` go out then."""
    tokens: tuple[str, ...] = ()


class PushText(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser shows, and where a click on it leads."""

    title: str
    body: str
    url: str = ""


class TaskText(msgspec.Struct, frozen=True, kw_only=True):
    """What a member of staff is to do."""

    title: str
    note: str = ""


class WebhookText(msgspec.Struct, frozen=True, kw_only=True):
    """Words beside the fields that a webhook hands on."""

    text: str


class Text(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a template says in one language: by e-mail, where `mjml` is given, and by other channels."""

    subject: str = ""
    mjml: str = ""
    """https://mjml.io: becomes HTML that mail programs show."""
    text: str = ""
    """For those that show no HTML."""
    sms: SmsText | None = None
    push: PushText | None = None
    task: TaskText | None = None
    webhook: WebhookText | None = None


Part = SmsText | PushText | TaskText | WebhookText


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same for a task of staff in every language."""

    via: Way | None = None
    """How staff reach the customer: that takes a consent for this channel. None: they do not."""
    owner: str = ""
    """Who does it, unless somebody else takes it: `staff:<subject>`."""
    due_hours: int = 24


class Template(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a template says, by language (`fa`, `en-GB`)."""

    texts: dict[str, Text]
    work: Work = Work()

    def languages(self, channel: str) -> list[str]:
        """Those in which it has something to say by a channel."""
        return sorted(locale for locale, text in self.texts.items() if says(text, channel))


class Version(NamedTuple):
    """A template as it was published."""

    number: int
    template: Template


class Written(NamedTuple):
    """A message as somebody gets it, before MJML becomes HTML."""

    subject: str
    mjml: str
    text: str
    locale: str


class Trouble(Exception):
    """The template cannot be written with these fields. The message names what is missing, and repeats no value."""


class Fault(NamedTuple):
    """What is wrong with a template, and where."""

    where: str
    what: str


def says(text: Text, channel: str) -> bool:
    """Whether a text has something to say by a channel."""
    return bool(text.mjml) if channel == "email" else getattr(text, channel, None) is not None


def chosen(template: Template, wanted: Iterable[str], channel: str = "email") -> str:
    """The language of the message: the first of those wanted that there is, by itself or by its first part.

    The template must say something by the channel, in one language at least.
    """
    there = template.languages(channel)
    known = {locale.lower(): locale for locale in there}
    for locale in wanted:
        for name in (locale.lower().replace("_", "-"), locale.lower().replace("_", "-").partition("-")[0]):
            if name in known:
                return known[name]
    return min(there)
