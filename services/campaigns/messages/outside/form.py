"""The form of an adaptor: it hands one message over, and says what came of it. It never raises for what others do.

    SENT      the provider has it
    FAILED    refused for good
    PLANNED   refused for now, and surely not taken; with the pause that the provider asked for
    UNKNOWN   it went out and no answer came that says anything; `repeats`: the other side takes a repeat once

Every provider gets the message's id, so that it, its reports or the receiver can tell a repetition.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol

from services.campaigns.messages.domain import Answer, Contact, Plan, State
from services.campaigns.settings import CampaignsSettings
from services.campaigns.templates import Part, Work

if TYPE_CHECKING:
    from shared.outgoing.client import Outgoing

ALWAYS = frozenset({"webhook", "task"})
"""Channels that need no provider."""
_ASKED_MAX = timedelta(days=1)
_LATER = frozenset({408, 425, 429, 503})
_OURS = frozenset({401, 402, 403, 407})
"""The account or its key is not in order: the operator mends that, and no message is lost by it."""
_DIGITS_MAX = 6


class Letter(NamedTuple):
    """An e-mail as it was written."""

    subject: str
    text: str
    html: str


class Parcel(NamedTuple):
    """A message that is written and addressed."""

    plan: Plan
    slug: str
    """The shop's."""
    customer: str
    to: Contact
    locale: str
    content: Letter | Part
    work: Work
    """Of a task."""
    unsubscribe: str
    """An address that takes one POST (RFC 8058)."""
    now: datetime
    test: bool = False
    """Of a template, for somebody of the staff."""


class Adaptor(Protocol):
    """Of one channel."""

    async def send(self, parcel: Parcel) -> Answer:
        """Hand it over."""

    async def close(self) -> None:
        """Nothing more is sent by it."""


class Means(NamedTuple):
    """What adaptors work with."""

    settings: CampaignsSettings
    outgoing: Outgoing
    desk: Callable[[], Adaptor]
    """Where tasks of staff are put."""


def configured(settings: CampaignsSettings) -> frozenset[str]:
    """The channels that something can be sent by; what is planned for another waits."""
    found = {"email": settings.smtp_host, "sms": settings.sms_provider, "push": settings.vapid_key.get_secret_value()}
    return ALWAYS | {channel for channel, value in found.items() if value}


def by_status(status: int, asked: str = "", *, repeats: bool = False, reason: str = "") -> Answer:
    """What an answer over HTTP means. `asked`: its `Retry-After`, in seconds."""
    reason = reason or str(status)
    if 200 <= status < 300:
        return Answer(State.SENT)
    if status in _LATER or status in _OURS:
        return Answer(State.PLANNED, reason, wait=_wait(asked))
    if status >= 500:
        # Who answers that something broke may have taken it before.
        return Answer(State.UNKNOWN, reason, repeats=repeats, wait=_wait(asked))
    return Answer(State.FAILED, reason)


def _wait(asked: str) -> timedelta:
    if asked.isascii() and asked.isdigit() and len(asked) <= _DIGITS_MAX:
        return min(timedelta(seconds=int(asked)), _ASKED_MAX)
    return timedelta(0)
