"""Text messages by Twilio: https://www.twilio.com/docs/messaging/api/message-resource. Patterns are its contents.

Twilio knows no idempotency key: the message's id goes along in the address for reports, and what got no answer stays
unknown.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from services.campaigns.messages.domain import REPORTS, Answer, State
from services.campaigns.messages.outside.form import Parcel, by_status
from services.campaigns.messages.outside.texting import TOO_LONG, texted
from services.campaigns.settings import CampaignsSettings
from services.campaigns.templates import SmsText
from shared.outgoing import NotConnected, Refused, Unreachable, Unreadable

if TYPE_CHECKING:
    from shared.outgoing.client import Outgoing

_URL = "https://api.twilio.com"
_ADDRESS = {"21211": "5.1.3", "21214": "5.1.1", "21610": "5.2.1", "21614": "5.1.6"}
"""Refusals of the number, as RFC 3463 would say them: none, not to be reached, wants nothing, takes no texts."""
_SERVICE = "MG"
"""Ids of messaging services begin like this; they stand in place of a number."""


class _Body(msgspec.Struct):
    sid: str = ""
    code: int | None = None


class Twilio:
    """See the module."""

    def __init__(self, settings: CampaignsSettings, outgoing: Outgoing) -> None:
        self._settings = settings
        self._outgoing = outgoing

    async def send(self, parcel: Parcel) -> Answer:
        """A text of ours, or variables for a content of the provider's."""
        content, to, settings = parcel.content, parcel.to, self._settings
        assert isinstance(content, SmsText) and isinstance(to, str), "judged"
        sender = "MessagingServiceSid" if settings.sms_sender.startswith(_SERVICE) else "From"
        fields = {"To": to, sender: settings.sms_sender}
        if settings.public_url:
            fields["StatusCallback"] = f"{settings.public_url}{REPORTS}/twilio/{parcel.slug}/{parcel.plan.id}"
        segments = None
        if content.pattern:
            variables = {str(number): text for number, text in enumerate(content.tokens, 1)}
            fields |= {"ContentSid": content.pattern, "ContentVariables": msgspec.json.encode(variables).decode()}
        else:
            made = texted(parcel, settings)
            if made is None:
                return TOO_LONG
            fields["Body"], segments = made
        return (await self._asked(fields))._replace(segments=segments)

    async def close(self) -> None:
        """Connections are the client's."""

    async def _asked(self, fields: dict[str, str]) -> Answer:
        settings = self._settings
        account = settings.sms_account
        login = base64.b64encode(f"{account}:{settings.sms_key.get_secret_value()}".encode()).decode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {login}"}
        url = f"{settings.sms_url or _URL}/2010-04-01/Accounts/{account}/Messages.json"
        try:
            answer = await self._outgoing.call("POST", url, headers, urlencode(fields).encode())
        except NotConnected:
            return Answer(State.PLANNED, "server_away")
        except (Unreachable, Unreadable):
            return Answer(State.UNKNOWN, "no_answer")
        except Refused:
            return Answer(State.PLANNED, "refused")  # the provider's address is the operator's
        try:
            body = msgspec.json.decode(answer.body, type=_Body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            body = _Body()
        found = by_status(answer.status, answer.headers.get("retry-after", ""), reason=str(body.code or ""))
        if found.state is not State.SENT:
            return found._replace(bounced=_ADDRESS.get(found.reason))
        return Answer(State.SENT, reference=body.sid) if body.sid else Answer(State.UNKNOWN, "no_answer")
