"""The policy over HTTP: versions, of which the last one holds."""

from __future__ import annotations

from typing import Any

import pytest

from services.campaigns.pacing import policies_of
from shared.testing import Databases
from tests.campaigns_segments.test_api import a_ground

pytestmark = pytest.mark.stack
POLICY: dict[str, Any] = {
    "caps": [{"most": 1, "hours": 24, "channel": "sms", "purpose": None}],
    "over": "wait",
    "quiet": {"since": "22:00", "until": "08:00"},
    "weekend": ["fri"],
    "channels": ["sms", "push"],
    "exempt": ["orders"],
}


async def test_each_change_is_a_version_and_the_same_again_is_none(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        path = "/v1/messages/policy"
        headers = {"Authorization": f"Bearer {ground.keys['laleh']}"}
        nothing = (await ground.http.get(path, headers=headers)).json()
        assert (nothing["version"], nothing["policy"]["caps"], nothing["policy"]["quiet"]) == (None, [], None)
        for _ in range(2):
            put = await ground.http.put(path, headers=headers, json=POLICY)
            assert (put.status_code, put.json()["version"], put.json()["policy"]) == (200, 1, POLICY)
        assert (await ground.http.put(path, headers=headers, json={**POLICY, "weekend": []})).json()["version"] == 2
        items = (await ground.http.get(f"{path}/versions", headers=headers)).json()["items"]
        assert [(one["version"], one["policy"]["weekend"]) for one in items] == [(2, []), (1, ["fri"])]
        async with ground.worker.pool.acquire() as conn:
            held = await policies_of(conn, [1, 2])
        assert held[1].over == "wait" and held[2].caps == ()
        other = {"Authorization": f"Bearer {ground.keys['sib']}"}
        assert (await ground.http.get(path, headers=other)).json()["version"] is None
        empty = {**POLICY, "quiet": {"since": "08:00", "until": "08:00"}}
        refused = await ground.http.put(path, headers=headers, json=empty)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body.quiet")
