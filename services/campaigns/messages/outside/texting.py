"""What providers of text messages have in common."""

from __future__ import annotations

from typing import NamedTuple

from services.campaigns.messages.domain import Answer, State
from services.campaigns.messages.outside.form import Parcel
from services.campaigns.settings import CampaignsSettings
from services.campaigns.templates import SmsText, size_of

SEGMENTS_MAX = 10


class Texted(NamedTuple):
    """A text message as it goes out."""

    text: str
    segments: int


def texted(parcel: Parcel, settings: CampaignsSettings) -> Texted | None:
    """With the line to opt out, where one is configured and a text does not say it already; None: it is too long."""
    content = parcel.content
    assert isinstance(content, SmsText), "judged"
    opt_out = settings.sms_opt_out
    text = f"{content.text}\n{opt_out}" if opt_out and opt_out not in content.text else content.text
    segments = size_of(text).segments
    return Texted(text, segments) if segments <= SEGMENTS_MAX else None


TOO_LONG = Answer(State.FAILED, "too_long")
