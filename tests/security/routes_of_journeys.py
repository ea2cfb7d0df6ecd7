"""Rows of journeys: see `routes`."""

from __future__ import annotations

from tests.security.ground import JOURNEY, OWN, Place, customer_of
from tests.security.rows import Row


def _journey(_place: Place, shop: str) -> dict[str, str]:
    return {"journey": f"welcome-{shop}"}


def _killed(_place: Place, shop: str) -> dict[str, str]:
    return {"journey": f"killed-{shop}"}


JOURNEYS: dict[str, Row] = {
    "GET /v1/journeys": Row(),
    "POST /v1/journeys": Row(body={"id": "birthday", "journey": JOURNEY}),
    "POST /v1/journeys/import": Row(body={"form": "mandegar.journey/1", "id": "birthday", "journey": JOURNEY}),
    "GET /v1/journeys/schema": Row(),
    "GET /v1/journeys/ready": Row(),
    "POST /v1/journeys/ready/{ready}": Row(values={"ready": "thank-you"}, body={"purpose": "news"}),
    "GET /v1/journeys/{journey}": Row(_journey),
    "GET /v1/journeys/{journey}/export": Row(_journey),
    "GET /v1/journeys/{journey}/versions": Row(_journey),
    "POST /v1/journeys/{journey}/publish": Row(_journey),
    "POST /v1/journeys/{journey}/pause": Row(_journey),
    "POST /v1/journeys/{journey}/resume": Row(_journey),
    "POST /v1/journeys/{journey}/kill": Row(_killed),
    "GET /v1/journeys/{journey}/counts": Row(_journey),
    "GET /v1/journeys/{journey}/runs": Row(_journey, query={"state": "running"}),
    "POST /v1/journeys/{journey}/runs": Row(
        _journey, body={"customers": [customer_of(OWN)], "occasion": "spring-2026"}
    ),
}
