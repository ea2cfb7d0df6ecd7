"""One row for each route of each service: how it is asked well, and whose id its path names.

A route without a row fails the tests that are generated from here, and so does a row without a route. Those that no
description shows stand in `unlisted`.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, NamedTuple

import httpx

from mandegar.services import service_app
from shared.kernel import SCOPES
from tests.security.bodies import BROWSER, CALLS, CLOUD, CONSENT, EVENT
from tests.security.ground import (
    BUYERS,
    CARDS,
    HELLO,
    NUMBERS,
    OWN,
    PROGRAMME,
    PROGRAMMES,
    REWARD,
    SERVICES,
    SPENT_CARDS,
    Place,
    asked_of,
    bearer,
    customer_of,
    erasure_of,
    message_of,
    reward_of,
    settings_of,
)
from tests.security.routes_of_feedback import FEEDBACK
from tests.security.routes_of_journeys import JOURNEYS
from tests.security.rows import AS_OF, AUDIT, Row, of_customer
from tests.security.signing import of_role


def _named(_place: Place, shop: str) -> dict[str, str]:
    return {"template": f"hello-{shop}"}


def _campaign(_place: Place, shop: str) -> dict[str, str]:
    return {"campaign": f"spring-{shop}"}


def _segment(_place: Place, shop: str) -> dict[str, str]:
    return {"segment": f"buyers-{shop}"}


def _message(_place: Place, shop: str) -> dict[str, str]:
    return {"message": message_of(shop)}


def _task(_place: Place, shop: str) -> dict[str, str]:
    return {"task": message_of(shop)}


def _done_task(_place: Place, shop: str) -> dict[str, str]:
    return {"task": message_of(shop)[:-2] + f"d{NUMBERS[shop]}"}


def _other_task(_place: Place, shop: str) -> dict[str, str]:
    return {"task": message_of(shop)[:-2] + f"c{NUMBERS[shop]}"}


def _slug(_place: Place, shop: str) -> dict[str, str]:
    return {"slug": shop}


def _erasure(_place: Place, shop: str) -> dict[str, str]:
    return {"erasure": erasure_of(shop)}


def _connection(place: Place, shop: str) -> dict[str, str]:
    return {"connection": place.connections[shop].address}


def _rotated(_place: Place, shop: str) -> dict[str, str]:
    return {"key_id": f"{shop}rotated"}


def _revoked(_place: Place, shop: str) -> dict[str, str]:
    return {"key_id": f"{shop}revoked"}


def _version(_place: Place, shop: str) -> dict[str, str]:
    return {"version": PROGRAMMES[shop]}


def _card(_place: Place, shop: str) -> dict[str, str]:
    return {"number": CARDS[shop]}


def _spent_card(_place: Place, shop: str) -> dict[str, str]:
    return {"number": SPENT_CARDS[shop]}


def _draft(_place: Place, shop: str) -> dict[str, str]:
    return {"draft": PROGRAMMES[shop]}


def is_done(answer: httpx.Response) -> bool:
    """Whether somebody was let in: it was done, or met with what another test had done before."""
    return answer.status_code < HTTPStatus.MULTIPLE_CHOICES or answer.status_code == HTTPStatus.CONFLICT


def _reward(_place: Place, shop: str) -> dict[str, str]:
    return {"reward": reward_of(shop)}


def _redemption(_place: Place, shop: str) -> dict[str, str]:
    return {"redemption": asked_of(shop, 1)}


def _held(_place: Place, shop: str) -> dict[str, str]:
    return {"redemption": asked_of(shop, 2)}


def _released(_place: Place, shop: str) -> dict[str, str]:
    return {"redemption": asked_of(shop, 3)}


def _revoked_one(_place: Place, shop: str) -> dict[str, str]:
    return {"redemption": asked_of(shop, 4)}


def _delivery(_place: Place, shop: str) -> dict[str, str]:
    return {"delivery": f"{asked_of(shop, 4)}-1"}


def _approved(_place: Place, shop: str) -> dict[str, str]:
    return {"correction": asked_of(shop, 1)}


def _refused(_place: Place, shop: str) -> dict[str, str]:
    return {"correction": asked_of(shop, 2)}


class Route(NamedTuple):
    """A route of a service, as its description has it, with its row."""

    service: str
    method: str
    path: str
    row: Row
    permissions: frozenset[str]
    personal: bool
    takes_body: bool

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"

    def asked(self, place: Place, shop: str = OWN, **ids: str) -> dict[str, Any]:
        """Arguments for the client: the ids in the path are those of `shop`."""
        found = self.row.ids(place, shop) if self.row.ids else {}
        address = self.path.format(**{**self.row.values, **found, **ids})
        asked: dict[str, Any] = {"method": self.method, "url": address, "params": self.row.query}
        return asked if self.row.body is None else {**asked, "json": self.row.body}

    @property
    def is_for_people(self) -> bool:
        """Whether no key may ask it."""
        return not self.permissions <= frozenset[str]().union(*SCOPES.values())

    def login(self, place: Place) -> dict[str, str]:
        """Headers of somebody of the first shop who may do everything that keys may; of staff where none may."""
        return bearer(of_role("admin", OWN) if self.is_for_people else place.key(OWN, *SCOPES))


_DAY = {"as_of": AS_OF}
ROWS: dict[str, dict[str, Row]] = {
    "gateway": {
        **{f"POST /v1/{call}": Row(body=body) for call, body in CALLS.items()},
        "POST /v1/batch": Row(body={"batch": [{"type": "track", **EVENT}]}),
        "POST /v1/events": Row(body=CLOUD),
        "POST /v1/webhooks/{vendor}/{connection}": Row(_connection, {"vendor": "woocommerce"}, body={"id": 1}),
        "GET /v1/shops/{slug}/settings": Row(_slug),
        "PATCH /v1/shops/{slug}/settings": Row(_slug, body={"name": "Laleh"}),
        "GET /v1/keys": Row(),
        "POST /v1/keys": Row(body={"scopes": ["metrics:read"]}),
        "POST /v1/keys/{key_id}/rotate": Row(_rotated),
        "POST /v1/keys/{key_id}/revoke": Row(_revoked),
        "GET /v1/customers/suggestions": Row(),
        "GET /v1/customers/{customer}/identities": Row(of_customer),
        "POST /v1/customers/{customer}/merge": Row(of_customer, body={"into": customer_of(OWN, 2)}),
        "POST /v1/customers/{customer}/unmerge": Row(of_customer),
        "GET /v1/customers/{customer}/consents": Row(of_customer),
        "POST /v1/consents": Row(body=CONSENT),
        "POST /v1/customers/find": Row(body={"customer": customer_of(OWN)}),
        "GET /v1/customers/{customer}/export": Row(of_customer),
        "POST /v1/customers/{customer}/erase": Row(of_customer, body={"reason": "request", "dry_run": True}),
        "GET /v1/erasures": Row(),
        "GET /v1/erasures/preview": Row(query={"months": "12"}),
        "GET /v1/erasures/{erasure}": Row(_erasure),
        **AUDIT,
    },
    "campaigns": {
        "GET /v1/profiles/{customer}": Row(of_customer),
        "GET /v1/segments": Row(),
        "POST /v1/segments": Row(body={"id": "buyers", "title": "Buyers", "condition": BUYERS}),
        "GET /v1/segments/schema": Row(),
        "POST /v1/segments/size": Row(body={"condition": BUYERS}),
        "GET /v1/segments/{segment}": Row(_segment),
        "PUT /v1/segments/{segment}": Row(_segment, body={"title": "Buyers", "condition": BUYERS}),
        "POST /v1/segments/{segment}/publish": Row(_segment),
        "GET /v1/segments/{segment}/versions": Row(_segment),
        "GET /v1/segments/{segment}/members": Row(_segment),
        "GET /v1/templates": Row(),
        "POST /v1/templates": Row(body={"id": "hello", "texts": {"en": HELLO}}),
        "GET /v1/templates/{template}": Row(_named),
        "POST /v1/templates/{template}/preview": Row(_named, body={"locale": "fa"}),
        "GET /v1/messages/policy": Row(),
        "PUT /v1/messages/policy": Row(body={"weekend": ["fri"]}),
        "GET /v1/messages/policy/versions": Row(),
        "GET /v1/messages": Row(query={"customer": customer_of(OWN)}),
        "POST /v1/messages": Row(
            body={"customer": customer_of(OWN), "template": "hello", "purpose": "news", "occasion": "spring"}
        ),
        "GET /v1/messages/{message}": Row(_message),
        "GET /v1/addresses": Row(query={"customer": customer_of(OWN)}),
        "POST /v1/addresses/lift": Row(body={"customer": customer_of(OWN), "channel": "email", "reason": "asked"}),
        "POST /v1/templates/{template}/test": Row(_named, body={"to": "staff@example.com"}),
        "GET /v1/campaigns/{campaign}/results": Row(_campaign),
        "GET /v1/tasks": Row(),
        "GET /v1/tasks/{task}": Row(_task),
        "POST /v1/tasks/{task}/claim": Row(_task, body={"take_over": True}),
        "POST /v1/tasks/{task}/done": Row(_done_task, body={"outcome": "reached"}),
        "POST /v1/tasks/{task}/cancel": Row(_other_task, body={"outcome": "reached"}),
        "POST /v1/push/browsers": Row(body=BROWSER),
        "POST /v1/push/browsers/remove": Row(
            body={"customer": customer_of(OWN), "endpoint": "https://push.example.com/send/none"}
        ),
        "GET /v1/webhooks/endpoint": Row(),
        "PUT /v1/webhooks/endpoint": Row(body={"url": "https://crm.example/hooks"}),
        "POST /v1/webhooks/endpoint/rotate": Row(body={"keep_hours": 1}),
        "POST /v1/webhooks/endpoint/remove": Row(),
        **JOURNEYS,
        "GET /v1/customers/{customer}/export": Row(of_customer),
        **AUDIT,
    },
    "feedback": FEEDBACK,
    "loyalty": {
        "GET /v1/programmes": Row(),
        "GET /v1/programmes/schema": Row(),
        "GET /v1/programmes/ready": Row(),
        "GET /v1/programmes/diff": Row(query={"before": "1", "after": "draft-1"}),
        "GET /v1/programmes/{version}": Row(_version),
        "GET /v1/programmes/{version}/export": Row(_version),
        "POST /v1/programmes/check": Row(body={"programme": PROGRAMME}),
        "POST /v1/programmes/import": Row(body={"form": "mandegar.programme/1", "programme": PROGRAMME}),
        "POST /v1/programmes/simulate": Row(body={"order": {"revenue": 100}}),
        "GET /v1/points/explain": Row(query={"order": "A-1001"}),
        "POST /v1/programmes/trial": Row(body={"of": "1"}),
        "GET /v1/programmes/drafts": Row(),
        "POST /v1/programmes/drafts": Row(body={"name": "Spring", "programme": PROGRAMME}),
        "GET /v1/programmes/drafts/{draft}": Row(_draft),
        "PUT /v1/programmes/drafts/{draft}": Row(_draft, body={"name": "Spring", "programme": PROGRAMME}),
        "GET /v1/programmes/drafts/{draft}/export": Row(_draft),
        "POST /v1/programmes/drafts/{draft}/publish": Row(_draft, body={"reason": "New year"}),
        "POST /v1/programmes/drafts/{draft}/discard": Row(_draft),
        "GET /v1/rewards": Row(),
        "POST /v1/rewards": Row(body={"id": "spa", **REWARD}),
        "GET /v1/rewards/{reward}": Row(_reward),
        "PUT /v1/rewards/{reward}": Row(_reward, body={**REWARD, "reason": "More of them"}),
        "GET /v1/rewards/{reward}/versions": Row(_reward),
        "POST /v1/rewards/{reward}/codes": Row(_reward, body={"codes": ["SPA-7Q2X"]}),
        "POST /v1/rewards/available": Row(body={"customer": customer_of(OWN)}),
        "POST /v1/rewards/{reward}/quote": Row(_reward, body={"customer": customer_of(OWN)}),
        "POST /v1/redemptions": Row(body={"customer": customer_of(OWN), "reward": reward_of(OWN)}),
        "GET /v1/redemptions": Row(query={"customer": customer_of(OWN)}),
        "POST /v1/redemptions/use": Row(body={"code": f"{OWN}-1", "order": "A-1043"}),
        "GET /v1/redemptions/{redemption}": Row(_redemption),
        "POST /v1/redemptions/{redemption}/capture": Row(_held, body={"order": "A-1043"}),
        "POST /v1/redemptions/{redemption}/release": Row(_released),
        "POST /v1/redemptions/{redemption}/use": Row(_redemption, body={"order": "A-1043"}),
        "POST /v1/redemptions/{redemption}/revoke": Row(_revoked_one, body={"reason": "mistake", "give_back": True}),
        "GET /v1/entitlements/endpoint": Row(),
        "PUT /v1/entitlements/endpoint": Row(body={"url": "https://game.example/hooks"}),
        "POST /v1/entitlements/endpoint/rotate": Row(body={"keep_hours": 24}),
        "POST /v1/entitlements/endpoint/remove": Row(),
        "GET /v1/entitlements/deliveries": Row(query={"state": "failed"}),
        "POST /v1/entitlements/deliveries/{delivery}/retry": Row(_delivery),
        "GET /v1/corrections": Row(),
        "POST /v1/corrections": Row(
            body={"customer": customer_of(OWN), "points": 5, "reason": "goodwill", "text": "Parcel came late"}
        ),
        "POST /v1/corrections/{correction}/approve": Row(_approved),
        "POST /v1/corrections/{correction}/refuse": Row(_refused, body={"text": "No such parcel"}),
        "GET /v1/members": Row(),
        "GET /v1/members/{customer}": Row(of_customer),
        "POST /v1/members/{customer}/join": Row(of_customer),
        "POST /v1/members/{customer}/leave": Row(of_customer),
        "POST /v1/members/{customer}/block": Row(of_customer, body={"reason": "Resells codes"}),
        "POST /v1/members/{customer}/unblock": Row(of_customer),
        "GET /v1/members/{customer}/account": Row(of_customer),
        "GET /v1/members/{customer}/history": Row(of_customer),
        "GET /v1/members/{customer}/tier": Row(of_customer),
        "GET /v1/points/accounts/{customer}": Row(of_customer),
        "GET /v1/points/accounts/{customer}/entries": Row(of_customer),
        "GET /v1/points/liability": Row(),
        "GET /v1/points/health": Row(),
        "GET /v1/members/{customer}/cards": Row(of_customer),
        "POST /v1/members/{customer}/cards": Row(of_customer),
        "POST /v1/members/{customer}/bank-cards": Row(of_customer, body={"token": "tok_4f1c2b9e7a4d3c8b"}),
        "POST /v1/members/{customer}/bank-cards/unlink": Row(of_customer, body={"token": "tok_4f1c2b9e7a4d3c8b"}),
        "POST /v1/cards/lookup": Row(body={"number": "9000000000010014"}),
        "GET /v1/cards/{number}/qr": Row(_card),
        "POST /v1/cards/{number}/block": Row(_spent_card),
        "POST /v1/cards/{number}/unblock": Row(_spent_card),
        "POST /v1/cards/{number}/replace": Row(_spent_card),
        "GET /v1/customers/{customer}/export": Row(of_customer),
        **AUDIT,
    },
    "metrics": {
        "GET /v1/retention": Row(query=_DAY),
        "GET /v1/retention/series": Row(query={"from": AS_OF, "to": AS_OF}),
        "GET /v1/retention/return-rates": Row(query=_DAY),
        "GET /v1/retention/benchmarks": Row(),
        "GET /v1/retention/{as_of}/customers": Row(values=_DAY, query={"of": "held"}),
        "GET /v1/retention/{as_of}/explain": Row(values=_DAY, query={"figure": "crr"}),
        "GET /v1/cohorts": Row(),
        "GET /v1/stages/series": Row(query={"from": AS_OF, "to": AS_OF}),
        "GET /v1/stages/{as_of}": Row(values=_DAY),
        "GET /v1/customers": Row(query={"stage": "active"}),
        "GET /v1/customers/{customer}": Row(of_customer),
        "GET /v1/customers/{customer}/export": Row(of_customer),
        "POST /v1/settings/preview": Row(body={"lifecycle": {"lost_days": 180}}),
        "GET /v1/settings/build": Row(),
        **AUDIT,
    },
}
NO_IDS = {"as_of", "vendor", "ready"}
"""Parts of paths that are no ids of anybody."""


def described(service: str) -> dict[str, Any]:
    """The paths of a service's own description."""
    paths: dict[str, Any] = service_app(service).create_app(settings_of(service)).openapi()["paths"]
    return paths


def routes() -> Iterator[Route]:
    """All routes under /v1 of all services that have a row."""
    for service in SERVICES:
        for path, operations in described(service).items():
            for method, operation in operations.items():
                row = ROWS.get(service, {}).get(f"{method.upper()} {path}")
                if row is not None:
                    yield Route(
                        service,
                        method.upper(),
                        path,
                        row,
                        frozenset(operation.get("x-permissions", [])),
                        operation.get("x-personal", False),
                        "requestBody" in operation,
                    )


ROUTES = list(routes())
