"""What the description of loyalty's routes promises of all of them."""

from __future__ import annotations

import json
from typing import Any

from mandegar import documents

QUESTIONS = {
    "POST /v1/programmes/check",
    "POST /v1/programmes/simulate",
    "POST /v1/programmes/trial",
    "POST /v1/cards/lookup",
    "POST /v1/rewards/available",
    "POST /v1/rewards/{reward}/quote",
}
"""They change nothing: a cart, a draft or a token of a card is no text for an address."""
WITH_SECRETS = {"PUT /v1/entitlements/endpoint", "POST /v1/entitlements/endpoint/rotate"}
"""Answers are kept for repeats, and these hold a secret that is told once."""


def writes() -> dict[str, dict[str, Any]]:
    described = json.loads((documents.OPENAPI / "loyalty.json").read_text(encoding="utf-8"))
    return {
        f"{method.upper()} {path}": operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if method != "get"
    }


def test_every_write_takes_an_idempotency_key_but_for_those_that_tell_a_secret() -> None:
    found = writes()
    assert found.keys() >= QUESTIONS | WITH_SECRETS, "nothing is excused that is not there"
    keyed = {
        name
        for name, operation in found.items()
        if any(one["name"] == "Idempotency-Key" and one["in"] == "header" for one in operation.get("parameters", []))
    }
    assert found.keys() - QUESTIONS - WITH_SECRETS == keyed
