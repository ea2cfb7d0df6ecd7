"""Webhooks: the shop's own systems are told of a message by a signed call. Standard Webhooks, sent at least once.

Its id is the message's, the same at each attempt: who has taken it takes a repeat once.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from services.campaigns.hooks import Hook, Vault
from services.campaigns.messages.domain import Answer, State
from services.campaigns.messages.outside.form import Parcel, by_status
from services.campaigns.settings import CampaignsSettings
from services.campaigns.templates import WebhookText
from shared.receivers import attempt

if TYPE_CHECKING:
    from shared.outgoing.client import Outgoing


_UNANSWERED = {
    "perhaps": Answer(State.UNKNOWN, "no_answer", repeats=True),
    "not": Answer(State.PLANNED, "server_away"),
    "never": Answer(State.FAILED, "refused"),
}


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    message: str
    shop: str
    customer: str
    campaign: str
    step: str
    occasion: str
    purpose: str
    locale: str
    expires_at: datetime
    """Nothing comes of it from then on."""
    text: str
    values: dict[str, Any]


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    type: str
    data: _Told


class Webhook:
    """See the module."""

    def __init__(self, settings: CampaignsSettings, outgoing: Outgoing) -> None:
        self._vault = Vault(settings.secret_key.get_secret_value())
        self._outgoing = outgoing

    async def send(self, parcel: Parcel) -> Answer:
        """Tell the shop's receiver. One that answers 410 wants no more at all."""
        hook, plan = parcel.to, parcel.plan
        assert isinstance(hook, Hook), "judged"
        told = await attempt(
            *(self._outgoing, self._vault, hook.url, hook.secrets, _body(parcel)),
            shop=plan.shop,
            message_id=plan.id,
            now=parcel.now,
        )
        if told.status is None:
            return _UNANSWERED[told.reach]
        return by_status(told.status, told.asked, repeats=True)

    async def close(self) -> None:
        """Connections are the client's."""


def _body(parcel: Parcel) -> bytes:
    plan, content = parcel.plan, parcel.content
    assert isinstance(content, WebhookText), "judged"
    told = _Told(
        message=plan.id,
        shop=parcel.slug,
        customer=parcel.customer,
        campaign=plan.campaign,
        step=plan.step,
        occasion=plan.occasion,
        purpose=plan.purpose,
        locale=parcel.locale,
        expires_at=plan.expires_at,
        text=content.text,
        values=msgspec.json.decode(plan.fields),
    )
    return msgspec.json.encode(_Body(type="message.requested", data=told))
