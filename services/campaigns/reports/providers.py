"""How providers tell what became of messages, and how they prove that it is them. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from services.campaigns.reports.domain import Report, What

_TWILIO = {"delivered": What.DELIVERED, "undelivered": What.BOUNCED, "failed": What.BOUNCED}
_KAVENEGAR = {"10": What.DELIVERED, "6": What.BOUNCED, "11": What.BOUNCED, "14": What.BOUNCED}
_NOBODY = frozenset({"30003", "30005", "30006", "21610", "14"})
"""Codes that say: nobody is there, or they want nothing."""
_EVENTS_MAX = 500
_Word = Annotated[str, Meta(min_length=1, max_length=100)]


class MailEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of one letter, as whoever runs the server for e-mail tells it."""

    message: _Word
    """The part of `Message-ID` before the @."""
    what: Literal["delivered", "bounced"]
    at: datetime
    code: Annotated[str, Meta(max_length=100)] = ""
    hard: bool = False


class MailEvents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Several."""

    events: Annotated[list[MailEvent], Meta(min_length=1, max_length=_EVENTS_MAX)]


def of_mail(body: bytes) -> list[Report]:
    """Raises msgspec.DecodeError for what is no such body, or has times without a zone."""
    found = []
    for one in msgspec.json.decode(body, type=MailEvents).events:
        if one.at.tzinfo is None:
            raise msgspec.DecodeError("at: a time needs a zone")
        what = What.DELIVERED if one.what == "delivered" else What.BOUNCED
        found.append(Report("email", one.message, what, one.at, one.code, one.hard))
    return found


def of_twilio(fields: Mapping[str, str], now: datetime) -> Report | None:
    """None for a step on the way."""
    what, reference = _TWILIO.get(fields.get("MessageStatus", "")), fields.get("MessageSid", "")
    code = fields.get("ErrorCode", "")[:100]
    return None if what is None or not reference else Report("sms", reference[:100], what, now, code, code in _NOBODY)


def of_kavenegar(fields: Mapping[str, str], now: datetime) -> Report | None:
    """None for a step on the way."""
    status, reference = fields.get("status", ""), fields.get("messageid", "")
    what = _KAVENEGAR.get(status)
    if what is None or not reference:
        return None
    code = "" if what is What.DELIVERED else status
    return Report("sms", reference[:100], what, now, code, code in _NOBODY)


def is_of_twilio(url: str, fields: Mapping[str, str], signature: str, token: str) -> bool:
    """HMAC-SHA1 over the address and the sorted fields, in constant time: https://www.twilio.com/docs/usage/security."""
    said = url + "".join(name + fields[name] for name in sorted(fields))
    digest = base64.b64encode(hmac.new(token.encode(), said.encode(), hashlib.sha1).digest())
    return bool(token) and hmac.compare_digest(digest, signature.encode("utf-8", "replace"))
