"""Routes that no description shows: pages behind links that customers were sent, and addresses where providers report.

None takes a key; each asks for a proof of its own. One row for each: how it is asked with its proof, and how somebody
asks who has none. A route without a row fails the tests that are generated from here, and so does a row without one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from fastapi.routing import APIRoute

from mandegar.services import service_app
from services.campaigns.reports.links import Links
from shared.kernel import SystemClock
from shared.outgoing import signature_headers
from tests.security.ground import (
    OTHER,
    OWN,
    PUBLIC_URL,
    REPORT_SECRET,
    SECRET,
    SERVICES,
    SMS_TOKEN,
    message_of,
    settings_of,
    token_of,
)

_TOLD = {"messageid": "8792343", "status": "10"}
_HEARD = {"messageid": "8792344", "from": "09121234567", "message": "لغو"}
LEADS_TO = "https://shop.example/tea?a=1&b=2"
_DELIVERED = {"MessageSid": "SM0001", "MessageStatus": "delivered"}
_STOPPED = {"MessageSid": "SM0002", "From": "+989121234567", "Body": "stop"}
Request = dict[str, Any]
"""Arguments for the client."""


class Unlisted(NamedTuple):
    """A route, and its row."""

    asked: Callable[[bytes], Request]
    """With its proof, over a body."""
    forged: tuple[Request, ...]
    """Without, in several ways."""
    body: bytes = b""
    done: int = 200
    refused: int = 404


def _page(path: str, body: bytes = b"") -> Unlisted:
    def at(shop: str, token: str) -> str:
        return f"{path}/{shop}/{token}"

    own = token_of(OWN)
    forged = tuple({"url": one} for one in (at(OWN, token_of(OTHER)), at(OTHER, own), at(OWN, own[:-1] + "x")))
    return Unlisted(lambda content: {"url": at(OWN, own), "content": content}, forged, body)


def _click() -> Unlisted:
    def at(message: str, place: int, to: str) -> Request:
        return {"url": f"/pages/click/{message}/{place}/{mark}", "params": {"to": to}}

    own = message_of(OWN)
    mark = Links(SECRET).signature(own, 0, LEADS_TO)
    forged = (at(message_of(OTHER), 0, LEADS_TO), at(own, 1, LEADS_TO), at(own, 0, "https://evil.example/"))
    return Unlisted(lambda _: at(own, 0, LEADS_TO), forged, done=302)


def _picture() -> Unlisted:
    def at(message: str, mark: str) -> Request:
        return {"url": f"/pages/open/{message}/{mark}.gif"}

    own = message_of(OWN)
    mark = Links(SECRET).signature(own, -1, "")
    of_link = Links(SECRET).signature(own, 0, LEADS_TO)
    return Unlisted(lambda _: at(own, mark), (at(message_of(OTHER), mark), at(own, of_link)))


def _email() -> Unlisted:
    url = "/v1/reports/email"

    def asked(body: bytes, secret: str = REPORT_SECRET, said: bytes | None = None) -> Request:
        now = SystemClock().now()
        headers = signature_headers(said or body, [secret], message_id="report-1", now=now)
        return {"url": url, "content": body, "headers": headers}

    body = b'{"events": [{"message": "m-1", "what": "delivered", "at": "2026-01-01T00:00:00Z"}]}'
    forged = ({"url": url, "content": body}, asked(body, secret="another-secret-of-16"), asked(body, said=b"{}"))
    return Unlisted(asked, forged, body, 204, refused=401)


def _twilio(path: str, form: Mapping[str, str]) -> Unlisted:
    url = f"/v1/reports/twilio/{path}"

    def asked(body: bytes, token: str = SMS_TOKEN, signed: str = url) -> Request:
        try:
            fields = dict(parse_qsl(body.decode("ascii"), keep_blank_values=True))
        except ValueError:
            fields = {}  # refused before anybody looks at the signature
        said = PUBLIC_URL + signed + "".join(name + fields[name] for name in sorted(fields))
        digest = hmac.new(token.encode(), said.encode("utf-8", "replace"), hashlib.sha1).digest()
        mark = base64.b64encode(digest).decode()
        return {"url": url, "content": body, "headers": {"X-Twilio-Signature": mark}}

    body = urlencode(form).encode()
    forged = ({"url": url, "content": body}, asked(body, token="guessed"), asked(body, signed=f"{url}x"))
    return Unlisted(asked, forged, body, 204)


def _kavenegar(params: Mapping[str, str], behind: str = "") -> Unlisted:
    def at(key: str) -> str:
        return f"/v1/reports/kavenegar/{key}{behind}"

    forged = tuple({"url": at(key), "params": params} for key in ("guessed", REPORT_SECRET[:-1], "%FF"))
    return Unlisted(lambda body: {"url": at(REPORT_SECRET), "params": params, "content": body}, forged, done=204)


_PREFERENCES, _UNSUBSCRIBE, _SURVEY = "/pages/preferences", "/pages/unsubscribe", "/pages/surveys"
_OF_PERSON = "/{shop}/{token}"
ROWS: Mapping[str, Mapping[str, Unlisted]] = {
    "campaigns": {
        f"GET {_PREFERENCES}{_OF_PERSON}": _page(_PREFERENCES),
        f"POST {_PREFERENCES}{_OF_PERSON}": _page(_PREFERENCES, b"on=email/news&shown=email/news"),
        f"GET {_UNSUBSCRIBE}{_OF_PERSON}": _page(_UNSUBSCRIBE),
        f"POST {_UNSUBSCRIBE}{_OF_PERSON}": _page(_UNSUBSCRIBE, b"List-Unsubscribe=One-Click"),
        **{f"{method} /pages/click/{{message}}/{{link}}/{{signature}}": _click() for method in ("GET", "HEAD")},
        **{f"{method} /pages/open/{{message}}/{{signature}}.gif": _picture() for method in ("GET", "HEAD")},
        "POST /v1/reports/email": _email(),
        "POST /v1/reports/twilio/{shop}/{message}": _twilio(f"{OWN}/{message_of(OWN)}", _DELIVERED),
        "POST /v1/reports/twilio/inbound": _twilio("inbound", _STOPPED),
        **{f"{method} /v1/reports/kavenegar/{{key}}": _kavenegar(_TOLD) for method in ("GET", "POST")},
        **{
            f"{method} /v1/reports/kavenegar/{{key}}/inbound": _kavenegar(_HEARD, "/inbound")
            for method in ("GET", "POST")
        },
    },
    "feedback": {
        f"GET {_SURVEY}{_OF_PERSON}": _page(_SURVEY),
        f"POST {_SURVEY}{_OF_PERSON}": _page(_SURVEY, b"do=save&q.score=9"),
    },
}


class Place(NamedTuple):
    """Where a row belongs."""

    service: str
    name: str
    row: Unlisted

    def __str__(self) -> str:
        return f"{self.service} {self.name}"

    @property
    def method(self) -> str:
        """Of HTTP."""
        return self.name.partition(" ")[0]


PLACES = [Place(service, name, row) for service, rows in ROWS.items() for name, row in rows.items()]


def unlisted_of(service: str) -> Iterator[str]:
    """Method and path of each route of a service that says of itself that no description shows it."""
    for included in service_app(service).create_app(settings_of(service)).routes:
        router = getattr(included, "original_router", None)
        if router is None:
            assert getattr(included, "path", "") == "/openapi.json", "routes come in routers, each with its own"
            continue
        for route in router.routes:
            assert isinstance(route, APIRoute)
            if not route.include_in_schema:
                yield from (f"{method} {route.path}" for method in sorted(route.methods or ()))


assert set(ROWS) <= set(SERVICES)
