"""Ready-made journeys: data beside this file, each with what its messages say in English, Persian and Arabic."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from services.campaigns.journeys.domain.journey import Journey, Send, below, steps_of
from services.campaigns.journeys.domain.reading import read_journey
from services.campaigns.templates import Template, Text

_FILES = Path(__file__).with_name("ready")
_STOP = MappingProxyType({"en": "Unsubscribe", "fa": "لغو اشتراک", "ar": "إلغاء الاشتراك"})
_HEAD, _FOOT = "<mjml><mj-body><mj-section><mj-column>", "</mj-column></mj-section></mj-body></mjml>"


class Letter(msgspec.Struct, frozen=True):
    """What a message says in one language: fields of templates may stand in it."""

    subject: str
    lines: tuple[str, ...]


class Ready(msgspec.Struct, frozen=True):
    """A ready-made journey."""

    id: str
    about: str
    """For staff."""
    journey: dict[str, Any]
    templates: dict[str, dict[str, Letter]]
    """By id, and language."""


@cache
def ready_journeys() -> Mapping[str, Ready]:
    """All of them, by id."""
    found = [msgspec.json.decode(path.read_bytes(), type=Ready) for path in sorted(_FILES.glob("*.json"))]
    return {one.id: one for one in found}


def journey_of(ready: Ready, purpose: str) -> Journey:
    """The journey, whose messages rest on a consent for this purpose."""
    journey = read_journey(ready.journey)
    assert all(not below(step) for step, _ in steps_of(journey)), "messages are looked for at the top alone"
    steps = tuple(
        msgspec.structs.replace(step, purpose=purpose) if isinstance(step, Send) else step for step in journey.steps
    )
    return msgspec.structs.replace(journey, steps=steps)


def templates_of(ready: Ready) -> dict[str, Template]:
    """What its messages say, by id."""
    return {
        name: Template(texts={locale: _text(locale, letter) for locale, letter in letters.items()})
        for name, letters in ready.templates.items()
    }


def _text(locale: str, letter: Letter) -> Text:
    shown = "".join(f"<mj-text>{escape(line, quote=False)}</mj-text>" for line in letter.lines)
    link = f'<mj-text><a href="{{{{ unsubscribe_url }}}}">{_STOP[locale]}</a></mj-text>'
    plain = "\n\n".join((*letter.lines, f"{_STOP[locale]}: {{{{ unsubscribe_url }}}}"))
    return Text(subject=letter.subject, mjml=f"{_HEAD}{shown}{link}{_FOOT}", text=plain)
