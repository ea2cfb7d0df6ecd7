"""The adaptors of one lane: each is made when first needed, and sends one message after the other, batch by batch."""

from __future__ import annotations

from services.campaigns.messages.domain import Answer
from services.campaigns.messages.outside.form import Adaptor, Means, Parcel
from services.campaigns.messages.outside.kavenegar import Kavenegar
from services.campaigns.messages.outside.mail import Mailbag
from services.campaigns.messages.outside.push import Push
from services.campaigns.messages.outside.twilio import Twilio
from services.campaigns.messages.outside.webhook import Webhook


class Lane:
    """Closed by whoever opened it."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._made: dict[str, Adaptor] = {}

    async def close(self) -> None:
        """Its connections end."""
        for adaptor in self._made.values():
            await adaptor.close()

    async def send(self, parcel: Parcel) -> Answer:
        """By the adaptor of its channel."""
        channel = parcel.plan.channel
        if channel not in self._made:
            self._made[channel] = self._make(channel)
        return await self._made[channel].send(parcel)

    def _make(self, channel: str) -> Adaptor:
        settings, outgoing, desk = self._means
        match channel:
            case "email":
                return Mailbag(settings)
            case "sms" if settings.sms_provider == "twilio":
                return Twilio(settings, outgoing)
            case "sms":
                return Kavenegar(settings, outgoing)
            case "push":
                return Push(settings, outgoing)
            case "webhook":
                return Webhook(settings, outgoing)
            case "task":
                return desk()
        raise AssertionError(f"judged: {channel} can be sent by")
