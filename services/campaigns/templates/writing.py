"""Writing, for other slices. jinja2 and mrml are loaded with the first message: who sends none needs neither."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.campaigns.templates.domain import Part, Template, Written


def write(template: Template, locale: str, fields: Mapping[str, Any]) -> tuple[Written, str]:
    """The message with its fields filled in, and its HTML. Raises Trouble."""
    from services.campaigns.templates.mailing import html_of
    from services.campaigns.templates.rendering import write as render

    written = render(template, locale, fields)
    return written, html_of(written.mjml)


def write_part(template: Template, locale: str, channel: str, fields: Mapping[str, Any]) -> Part:
    """What goes out by a channel other than e-mail. Raises Trouble."""
    from services.campaigns.templates.rendering import write_part as render

    return render(template, locale, channel, fields)
