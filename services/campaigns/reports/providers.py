"""How providers tell what became of messages, and how they prove that it is them. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from services.campaigns.addresses import Bounce, bounce_of
from services.campaigns.reports.domain import Report, What
from services.campaigns.reports.stops import is_stop
from shared.kernel import fold_digits

_TWILIO = {"delivered": What.DELIVERED, "undelivered": What.BOUNCED, "failed": What.BOUNCED}
_KAVENEGAR = {"10": What.DELIVERED, "6": What.BOUNCED, "11": What.BOUNCED, "14": What.BOUNCED}
_NOBODY = frozenset({"30005", "30006", "21610", "14"})
"""Codes that say: nobody is there, or they want nothing. Who is not reached (30003) may have switched off."""
_MAIL = {"delivered": What.DELIVERED, "bounced": What.BOUNCED, "complained": What.COMPLAINED}
_EVENTS_MAX = 500
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_Word = Annotated[str, Meta(min_length=1, max_length=100)]


class MailEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of one letter, as whoever runs the server for e-mail tells it."""

    message: _Word
    """The part of `Message-ID` before the @."""
    what: Literal["delivered", "bounced", "complained"]
    at: datetime
    code: Annotated[str, Meta(max_length=100)] = ""
    """Of a bounce: the server's words, or a code of RFC 3463 or 5321."""
    hard: bool | None = None
    """Of a bounce; where it is not said, the code tells."""


class MailEvents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Several."""

    events: Annotated[list[MailEvent], Meta(min_length=1, max_length=_EVENTS_MAX)]


def of_mail(body: bytes) -> list[Report]:
    """Raises msgspec.DecodeError for what is no such body, or has times without a zone."""
    found = []
    for one in msgspec.json.decode(body, type=MailEvents).events:
        if one.at.tzinfo is None:
            raise msgspec.DecodeError("at: a time needs a zone")
        what = _MAIL[one.what]
        hard = bounce_of(one.code) is Bounce.HARD if one.hard is None else one.hard
        found.append(Report("email", one.message, what, one.at, one.code, hard and what is What.BOUNCED))
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


class Heard(NamedTuple):
    """A text message that came in and says: no more."""

    number: str
    """That it came from, as `+98…`."""
    name: str
    """The provider's, of the text message."""


def heard_by_twilio(fields: Mapping[str, str]) -> Heard | None:
    """None for one that says something else. Twilio knows words of its own, which the account may have changed."""
    number, name = fields.get("From", ""), fields.get("MessageSid", "")[:100]
    stops = fields.get("OptOutType", "").upper() == "STOP" or is_stop(fields.get("Body", ""))
    return Heard(number, name) if stops and _NUMBER.fullmatch(number) and name else None


def heard_by_kavenegar(fields: Mapping[str, str]) -> Heard | None:
    """None for one that says something else. Numbers of Iran come as `0912…`, `98912…` or `+98912…`."""
    number, name = fold_digits(fields.get("from", "")).strip(), fields.get("messageid", "")[:100]
    if number.startswith("00"):
        number = number[2:]
    elif number.startswith("0"):
        number = f"98{number[1:]}"
    number = f"+{number.removeprefix('+')}"
    return Heard(number, name) if is_stop(fields.get("message", "")) and _NUMBER.fullmatch(number) and name else None


def is_of_twilio(url: str, fields: Mapping[str, str], signature: str, token: str) -> bool:
    """HMAC-SHA1 over the address and the sorted fields, in constant time: https://www.twilio.com/docs/usage/security."""
    said = url + "".join(name + fields[name] for name in sorted(fields))
    digest = base64.b64encode(hmac.new(token.encode(), said.encode(), hashlib.sha1).digest())
    return bool(token) and hmac.compare_digest(digest, signature.encode("utf-8", "replace"))
