"""Letters that servers send about letters: delivery reports (RFC 3464) and complaints (ARF, RFC 5965). Pure.

Such a letter may be of anybody: what it says is believed because whoever hands it in is known, and it names a message
by an id that its recipient alone has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from email.utils import parsedate_to_datetime

from services.campaigns.addresses import Bounce, bounce_of
from services.campaigns.reports.domain import Report, What

_REFERENCE = re.compile(r"<([0-9a-z-]{1,64})@[^<>@\s]+>")
"""Our messages' `Message-ID`."""
_ACTIONS = {"failed": What.BOUNCED, "delivered": What.DELIVERED}
"""Of one that is delayed nothing is known yet; one that was passed on to who tells nothing neither."""
_COMPLAINTS = frozenset({"abuse", "fraud", "virus", "opt-out", "opt-out-list", "other"})
_CODE_MAX = 100


def of_letter(raw: bytes, now: datetime) -> list[Report]:
    """What a letter tells; nothing of one that is no report, or names none of our messages."""
    letter = message_from_bytes(raw, policy=compat32)
    reference = next(_references(letter), None)
    if reference is None:
        return []
    at = _date(letter, now)
    parts = list(letter.walk())
    for part in parts:
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            return [found for one in _fields(part) if (found := _delivered(one, reference, at)) is not None][:1]
        if kind == "message/feedback-report":
            return [found for one in _fields(part) if (found := _complained(one, reference, at)) is not None][:1]
    return []


def _delivered(fields: Message, reference: str, at: datetime) -> Report | None:
    what = _ACTIONS.get(_said(fields, "Action").lower())
    if what is None:
        return None
    if what is What.DELIVERED:
        return Report("email", reference, what, at)
    # The status is the reporting server's; the words of the one that refused stand behind it, and say it where it is
    # a general one, such as 5.0.0.
    code = _said(fields, "Status") or _said(fields, "Diagnostic-Code")
    if code.endswith(".0.0"):
        code = _said(fields, "Diagnostic-Code").partition(";")[2].strip() or code
    return Report("email", reference, what, at, code[:_CODE_MAX], bounce_of(code) is Bounce.HARD)


def _complained(fields: Message, reference: str, at: datetime) -> Report | None:
    kind = _said(fields, "Feedback-Type").lower()
    return Report("email", reference, What.COMPLAINED, at, kind) if kind in _COMPLAINTS else None


def _references(letter: Message) -> Iterator[str]:
    """Our message: by the copy of it that lies within, else by what the letter says it answers."""
    parts = list(letter.walk())
    for part in parts:
        if part is not letter and part.get_content_type() != "message/rfc822":
            yield from _REFERENCE.findall(_said(part, "Message-ID"))
        if part.get_content_type() == "text/rfc822-headers":
            copied = message_from_bytes(_bytes(part), policy=compat32)
            yield from _REFERENCE.findall(_said(copied, "Message-ID"))
    for name in ("In-Reply-To", "References"):
        yield from _REFERENCE.findall(_said(letter, name))


def _fields(part: Message) -> list[Message]:
    """Groups of fields: of the message, and of each recipient."""
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _bytes(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _said(message: Message, name: str) -> str:
    return str(message.get(name, "")).strip()


def _date(letter: Message, now: datetime) -> datetime:
    try:
        found = parsedate_to_datetime(_said(letter, "Date"))
    except ValueError:
        return now
    return found if found.tzinfo is not None else now
