"""Text messages by Kavenegar: https://kavenegar.com/rest.html. Also pattern sends (`verify/lookup`).

The key is part of the address, so no address is ever logged or repeated in an error. A message has its id there as a
number (`localid`); where no answer came, the provider is asked by that number whether it has the message.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from services.campaigns.messages.domain import Answer, State
from services.campaigns.messages.outside.form import Parcel, by_status
from services.campaigns.messages.outside.texting import TOO_LONG, texted
from services.campaigns.settings import CampaignsSettings
from services.campaigns.templates import SmsText
from shared.outgoing import NotConnected, Refused, Unreachable, Unreadable

if TYPE_CHECKING:
    from shared.outgoing.client import Outgoing

_URL = "https://api.kavenegar.com"
_TOKENS = ("token", "token2", "token3", "token10", "token20")
_SPACES_MAX = {"token10": 4, "token20": 8}
"""Of tokens; the others may hold none."""
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_DONE = 200
_NOT_THERE = 100
# Codes of the provider: what is wrong with this message, for good. All others are the account's, and may pass.
_FOR_GOOD = frozenset({400, 406, 411, 413, 414, 417, 422, 431, 432})
_NO_NUMBER = 411
_BROKEN = frozenset({409, *range(500, 600)}) - {501, 503}
"""It may have been taken before that."""


class _Return(msgspec.Struct):
    status: int


class _Entry(msgspec.Struct):
    messageid: int = 0
    status: int = 0


class _Body(msgspec.Struct):
    result: _Return = msgspec.field(name="return")
    entries: list[_Entry] | None = None


class Kavenegar:
    """See the module."""

    def __init__(self, settings: CampaignsSettings, outgoing: Outgoing) -> None:
        self._settings = settings
        self._outgoing = outgoing

    async def send(self, parcel: Parcel) -> Answer:
        """A text of ours, or tokens for a pattern of the provider's."""
        content, to = parcel.content, parcel.to
        assert isinstance(content, SmsText) and isinstance(to, str), "judged"
        if content.pattern:
            tokens = _tokens(content.tokens)
            if tokens is None:
                return Answer(State.FAILED, "tokens")
            fields = {"receptor": _number(to), "template": content.pattern, "type": "sms", **tokens}
            return await self._asked("verify/lookup", fields)
        made = texted(parcel, self._settings)
        if made is None:
            return TOO_LONG
        local = local_id(parcel.plan.id)
        fields = {"receptor": _number(to), "message": made.text, "localid": str(local)}
        if self._settings.sms_sender:
            fields["sender"] = self._settings.sms_sender
        answer = await self._asked("sms/send", fields)
        if answer.state is State.UNKNOWN:
            answer = await self._known(local) or answer
        return answer._replace(segments=made.segments)

    async def close(self) -> None:
        """Connections are the client's."""

    async def _asked(self, method: str, fields: dict[str, str]) -> Answer:
        try:
            status, asked, body = await self._call(method, fields)
        except NotConnected:
            return Answer(State.PLANNED, "server_away")
        except (Unreachable, Unreadable):
            return Answer(State.UNKNOWN, "no_answer")
        except Refused:
            return Answer(State.PLANNED, "refused")  # the provider's address is the operator's
        code = status if body is None else body.result.status
        if code == _DONE:
            entries = [] if body is None else body.entries or []
            known = entries[0].messageid if entries else 0
            # An answer that says nothing, from whoever stands between: it may have been taken.
            return Answer(State.SENT, reference=str(known)) if known else Answer(State.UNKNOWN, "no_answer")
        if code in _FOR_GOOD or code in _BROKEN:
            bounced = "5.1.3" if code == _NO_NUMBER else None
            return Answer(State.FAILED if code in _FOR_GOOD else State.UNKNOWN, str(code), bounced=bounced)
        return by_status(code, asked)._replace(state=State.PLANNED)

    async def _known(self, local: int) -> Answer | None:
        """SENT, where the provider has it after all."""
        try:
            _, _, body = await self._call("sms/statuslocalmessageid", {"localid": str(local)})
        except (Unreachable, Refused):
            return None
        entry = body.entries[0] if body is not None and body.entries else None
        if entry is None or not entry.messageid or entry.status == _NOT_THERE:
            return None
        return Answer(State.SENT, reference=str(entry.messageid))

    async def _call(self, method: str, fields: dict[str, str]) -> tuple[int, str, _Body | None]:
        base = self._settings.sms_url or _URL
        url = f"{base}/v1/{self._settings.sms_key.get_secret_value()}/{method}.json"
        answer = await self._outgoing.call("POST", url, _FORM, urlencode(fields).encode())
        try:
            body: _Body | None = msgspec.json.decode(answer.body, type=_Body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            body = None
        return answer.status, answer.headers.get("retry-after", ""), body


def local_id(message: str) -> int:
    """A message's id as a number that the provider takes."""
    return int.from_bytes(sha256(message.encode()).digest()[:7], "big")


def _number(phone: str) -> str:
    """As the provider writes numbers: `0912…` of Iran, `00…` of others."""
    digits = phone.removeprefix("+")
    return f"0{digits[2:]}" if digits.startswith("98") else f"00{digits}"


def _tokens(tokens: tuple[str, ...]) -> dict[str, str] | None:
    """By name; None for what a pattern takes no such tokens of."""
    if not tokens or len(tokens) > len(_TOKENS):
        return None
    named = dict(zip(_TOKENS, tokens, strict=False))
    fits = all(text and sum(map(str.isspace, text)) <= _SPACES_MAX.get(name, 0) for name, text in named.items())
    return named if fits else None
