"""MJML to the HTML that mail programs show. Pure: nothing is included from anywhere."""

from __future__ import annotations

import mrml

from services.campaigns.templates.domain import Trouble

# Left to itself it links fonts from a host of their maker, who would learn of everybody who opens a letter.
_NO_FONTS_FROM_OUTSIDE = mrml.RenderOptions(fonts={})


def html_of(mjml: str) -> str:
    """The HTML. Raises Trouble where it is no MJML."""
    try:
        return str(mrml.to_html(mjml, render_options=_NO_FONTS_FROM_OUTSIDE).content)
    except OSError as error:  # what mrml raises for a form that it does not know
        raise Trouble(f"no MJML: {error}") from None
