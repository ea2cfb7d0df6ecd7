"""Links to the pages of surveys: signed with a key of the platform's secret, so that the table need not hold them."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from typing import Any

from services.feedback.surveys.domain.body import Survey, chosen, score_question

PATH = "/pages/surveys"
"""Shop and token follow."""
_TOKEN_BYTES = 24


class Links:
    """Made with the platform's secret and the address at which customers reach the API."""

    def __init__(self, secret: str, base: str) -> None:
        """`base`: empty where nobody can be asked."""
        self._key = hmac.digest(secret.strip().encode(), b"mandegar survey links", "sha256")
        self.base = base

    def token(self, slug: str, invitation: str) -> str:
        """192 bits that nobody guesses without the key; of one invitation always the same."""
        signed = hmac.digest(self._key, f"{slug}\x1f{invitation}".encode(), "sha256")
        return urlsafe_b64encode(signed[:_TOKEN_BYTES]).decode()

    def values(self, slug: str, token: str, survey: Survey, languages: Iterable[str | None]) -> dict[str, Any]:
        """What the template of the message may show: the link, and one for each score."""
        link = f"{self.base}{PATH}/{slug}/{token}"
        question, wanted = score_question(survey), [one for one in languages if one]
        scores = [] if question is None else range(question.low, question.high + 1)
        return {
            "link": link,
            "title": chosen(survey.title, wanted),
            "question": "" if question is None else chosen(question.text, wanted),
            "scores": [{"score": score, "link": f"{link}?score={score}"} for score in scores],
        }
