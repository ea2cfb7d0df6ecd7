"""E-mail by SMTP. Never inside a transaction.

What the server answered before it was given the text, or refused, was surely not sent. A connection that breaks after
the text went out and before the answer came leaves it open: UNKNOWN.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from email.utils import parseaddr

import aiosmtplib

from services.campaigns.messages.domain import Answer, State
from services.campaigns.messages.outside.composing import Sheet, composed
from services.campaigns.messages.outside.form import Letter, Parcel
from services.campaigns.settings import CampaignsSettings

_SECONDS = 30.0
_FOR_GOOD = 500
_STATUS = re.compile(r"[45]\.\d{1,3}\.\d{1,3}(?!\S)")
"""As servers that know RFC 2034 begin what they say."""
_AWAY = (aiosmtplib.SMTPException, OSError, TimeoutError)


class Mailbag:
    """A connection to the server, made when it is needed, for one letter after the other."""

    def __init__(self, settings: CampaignsSettings) -> None:
        self._settings = settings
        self._smtp: aiosmtplib.SMTP | None = None

    async def send(self, parcel: Parcel) -> Answer:
        """Hand the letter over. Never raises for what the server or the network does."""
        content, to = parcel.content, parcel.to
        assert isinstance(content, Letter) and isinstance(to, str), "judged"
        letter = Sheet(
            message=parcel.plan.id,
            to=to,
            sender=self._settings.mail_from,
            unsubscribe=parcel.unsubscribe,
            now=parcel.now,
            **content._asdict(),
        )
        try:
            body = composed(letter)
        except (ValueError, IndexError):  # the standard library's parser of addresses has both
            return Answer(State.FAILED, "address")
        try:
            smtp = await self._begun(parseaddr(letter.sender)[1])
        except (*_AWAY, ValueError) as error:
            await self.close()  # a login or a sender that is refused is ours to mend: no letter is lost by it
            code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else 0
            return Answer(State.PLANNED, f"server_{code}" if code else "server_away")
        return await self._handed(smtp, letter.message, to, body)

    async def _handed(self, smtp: aiosmtplib.SMTP, message: str, to: str, body: bytes) -> Answer:
        given = False
        try:
            await smtp.rcpt(to)
            given = True
            await smtp.data(body)
        except aiosmtplib.SMTPResponseException as error:
            return await self._refused(smtp, error, given=given)
        except (*_AWAY, ValueError):
            await self.close()
            return (
                Answer(State.UNKNOWN, "no_answer", reference=message) if given else Answer(State.PLANNED, "server_away")
            )
        return Answer(State.SENT, reference=message)

    async def _begun(self, sender: str) -> aiosmtplib.SMTP:
        """A connection on which the server has taken the sender.

        One that was kept from the letter before may have ended since: servers let go of who is idle, or after so many
        letters. So that costs no letter an attempt; a new one that fails is another matter.
        """
        kept = self._smtp is not None and self._smtp.is_connected
        smtp = await self._connected()
        try:
            await smtp.mail(sender)
        except (*_AWAY, ValueError):
            await self.close()
            if not kept:
                raise
            smtp = await self._connected()
            await smtp.mail(sender)
        return smtp

    async def _refused(self, smtp: aiosmtplib.SMTP, error: aiosmtplib.SMTPResponseException, *, given: bool) -> Answer:
        try:
            await smtp.rset()  # what follows begins anew, on the same connection if the server goes on with it
        except _AWAY:
            await self.close()
        state = State.FAILED if error.code >= _FOR_GOOD else State.PLANNED
        status = _STATUS.match(error.message)
        # Of a letter that was read before it was refused the plain code says nothing of the address.
        bounced = status[0] if status is not None else None if given else str(error.code)
        return Answer(state, str(error.code), bounced=bounced)

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._smtp is not None and self._smtp.is_connected:
            return self._smtp
        settings = self._settings
        self._smtp = aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_user or None,
            password=settings.smtp_password.get_secret_value() or None,
            use_tls=settings.smtp_tls == "tls",
            start_tls=settings.smtp_tls == "starttls",
            timeout=_SECONDS,
        )
        await self._smtp.connect()
        await self._smtp.ehlo()
        return self._smtp

    async def close(self) -> None:
        """The connection ends."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(5):
                    await smtp.quit()
            smtp.close()
