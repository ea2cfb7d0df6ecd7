"""Push by the browsers' own services: to every browser that the person registered.

One that took it is enough. A browser that is gone is told, and forgotten. The message's id goes along as the topic, by
which a push service replaces what it still holds, and as the tag, by which a browser shows it once.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from services.campaigns.devices import Browser
from services.campaigns.messages.domain import Answer, Plan, State
from services.campaigns.messages.outside.encryption import authorization, encrypted, padless, private_key
from services.campaigns.messages.outside.form import Parcel, by_status
from services.campaigns.settings import CampaignsSettings
from services.campaigns.templates import PushText
from shared.outgoing import NotConnected, Refused, Unreachable, Unreadable

if TYPE_CHECKING:
    from shared.outgoing.client import Outgoing

_GONE = frozenset({404, 410})
_TOPIC_LENGTH = 32
# What the message comes to, of what several browsers came to: the first of these that there is.
_ORDER = (State.SENT, State.UNKNOWN, State.PLANNED, State.FAILED)


class Push:
    """See the module."""

    def __init__(self, settings: CampaignsSettings, outgoing: Outgoing) -> None:
        self._key = private_key(settings.vapid_key.get_secret_value())
        self._contact = settings.vapid_contact
        self._outgoing = outgoing

    async def send(self, parcel: Parcel) -> Answer:
        """To each browser, one after the other."""
        browsers = parcel.to
        assert isinstance(browsers, list) and browsers, "judged"
        answers = [(one, await self._to(one, parcel)) for one in browsers]
        gone = tuple(one.id for one, answer in answers if answer.reason == "gone")
        best = min((answer for _, answer in answers), key=lambda answer: _ORDER.index(answer.state))
        return best._replace(gone=gone)

    async def close(self) -> None:
        """Connections are the client's."""

    async def _to(self, browser: Browser, parcel: Parcel) -> Answer:
        try:
            body = encrypted(_body(parcel), browser.key, browser.auth)
        except ValueError:
            return Answer(State.FAILED, "gone")
        headers = {
            "Authorization": authorization(browser.endpoint, self._key, self._contact, parcel.now),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(_seconds_left(parcel.plan, parcel)),
            "Topic": topic_of(parcel.plan.id),
            "Urgency": "normal",
        }
        try:
            answer = await self._outgoing.call("POST", browser.endpoint, headers, body)
        except NotConnected:
            return Answer(State.PLANNED, "server_away")
        except (Unreachable, Unreadable):
            return Answer(State.UNKNOWN, "no_answer")
        except Refused:
            return Answer(State.FAILED, "gone")  # an address that leads to nothing outside
        if answer.status in _GONE:
            return Answer(State.FAILED, "gone")
        return by_status(answer.status, answer.headers.get("retry-after", ""))


def topic_of(message: str) -> str:
    """A message's id in the letters, and at the length, that push services take."""
    return padless(sha256(message.encode()).digest())[:_TOPIC_LENGTH]


def _body(parcel: Parcel) -> bytes:
    content = parcel.content
    assert isinstance(content, PushText), "judged"
    shown = {"title": content.title, "body": content.body, "url": content.url, "tag": parcel.plan.id}
    return msgspec.json.encode({**shown, "lang": parcel.locale})


def _seconds_left(plan: Plan, parcel: Parcel) -> int:
    return max(0, int((plan.expires_at - parcel.now).total_seconds()))
