"""MJML to the HTML that mail programs show. Pure: nothing is included from anywhere."""

from __future__ import annotations

import mrml

from services.campaigns.templates.domain import Trouble


def html_of(mjml: str) -> str:
    """The HTML. Raises Trouble where it is no MJML."""
    try:
        return str(mrml.to_html(mjml).content)
    except OSError as error:  # what mrml raises for a form that it does not know
        raise Trouble(f"no MJML: {error}") from None
