"""Bodies that have no place here, on every route that takes one: refused by field, never echoed, never a defect."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from tests.security.feedback import SURVEY
from tests.security.ground import BUYERS, HELLO, JOURNEY, SERVICES, Place, asking
from tests.security.routes import ROUTES, Route

pytestmark = pytest.mark.stack
CANARY = "canary09121234567"
TAKING = [route for route in ROUTES if route.takes_body and route.permissions]
# Shops send more than we read, in Segment's form, in CloudEvents and in webhooks: what is unknown there is let pass.
OPEN = ("/v1/track", "/v1/identify", "/v1/page", "/v1/screen", "/v1/group", "/v1/alias", "/v1/batch", "/v1/events")
STRICT = [route for route in TAKING if route.path not in OPEN and route.path != "/v1/settings/preview"]
# None of these is JSON that a database can hold in one meaning; no route needs to know.
SPOILED = {
    "NaN": b'{"%b": NaN}',
    "infinity": b'{"%b": -Infinity}',
    "a number beyond all": b'{"%b": 1e400}',
    "a whole number beyond 64 bits": b'{"%b": 1000000000000000000000000000000}',
    "NUL": b'{"%b": "\\u0000"}',
    "a lone surrogate": b'{"%b": "\\ud800"}',
    "bytes that are no UTF-8": b'{"%b": "\xff"}',
    "a name twice": b'{"%b": 1, "%b": 2}',
    "two thousand deep": b'{"%b": ' + b"[" * 2000 + b"]" * 2000 + b"}",
    "cut off": b'{"%b": ',
    "nothing of the kind": b"%b",
    "a list": b'["%b"]',
    "a text": b'"%b"',
    "true": b"true",
}
Clients = dict[str, httpx.AsyncClient]


@pytest.fixture(scope="module")
async def clients(place: Place) -> AsyncIterator[Clients]:
    async with AsyncExitStack() as open_:
        yield {service: await open_.enter_async_context(asking(place, service)) for service in SERVICES}


async def send(place: Place, clients: Clients, route: Route, content: bytes, **headers: str) -> httpx.Response:
    asked = {name: value for name, value in route.asked(place).items() if name != "json"}
    sent = {"Content-Type": "application/json", **route.login(place), **headers}
    return await clients[route.service].request(**asked, content=content, headers=sent)


@pytest.mark.parametrize("route", TAKING, ids=str)
async def test_what_is_no_sound_json_is_refused_and_not_repeated(place: Place, clients: Clients, route: Route) -> None:
    for what, body in SPOILED.items():
        answer = await send(place, clients, route, body.replace(b"%b", CANARY.encode()))
        assert answer.status_code == 422, (what, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert CANARY not in answer.text, what


@pytest.mark.parametrize("route", STRICT, ids=str)
async def test_fields_that_nobody_knows_are_refused_and_their_names_not_repeated(
    place: Place, clients: Clients, route: Route
) -> None:
    for name in ("unknown", CANARY, "__proto__", "constructor"):
        body = {**(route.row.body or {}), name: 1}
        answer = await send(place, clients, route, json.dumps(body).encode())
        assert answer.status_code == 422, answer.text
        assert CANARY not in answer.text


_JOURNEYS: list[Any] = [
    *(5, None, [], {}, {"name": "x"}),
    {**JOURNEY, "steps": []},
    {**JOURNEY, "steps": [{"kind": "wait", "id": "a", "minutes": True}]},
    {**JOURNEY, "steps": [{"kind": "wait", "id": "a", "minutes": 10**18}]},
    {**JOURNEY, "trigger": {"kind": "event", "event": "order.gone"}},
    {**JOURNEY, "control_percent": "5"},
]
_REWARDS: dict[str, Any] = {
    "name": [5, None, "", "x" * 201, "a\n"],
    "what": [5, None, {}, {"kind": "free"}, {"kind": "percent", "percent": "5"}, {"kind": "wallet", "amount": 5.0}],
    "currency": [5, None, "", "EURO", "ZZZ"],
    "points": ["5", 5.0, True, None, -1, 10**18],
    "active": [1, "true", None],
    "since": [5, True, "5", "2025-06-01", "2025-06-01T00:00:00", "yesterday"],
    "stock": ["5", 5.0, True, -1, 10**18],
    "each": ["5", 5.0, True, 0],
    "per": [5, None, "year"],
    "reminders": ["5", [5.0], ["5"], [True], [0], [10**18]],
}
_CUSTOMER_AND_CART: dict[str, Any] = {
    "customer": [5, None, True, "", "x"],
    "cart": [5, "x", [], {"total": "5", "currency": "USD"}, {"total": 5.0, "currency": "USD"}, {"total": -1}],
}
_PROGRAMMES: list[Any] = [5, "x", [], {"unknown": 1}, {"rules": 5}, {"rules": [{"id": 5}]}]
_SEGMENT: dict[str, list[Any]] = {
    "title": [5, None, "", "a\n", "x" * 201],
    "condition": [5, None, [], {}, {"kind": "everybody"}, {**BUYERS, "least": "1"}, {**BUYERS, "more": 1}],
}
WRONG: dict[str, dict[str, Any]] = {
    "POST /v1/keys": {
        "name": [5, None, True, ["a"], "x" * 201, "a\n"],
        "scopes": ["admin", [5], [None], [True], [["admin"]], ["x" * 65]],
        "expires_in_days": ["5", 5.0, 5.5, True, 0, -1, 3661, 10**18, "", []],
    },
    "POST /v1/keys/{key_id}/rotate": {
        "keep_hours": ["5", 5.0, True, None, -1, 721, 10**18],
        "expires_in_days": ["5", 5.0, True, 0],
    },
    "PATCH /v1/shops/{slug}/settings": {
        "week_start": ["5", 5.0, True, None, 7, -1],
        "loyal_over": ["5", 5.0, True, 0, 10**18],
        "windows": ["5", [5.0], ["5"], [True], [], [0], [10**18]],
        "name": [5, None, "", "x" * 201],
        "lifecycle": [5, None, [], {"lost_days": "5"}, {"lost_days": 5.0}, {"lost_days": True}, {"unknown": 1}],
    },
    "POST /v1/customers/{customer}/merge": {
        "into": [5, None, True, "", "x", ["0b7t4r2pkd91u"], "0b7t4r2pkd91u\n"],
        "reason": [5, None, True, "x" * 501],
    },
    "POST /v1/customers/find": {
        "customer": [5, True, "", "x", ["0b7t4r2pkd91u"]],
        "phone": [9121234567, True, "", "1" * 41],
        "email": [5, "", "x" * 255],
        "customer_id": [77, 77.0, True, "", "x" * 201],
    },
    "POST /v1/customers/{customer}/erase": {
        "reason": [5, None, "because", ["request"]],
        "reference": [5, None, "of Sara", "x" * 65, "a\n"],
        "dry_run": [1, 0, "true", None],
    },
    "POST /v1/consents": {
        "channel": [5, None, "pigeon", ["email"]],
        "purpose": [5, None, "", "News Letter", "x" * 65],
        "state": [5, None, True, "maybe"],
        "occurred_at": [5, None, True, "5", "2025-06-01", "2025-06-01T00:00:00", "yesterday", "9999-01-01T00:00:00Z"],
        "source": [5, None, "", "A", "x" * 101],
        "evidence": [5, True, "x" * 2001],
    },
    "POST /v1/customers/{customer}/unmerge": {"reason": [5, None, True, "x" * 501]},
    "POST /v1/members/{customer}/leave": {"reason": [5, None, True, "x" * 501]},
    "POST /v1/members/{customer}/block": {"reason": [5, None, True, "", "x" * 501]},
    "POST /v1/members/{customer}/unblock": {"reason": [5, None, True, "x" * 501]},
    "POST /v1/programmes/check": {"programme": _PROGRAMMES},
    "POST /v1/programmes/import": {"form": [5, None, "mandegar.programme/0", ["mandegar.programme/1"]]},
    "POST /v1/programmes/drafts": {"name": [5, None, "", "x" * 201], "programme": _PROGRAMMES},
    "PUT /v1/programmes/drafts/{draft}": {"name": [5, None, "", "x" * 201], "programme": [*_PROGRAMMES, None]},
    "POST /v1/programmes/drafts/{draft}/publish": {
        "reason": [5, None, True, "", "x" * 501],
        "in_force_from": [5, True, "5", "2025-06-01", "2025-06-01T00:00:00", "yesterday"],
    },
    "POST /v1/programmes/simulate": {"order": [5, None, "100", [], {"revenue": "100"}, {"revenue": 100.0}]},
    "POST /v1/programmes/trial": {
        "of": [5, True, "", "draft", ["draft-1"]],
        "days": ["5", 5.0, True, None, 0, 91, 10**18],
        "whom": [5, None, "all"],
    },
    "POST /v1/members/{customer}/cards": {"kind": [5, None, True, "", "paper", ["digital"]]},
    "POST /v1/members/{customer}/bank-cards": {
        "token": [5, None, True, "", "short", "x" * 201, "of Sara's card", "6037 9900 0000 0006", "6037990000000006"]
    },
    "POST /v1/members/{customer}/bank-cards/unlink": {"token": [5, None, True, "", "short", "x" * 201]},
    "POST /v1/cards/lookup": {"number": [5, True, "", "x", "9000000000010015", "1" * 61, ["9000000000010014"]]},
    "POST /v1/rewards": {"id": [5, None, "", "A", "a b", "x" * 65], **_REWARDS},
    "PUT /v1/rewards/{reward}": {
        "version": ["1", 1.0, True, 0, 10**18],
        "reason": [5, None, "", "x" * 501],
        **_REWARDS,
    },
    "POST /v1/rewards/{reward}/codes": {"codes": [5, None, [], "SPA", [5], [""], ["a b"], ["x" * 101]]},
    "POST /v1/rewards/available": _CUSTOMER_AND_CART,
    "POST /v1/rewards/{reward}/quote": _CUSTOMER_AND_CART,
    "POST /v1/redemptions": {**_CUSTOMER_AND_CART, "reward": [5, None, "", "A"], "order": [5, True, "", "a\n"]},
    "POST /v1/redemptions/use": {"code": [5, None, "", "a b"], "order": [5, True, "", "a\n"]},
    "POST /v1/redemptions/{redemption}/capture": {"order": [5, True, "", "a\n", "x" * 201]},
    "POST /v1/redemptions/{redemption}/use": {"order": [5, True, "", "a\n", "x" * 201]},
    "POST /v1/redemptions/{redemption}/revoke": {
        "reason": [5, None, True, "", "of Sara", ["mistake"]],
        "give_back": [1, 0, "true", None],
    },
    "PUT /v1/entitlements/endpoint": {
        "url": [
            5,
            None,
            True,
            "",
            "http://game.example/",
            "https://",
            "https://u:p@a.example/",
            "x" * 2001,
            "https://a/\n",
        ]
    },
    "POST /v1/entitlements/endpoint/rotate": {"keep_hours": ["5", 5.0, True, None, -1, 721, 10**18]},
    "POST /v1/corrections": {
        "customer": [5, None, "", "x"],
        "points": ["5", 5.0, True, None, 0, 10**9 + 1, -(10**18)],
        "reason": [5, None, "because"],
        "text": [5, None, "", "x" * 2001],
    },
    "POST /v1/segments": {"id": [5, None, "", "A", "a b", "x" * 65], **_SEGMENT},
    "PUT /v1/segments/{segment}": _SEGMENT,
    "POST /v1/segments/size": {"condition": _SEGMENT["condition"], "purpose": [5, "", "A b"]},
    "POST /v1/templates": {
        "id": [5, None, "", "A", "a b", "x" * 65],
        "texts": [
            5,
            None,
            {},
            {"en": 5},
            {"english!": HELLO},
            {"en": {**HELLO, "mjml": "<mjml>"}},
            {"en": {"text": ""}},
            {"en": {"sms": {"text": ""}}},
            {"en": {"push": {"title": "Hi"}}},
            {"en": {"task": {"title": "{{ 1 + 1 }}"}}},
        ],
        "work": [5, None, {"via": "email"}, {"due_hours": 0}, {"owner": 5}],
    },
    "POST /v1/templates/{template}/test": {
        "channel": [5, None, "", "post"],
        "to": [5, None, "", "x", "x" * 255],
        "browser": [5, [], {}, {"endpoint": "https://push.example.com/"}, {"endpoint": 5, "keys": {}}],
        "locale": [5, None, "", "english!"],
        "customer": [5, None, [], {"name": 1.5}],
        "values": [5, None, [], {"a": 1.5}],
    },
    "POST /v1/tasks/{task}/claim": {"take_over": [5, None, "true"]},
    "POST /v1/tasks/{task}/done": {"outcome": [5, None, "", "A b"], "text": [5, None, "x" * 2001]},
    "POST /v1/tasks/{task}/cancel": {"outcome": [5, None, "", "A b"], "text": [5, None, "x" * 2001]},
    "POST /v1/push/browsers": {
        "customer": [5, None, "", "x"],
        "endpoint": [5, None, "", "http://push.example.com/x", "https://u:p@a.example/", "x" * 2001],
        "keys": [5, None, {}, {"p256dh": "x", "auth": "y"}],
    },
    "POST /v1/push/browsers/remove": {"customer": [5, None, "", "x"], "endpoint": [5, None, "", "x" * 2001]},
    "PUT /v1/webhooks/endpoint": {
        "url": [5, None, "", "x", "http://a.example/", "https://u:p@a.example/", "https://a.example/#x", "x" * 2001]
    },
    "POST /v1/webhooks/endpoint/rotate": {"keep_hours": ["5", 5.0, True, None, -1, 721, 10**18]},
    "POST /v1/templates/{template}/preview": {
        "locale": [5, None, "", "english!"],
        "customer": [5, None, [], {"name": 1.5}],
        "values": [5, None, []],
    },
    "PUT /v1/messages/policy": {
        "caps": [5, None, [5], [{"most": 1}], [{"most": 0, "hours": 24}], [{"most": 1, "hours": "24"}]],
        "over": [5, None, "", "later"],
        "quiet": [
            5,
            "22:00",
            {"since": "22:00"},
            {"since": "24:00", "until": "08:00"},
            {"since": "08:00", "until": "08:00"},
        ],
        "weekend": [5, None, ["friday"], ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]],
        "channels": [5, None, ["webhook"]],
        "exempt": [5, None, ["A b"]],
    },
    "POST /v1/messages": {
        "customer": [5, None, "", "x"],
        "template": [5, None, "", "A"],
        "purpose": [5, None, "", "A b"],
        "occasion": [5, None, "", "x" * 201],
        "campaign": [5, None, "", "A"],
        "channel": [5, None, "", "messenger"],
        "values": [5, None, [], {"a": 1.5}, {"a": None}, {"a": [1]}, {"a": "x" * 2_001}],
    },
    "POST /v1/addresses/lift": {
        "customer": [5, None, "", "x"],
        "channel": [5, None, "", "push"],
        "reason": [5, None, "", "A b"],
    },
    "POST /v1/surveys": {
        "survey": [5, None, "", "A", "a.b", "x" * 51],
        "kind": [5, None, "stars"],
        "title": [5, None, {}, {"en": 5}, {"english!": "x"}, {"en": ""}],
        "questions": [5, None, [], [{}], [{"type": "stars"}], SURVEY["questions"][1:], [*SURVEY["questions"][:1]] * 2],
        "invite": [5, None, {}, {"template": "A"}, {"template": "a", "channel": "webhook"}],
        "thanks": [5, {"en": 5}, {"fa": "x"}],
        "trigger": [5, {"on": "often"}, {"delay_hours": "5"}, {"delay_hours": -1}, {"on": "interval", "every_days": 1}],
        "again_days": ["5", 5.0, True, None, -1, 10**18],
        "patience_days": ["5", 5.0, True, None, 0, 10**18],
        "answer_days": ["5", 5.0, True, None, 0, 366],
        "case_at_most": ["5", 5.0, True, -1, 10],
        "active": [1, "true", None],
    },
    "POST /v1/invitations": {
        "customer": [5, None, "", "x"],
        "survey": [5, None, "", "A"],
        "occasion": [5, None, "", "a b", "x" * 201],
    },
    "PUT /v1/policy": {
        "rest_days": ["5", 5.0, True, None, 0, 731],
        "case_hours": ["5", 5.0, True, None, 0, 10**18],
        "escalate_hours": ["5", 5.0, True, None, 0, 10**18],
        "escalations": ["5", 5.0, True, None, 0, 21],
    },
    "POST /v1/answers": {
        "customer": [5, None, "", "x"],
        "survey": [5, None, "", "A"],
        "ref": [5, None, "", "a b", "x" * 201],
        "answers": [
            5,
            None,
            {},
            {"score": "9"},
            {"score": 9.0},
            {"score": True},
            {"score": 11},
            {"why": ["speed"]},
            {"score": 9, "why": "speed"},
            {"score": 9, "why": ["price", "speed"]},
            {"score": 9, "no": 1},
        ],
    },
    "POST /v1/cases": {
        "customer": [5, None, "", "x"],
        "cause": [5, None, "", "answer"],
        "ref": [5, None, "", "a b", "x" * 61],
        "about": [5, None, "x" * 4_001],
    },
    "POST /v1/cases/{case}/assign": {"owner": [5, None, "", "a b", "x" * 101]},
    "POST /v1/cases/{case}/contacts": {
        "ref": [5, None, "", "a b", "x" * 61],
        "channel": [5, None, "", "pigeon"],
        "text": [5, None, "x" * 4_001],
    },
    "POST /v1/cases/{case}/compensate": {
        "ref": [5, None, "", "a b", "x" * 61],
        "points": ["5", 5.0, True, None, 0, -1, 10**6 + 1],
        "text": [5, None, "x" * 4_001],
    },
    "POST /v1/cases/{case}/solve": {"outcome": [5, None, "", "won"]},
    "POST /v1/journeys": {"id": [5, None, "", "A"], "journey": _JOURNEYS},
    "POST /v1/journeys/import": {
        "form": [5, None, "", "mandegar.journey/2"],
        "id": [5, None, "", "A"],
        "journey": _JOURNEYS,
    },
    "POST /v1/journeys/ready/{ready}": {"purpose": [5, None, "", "A b"]},
    "POST /v1/journeys/{journey}/runs": {
        "customers": [5, None, [], ["x"], [5]],
        "occasion": [5, None, "", "a b", "x" * 101],
        "values": [5, None, [], {"a": 1.5}, {"a": None}, {"A": 1}, {"a": "x" * 201}, {"a": 10**16}],
    },
    "POST /v1/corrections/{correction}/refuse": {"text": [5, None, "", "x" * 2001]},
}
"""By route and field: what looks nearly right."""


def test_every_strict_route_has_its_wrong_values() -> None:
    assert {f"{route.method} {route.path}" for route in STRICT} == set(WRONG)


@pytest.mark.parametrize("route", STRICT, ids=str)
async def test_a_value_that_is_nearly_right_is_refused_with_its_field(
    place: Place, clients: Clients, route: Route
) -> None:
    for field, values in WRONG[f"{route.method} {route.path}"].items():
        for value in values:
            body = {**(route.row.body or {}), field: value}
            answer = await send(place, clients, route, json.dumps(body).encode())
            assert answer.status_code == 422, (field, value, answer.text)
            assert any(error["field"].startswith(f"body.{field}") for error in answer.json()["errors"]), (field, value)


@pytest.mark.parametrize("route", TAKING, ids=str)
async def test_a_body_beyond_the_limit_is_refused_before_anybody_reads_it(
    place: Place, clients: Clients, route: Route
) -> None:
    body = b'{"' + CANARY.encode() + b'": "' + b"x" * 6_000_000 + b'"'  # were it parsed, it would be 422
    declared = await send(place, clients, route, body)
    assert declared.status_code == 413, declared.text
    lying = await send(place, clients, route, b"{}", **{"Content-Length": "99999999999"})
    assert lying.status_code == 413
    wrong = await send(place, clients, route, b"{}", **{"Content-Length": "-5"})
    assert wrong.status_code == 422
