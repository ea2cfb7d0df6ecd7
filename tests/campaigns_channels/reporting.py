"""A ground on which messages were sent, the API, and what providers tell it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec

from services.campaigns.reports.jobs import settle
from shared.contracts.topics import CAMPAIGNS_MESSAGES
from shared.kernel import SystemClock
from shared.outgoing import signature_headers
from shared.testing import Databases
from tests.campaigns_channels.asking import Api, an_api
from tests.campaigns_channels.ground import CASES, Case, Ground, a_ground
from tests.campaigns_messages.ground import asked

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3A="
PERSON = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) Firefox/130.0"}
TWILIO = {"sms_provider": "twilio", "sms_key": "token-of-the-account", "sms_account": "AC01"}
BASE = "https://m.laleh.example"


class Place(NamedTuple):
    """A ground on which one message was sent a minute ago, and the API."""

    ground: Ground
    api: Api
    message: str

    async def told(self) -> list[dict[str, Any]]:
        """What was told after the sending."""
        while await settle(self.ground.worker.pool, SystemClock()):
            pass
        events = await self.ground.worker.published(CAMPAIGNS_MESSAGES)
        return [{"type": one.event["type"], **one.event["data"]} for one in events][1:]

    async def get(self, url: str, method: str = "GET", **headers: str) -> httpx.Response:
        """As a mail program does, without following."""
        parts = urlsplit(url)
        return await self.api.http.request(method, f"{parts.path}?{parts.query}", headers=PERSON | headers)

    def letter(self) -> str:
        """Its HTML."""
        body = self.ground.inbox.letters[0].get_body(("html",))
        assert body is not None
        found: str = body.get_content()
        return found


@asynccontextmanager
async def a_place(databases: Databases, case: Case = CASES["smtp"], **more: Any) -> AsyncIterator[Place]:
    settings = {"report_secret": SECRET, **(TWILIO if case.name == "twilio" else {})}
    async with a_ground(databases, case) as ground, an_api(ground, **settings, **more) as api:
        await ground.meet(1)
        await ground.ask(asked(1, channel=case.channel))
        await ground.send()
        await ground.worker.pool.execute("UPDATE message SET ended_at = ended_at - interval '1 minute'")
        yield Place(ground, api, (await ground.ids())[0])


async def mailed(place: Place, *events: dict[str, Any], secret: str = SECRET) -> httpx.Response:
    """What whoever runs the server for e-mail tells."""
    body = msgspec.json.encode({"events": list(events)})
    headers = signature_headers(body, [secret], message_id="r-1", now=SystemClock().now())
    return await place.api.http.post("/v1/reports/email", content=body, headers=headers)


def signed_by_twilio(path: str, form: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    """A form as Twilio posts it: body and headers."""
    said = BASE + path + "".join(name + form[name] for name in sorted(form))
    mark = base64.b64encode(hmac.new(b"token-of-the-account", said.encode(), hashlib.sha1).digest()).decode()
    headers = {"X-Twilio-Signature": mark, "Content-Type": "application/x-www-form-urlencoded"}
    return urlencode(form).encode(), headers
