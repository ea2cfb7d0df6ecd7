"""A canary is sent wherever somebody may write something, and looked for where nobody may read it."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import httpx
import pytest
import structlog
from structlog.testing import LogCapture

from tests.gateway.ground import Gateway, raw
from tests.security.ground import OWN, SERVICES, Place, asking
from tests.security.routes import ROUTES, Route

pytestmark = pytest.mark.stack
NAME, EMAIL, PHONE = "Canaryvar", "canary@example.com", "+989121234567"
CANARIES = (NAME, EMAIL, PHONE, "9121234567", "canary")
Clients = dict[str, httpx.AsyncClient]


class Everything(logging.Handler):
    """What libraries log, with traces, before anything of ours has masked it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        if record.exc_info and record.exc_info[0]:
            self.lines += traceback.format_exception(*record.exc_info)


class Heard(NamedTuple):
    """All that was logged: by us before masking, and by libraries that work for us."""

    ours: LogCapture
    others: Everything

    def text(self) -> str:
        return json.dumps([self.ours.entries, self.others.lines], default=str, ensure_ascii=False)


@pytest.fixture
def heard() -> Iterator[Heard]:
    found = Heard(LogCapture(), Everything())
    # In place: loggers that were used before hold on to this list.
    processors = structlog.get_config()["processors"]
    usual = list(processors)
    processors[:] = [found.ours]
    root, client = logging.getLogger(), logging.getLogger("httpx")
    levels = root.level, client.level
    root.addHandler(found.others)
    root.setLevel(logging.INFO)
    client.setLevel(logging.WARNING)  # that of these tests, which writes what it asks
    yield found
    processors[:] = usual
    root.removeHandler(found.others)
    root.setLevel(levels[0])
    client.setLevel(levels[1])


def spoiled(value: Any) -> Iterator[Any]:
    """The body with canaries in the place of each text, in turn, and as a name."""
    if isinstance(value, dict):
        yield {**value, EMAIL: NAME, PHONE: NAME}  # a field's name is told if it may be one of ours
        for name in value:
            for other in spoiled(value[name]):
                yield {**value, name: other}
    elif isinstance(value, list):
        for at, item in enumerate(value):
            for other in spoiled(item):
                yield [*value[:at], other, *value[at + 1 :]]
    elif isinstance(value, str):
        yield from (NAME, EMAIL, PHONE, f"{NAME} {EMAIL} {PHONE}")
    else:
        yield EMAIL


def requests(route: Route, place: Place) -> Iterator[dict[str, Any]]:
    """Requests that hold a canary in every place that a caller can write to."""
    usual = route.asked(place)
    for name in (*(route.row.ids(place, OWN) if route.row.ids else {}), *route.row.values):
        for canary in (EMAIL, PHONE, NAME):
            yield {**route.asked(place), **route.asked(place, OWN, **{name: canary})}
    for canary in (EMAIL, PHONE):
        yield {**usual, "params": {**usual["params"], "who": canary}}
        yield {**usual, "params": {**usual["params"], canary: "1"}}
        yield {**usual, "headers": {"X-Request-Id": canary, "User-Agent": canary, "Referer": f"https://x/?e={canary}"}}
        for name in route.row.query:
            yield {**usual, "params": {**usual["params"], name: canary}}
    for body in spoiled(route.row.body) if route.row.body is not None else ():
        yield {**usual, "json": body}


@pytest.fixture(scope="module")
async def clients(place: Place) -> AsyncIterator[Clients]:
    async with AsyncExitStack() as open_:
        yield {service: await open_.enter_async_context(asking(place, service)) for service in SERVICES}


@pytest.mark.parametrize("service", SERVICES)
async def test_no_error_and_no_line_of_a_log_holds_what_a_caller_sent(
    place: Place, clients: Clients, service: str, heard: Heard
) -> None:
    asked = 0
    for route in ROUTES:
        if route.service != service:
            continue
        for one in requests(route, place):
            headers = {**one.pop("headers", {}), **route.login(place)}
            answer = await clients[service].request(**one, headers=headers)
            asked += 1
            assert answer.status_code < 500, answer.text
            if answer.status_code >= 400:
                assert not [canary for canary in CANARIES if canary in answer.text], (str(route), one, answer.text)
    assert asked > 50, "as many as there are routes"
    assert sum(entry["event"] == "request" for entry in heard.ours.entries) > asked / 2  # the log is heard
    assert not [canary for canary in CANARIES if canary in heard.text()]
    log = str(await place.audit(service))
    assert not [canary for canary in CANARIES if canary in log]


DEFECTS: dict[str, Any] = {
    "order_id": [1],
    "revenue": "-Infinity",
    "currency": "canary",
    "products": "canary@example.com",
    "email": ["canary@example.com"],
    "phone": {"canary": PHONE},
    "first_name": 5,
    "customer_id": "canary\x00",
}


async def test_dead_letters_hold_the_place_and_the_reason_and_the_body_only_sealed(
    gateway: Gateway, heard: Heard
) -> None:
    person = {"customer_id": "canary-77", "first_name": NAME, "last_name": NAME, "email": EMAIL, "phone": PHONE}
    sound = raw("sound", **person, shipping_address={"line": f"{NAME} street"}, note=f"for {NAME}")
    for number, (field, value) in enumerate(DEFECTS.items()):
        event = raw(f"bad-{number}", **person)
        event["data"][field] = value
        await gateway.take([event])
    await gateway.take([{**sound, "id": f"bad-{NAME}", "type": NAME}, b'{"canary": "' + EMAIL.encode(), sound])
    letters = await gateway.pool.fetch("SELECT * FROM dead_letter")
    assert len(letters) >= len(DEFECTS)
    assert all(letter["body"] for letter in letters)
    written = str([dict(letter) for letter in letters])
    told = await gateway.pool.fetch("SELECT topic, key, value FROM outbox")
    assert {"dead-letters.v1", "orders.v1", "customers.v1"} <= {row["topic"] for row in told}
    outside = str([dict(row) for row in told if row["topic"] != "customers.v1"])
    for text in (written, outside, heard.text()):
        assert not [canary for canary in CANARIES if canary in text]
