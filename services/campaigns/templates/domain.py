"""Templates of messages: what they say, by language. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

ITEMS_MAX = 50
"""Rows of a list, which a template may repeat over."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A message in one language."""

    subject: str
    mjml: str
    """https://mjml.io: becomes HTML that mail programs show."""
    text: str
    """For those that show no HTML."""


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """What a template says, by language (`fa`, `en-GB`)."""

    texts: dict[str, Text]


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


def chosen(template: Template, wanted: Iterable[str]) -> str:
    """The language of the message: the first of those wanted that there is, by itself or by its first part."""
    known = {locale.lower(): locale for locale in template.texts}
    for locale in wanted:
        for name in (locale.lower().replace("_", "-"), locale.lower().replace("_", "-").partition("-")[0]):
            if name in known:
                return known[name]
    return min(template.texts)
