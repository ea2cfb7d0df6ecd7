"""Generated requests on every route of every service: answered as described, and never with 5xx.

`CASES` says how many in all; without it, as many as fit into half a minute.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import msgspec
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.schemas import BaseSchema

from mandegar.stack import Stack
from shared.kernel import SCOPES
from shared.testing import Databases
from tests.security import unlisted
from tests.security.ground import OWN, SERVICES, Place, application, bearer, place_on
from tests.security.routes import ROUTES, Route
from tests.security.unlisted import PLACES

pytestmark = [pytest.mark.stack, pytest.mark.slow]
_HOW_MANY = len(ROUTES) + len(PLACES)
CASES = max(1, int(os.environ.get("CASES", 25 * _HOW_MANY)) // _HOW_MANY)
# Well-formed requests may still be refused: a zone that is none, a day after today. That a key is needed, and that a
# signature is, have their own tests; a key of the wrong form is one that is not known.
NOT_CHECKED = ("positive_data_acceptance", "ignored_auth", "missing_required_header")


@pytest.fixture(scope="module")
async def fuzzed(databases: Databases, stack: Stack) -> AsyncIterator[Place]:
    """A place of its own: settings are changed, keys are made."""
    async with AsyncExitStack() as open_:
        yield await place_on(databases, stack.bootstrap_servers, open_)


@pytest.fixture(scope="module")
async def addresses(fuzzed: Place) -> AsyncIterator[Mapping[str, str]]:
    """Of the running services, each on a loop of its own, as in production."""
    servers: list[tuple[uvicorn.Server, threading.Thread]] = []
    found = {}
    for service in SERVICES:
        app = application(fuzzed, service, api_key_cache_seconds=60)
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        servers.append((server, thread))
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110 - another thread's flag, bounded by the time limit
                await asyncio.sleep(0.02)
        found[service] = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield found
    for server, thread in servers:
        server.should_exit = True
        await asyncio.to_thread(thread.join, 10)


@pytest.fixture(scope="module")
async def schemas(addresses: Mapping[str, str]) -> dict[str, BaseSchema]:
    """Their descriptions."""
    read = schemathesis.openapi.from_url
    return {name: await asyncio.to_thread(read, f"{base}/openapi.json") for name, base in addresses.items()}


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_whatever_is_asked_the_answer_is_described_and_never_a_defect(
    fuzzed: Place, schemas: dict[str, BaseSchema], route: Route
) -> None:
    operation = schemas[route.service][route.path][route.method]
    headers = bearer(fuzzed.key(OWN, *SCOPES))
    own = {**route.row.values, **(route.row.ids(fuzzed, OWN) if route.row.ids else {})}
    seen: set[int] = set()
    not_checked = [schemathesis.checks.CHECKS.get_one(name) for name in NOT_CHECKED]

    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), mine=st.booleans())
    def ask(case: Any, mine: bool) -> None:
        if own and mine:
            case.path_parameters = {**case.path_parameters, **own}
        response = case.call(headers=headers)
        assert response.status_code < 500, response.text
        case.validate_response(response, excluded_checks=not_checked)
        seen.add(response.status_code)

    ask()
    assert seen


_WORDS = (
    *("on", "shown", "do", "q.score", "q.why", "q.more", "to", "From", "Body", "OptOutType"),
    *("MessageSid", "MessageStatus", "messageid", "status", "from", "message"),
)
_KNOWN = ("email/news", "delivered", "10", "9", "send", "dismiss", "", "stop", "لغو", "+989121234567")
_SAID = st.one_of(st.text(max_size=40), st.sampled_from(_KNOWN))
_FORMS = st.lists(st.tuples(st.sampled_from(_WORDS), _SAID), max_size=6)
_AT = st.one_of(st.text(max_size=20), st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat))
_EVENT = st.fixed_dictionaries(
    {"message": st.text(max_size=20), "what": st.sampled_from(["delivered", "bounced"]), "at": _AT},
    optional={"code": st.text(max_size=8), "hard": st.booleans()},
)
_PIECES = (
    *(b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n", b"--x\r\n", b"--x--\r\n"),
    *(b"Content-Type: message/delivery-status\r\n\r\n", b"Content-Type: message/feedback-report\r\n\r\n", b"\r\n"),
    *(b"Action: failed\r\nStatus: 5.1.1\r\n", b"Feedback-Type: abuse\r\n", b"Message-ID: <m-1@laleh.example>\r\n"),
)
_BODIES = st.one_of(
    st.binary(max_size=200),
    st.lists(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=20)), max_size=8).map(b"".join),
    _FORMS.map(lambda pairs: urlencode(pairs).encode()),
    st.lists(_EVENT, max_size=3).map(lambda events: msgspec.json.encode({"events": events})),
)
_TYPES = st.sampled_from(["application/json", "application/x-www-form-urlencoded", "message/rfc822"])
_PATH = st.lists(st.text(min_size=1, max_size=60), min_size=4, max_size=4)


@pytest.mark.parametrize("at", PLACES, ids=str)
def test_pages_and_reports_answer_whatever_comes_with_a_proof_or_without(
    addresses: Mapping[str, str], at: unlisted.Place
) -> None:
    """With its proof a body of any kind is read; without it the path holds anything."""
    path = at.name.partition(" ")[2]

    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(body=_BODIES, query=_FORMS, parts=_PATH, kind=_TYPES, proved=st.booleans())
    def ask(body: bytes, query: list[tuple[str, str]], parts: list[str], kind: str, proved: bool) -> None:
        asked = at.row.asked(body)
        asked["headers"] = {**asked.get("headers", {}), "Content-Type": kind}
        if not proved:
            named = iter(parts)
            whole = re.sub(r"\{\w+\}", lambda _: quote(next(named), safe=""), path)
            asked = {"url": whole, "content": body, "params": query}
        answer = http.request(at.method, **asked)
        assert answer.status_code < 500, answer.text

    with httpx.Client(base_url=addresses[at.service]) as http:
        ask()
