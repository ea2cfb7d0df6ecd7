"""An erasure forgets which browsers a person used, and finds letters that name one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.contracts import topics
from tests.gateway.ground import NOW
from tests.privacy.ground import SARA, SHOP, Ground

pytestmark = pytest.mark.stack


async def test_browsers_are_forgotten_and_letters_that_name_one_are_found(ground: Ground) -> None:
    browser = {"visitor": "0f8fad5b-d9cb-469f-a165-70867728950e"}

    def event(event_id: str, kind: str, /, **data: str) -> dict[str, Any]:
        return {"id": event_id, "type": kind, "time": NOW.isoformat(), "shop": SHOP, "data": data}

    await ground.take(event("i", "identify", **SARA, **browser), topic=topics.RAW_INTERACTIONS)
    sara = await ground.customer(customer_id="U-7781")
    assert await ground.gateway.pool.fetchval("SELECT count(*) FROM customer_alias WHERE kind = 4") == 1
    await ground.take(event("x", "Seen", **browser) | {"origin": "nowhere"}, topic=topics.RAW_INTERACTIONS)
    assert len(await ground.gateway.dead_letters()) == 1
    asked = await ground.erase(sara)
    await ground.carry()
    assert await ground.gateway.dead_letters() == []
    assert await ground.gateway.pool.fetchval("SELECT count(*) FROM customer_alias") == 0
    removed = {one["service"]: one["removed"] for one in (await ground.certificate(asked["erasure"]))["answers"]}
    assert (removed["gateway"]["visitor_identifiers"], removed["gateway"]["dead_letters"]) == (1, 1)
    await ground.take(event("y", "Seen", **browser), topic=topics.RAW_INTERACTIONS)
    rows = await ground.gateway.pool.fetch("SELECT value FROM outbox WHERE topic = $1", topics.INTERACTIONS)
    assert [json.loads(row["value"])["data"]["customer"] for row in rows] == [None], "nobody is recognised by it"
