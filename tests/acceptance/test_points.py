"""A programme walked through as a shop does: published, earned by orders, merged, parted, erased."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.conftest import Platform, until
from tests.acceptance.test_front_door import ago, heard

pytestmark = [pytest.mark.stack, pytest.mark.slow]
SHOP = "anar"
SCOPES = ("collect:write", "personal:read", "personal:erase", "programmes:write", "loyalty:write")
PROGRAMME = {
    "name": "Points",
    "currency": "EUR",
    "rules": [{"id": "spend", "name": "Spend", "earn": {"kind": "rate", "points": 1, "per": 100}}],
}


def test_orders_earn_points_that_stay_right_through_merges_and_an_erasure(platform: Platform) -> None:
    platform.run("shops", "add", SHOP, "--currency", "EUR")
    key = platform.key(SHOP, *SCOPES)
    draft = platform.ask("POST", "/v1/programmes/drafts", key, "loyalty", json={"name": "A", "programme": PROGRAMME})
    assert draft.status_code == 200, draft.text
    path = f"/v1/programmes/drafts/{draft.json()['draft']}/publish"
    published = platform.ask("POST", path, key, "loyalty", json={"reason": "opening", "in_force_from": ago(days=30)})
    assert published.status_code == 200, published.text

    for number, user in enumerate(("P-1", "P-2")):
        told = {"order_id": f"p-{number}", "revenue": 20 + number, "currency": "EUR"}
        said = {"event": "Order Completed", "userId": user, "timestamp": ago(days=2), "properties": told}
        assert platform.ask("POST", "/v1/track", key, json=said | {"messageId": f"p-{number}"}).status_code == 202
    one, two = (customer(platform, key, user) for user in ("P-1", "P-2"))
    earned = until(lambda: len(found := heard(platform, "loyalty.points.v1", SHOP)) >= 2 and found)
    assert {(event["type"], event["data"]["customer"]): event["data"]["points"] for event in earned} == {
        ("points.earned", one): 20,
        ("points.earned", two): 21,
    }
    until(lambda: points(platform, two) == 21)
    platform.run("customers", "merge", SHOP, two, one)
    until(lambda: points(platform, one) == 41)
    platform.run("customers", "unmerge", SHOP, two)
    until(lambda: (points(platform, one), points(platform, two)) == (20, 21))
    assert len(heard(platform, "loyalty.points.v1", SHOP)) == 2, "merges move nothing in the ledger"

    asked = platform.ask("POST", f"/v1/customers/{two}/erase", key, json={"reason": "request"})
    assert asked.status_code == 202, asked.text

    def certificate() -> Any:
        found = platform.ask("GET", asked.headers["location"], key).json()
        return found if found["state"] == "complete" else None

    answers = {one["service"]: one["kept"] for one in until(certificate)["answers"]}
    assert answers.keys() == {"campaigns", "feedback", "gateway", "loyalty", "metrics"}
    assert answers["loyalty"]["orders"] == 1 and answers["loyalty"]["postings"] == 1
    assert platform.run("ledger", "verify", "--shop", SHOP).returncode == 0
    rows = platform.json("lag")
    assert {row["service"] for row in rows} == {"campaigns", "feedback", "gateway", "loyalty", "metrics"}
    assert ("loyalty", "orders.v1") in {(row["service"], row["topic"]) for row in rows}


def customer(platform: Platform, key: dict[str, str], user: str) -> str:
    """Whom the shop's id leads to, once it does."""

    def look() -> str | None:
        answer = platform.ask("POST", "/v1/customers/find", key, json={"customer_id": user})
        return answer.json()["customer"] if answer.status_code == 200 else None

    found: str = until(look)
    return found


def points(platform: Platform, who: str) -> int:
    """As an operator is shown them."""
    told = platform.json("customers", "show", SHOP, who)["loyalty"]
    return sum(told["points"].values()) if told else 0
