"""Rewards of a shop whose time goes by its events: valid, announced and over by that time, whatever the wall says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from shared.contracts.orders import Clock, ClockAdvanced
from shared.contracts.shops import Shop
from shared.contracts.topics import CUSTOMERS, LOYALTY_REWARDS, ORDERS
from shared.kernel import DayOrdinal, Zone, derive_event_id
from shared.testing import Databases
from tests.loyalty_orders.answering import add_key
from tests.loyalty_orders.ground import FLAT, SHOP, completed, name, version
from tests.loyalty_orders.programmes import publish
from tests.loyalty_orders.test_identities import told
from tests.loyalty_rewards.ground import PARTITIONS, SCOPES, TEN_OFF, Api, an_api

pytestmark = pytest.mark.stack
STREAM: Shop = msgspec.structs.replace(SHOP, number=4, slug="stream", clock="stream")
ZONE = Zone(STREAM.zone)
FIRST = ZONE.day_of(datetime(2020, 3, 1, 9, tzinfo=UTC))
"""The day that the stream has come to at first, years before the wall."""


async def come_to(api: Api, days: int, *, minutes: int = 60) -> None:
    """The stream tells so many days after the first, in every partition, and what is due falls due."""
    until = ZONE.start_of(DayOrdinal(FIRST + days)) + timedelta(minutes=minutes)
    word = ClockAdvanced(
        id=derive_event_id(int(until.timestamp() * 1000), STREAM.slug, str(until), "clock"),
        source="mandegar/gateway",
        subject=STREAM.slug,
        time=until,
        shop=STREAM.slug,
        receivedat=until,
        origin="backfill",
        data=Clock(until=until),
    )
    # One word in every partition, as gateway sends it: the same event is handled once, so each has an id of its own.
    words = [(place, msgspec.structs.replace(word, id=f"{word.id[:-2]}{place:02x}")) for place in PARTITIONS]
    await api.worker.feed_placed(ORDERS, words)
    await api.worker.fire(ORDERS, PARTITIONS)


async def open_the_shop(api: Api) -> None:
    """A member with 100 points, and a reward that is valid for three days after the one on which it is granted."""
    await api.worker.configure(STREAM)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    await publish(api.worker.pool, {STREAM: [version(FLAT, since=long_ago)]})
    await api.worker.feed(CUSTOMERS, [told("updated", 1, 1, 1, STREAM)])
    await come_to(api, 0)
    order: Any = completed("first", shop=STREAM)
    await api.worker.feed(ORDERS, [msgspec.structs.replace(order, time=datetime(2020, 2, 29, 9, tzinfo=UTC))])
    api.keys["stream"] = await add_key(api.worker.pool, STREAM, "stream", SCOPES)
    changes = {"valid_days": 3, "reminders": [2, 1], "each": 1, "per": "day", "until": "2020-03-20T00:00:00Z"}
    made = await api.ask("POST", "/v1/rewards", TEN_OFF | changes, key="stream")
    assert made.status_code == 200, made.text


async def granted(api: Api) -> str:
    held = await api.ask("POST", "/v1/redemptions", {"customer": name(1), "reward": "ten-off"}, key="stream")
    assert held.status_code == 200, held.text
    redemption: str = held.json()["redemption"]
    answer = await api.ask("POST", f"/v1/redemptions/{redemption}/capture", key="stream")
    assert answer.status_code == 200, answer.text
    return redemption


async def state(api: Api, redemption: str) -> str:
    found: str = (await api.ask("GET", f"/v1/redemptions/{redemption}", key="stream")).json()["state"]
    return found


async def test_a_reward_is_announced_and_expires_as_the_stream_comes_to_its_days(databases: Databases) -> None:
    async with an_api(databases) as api:
        await open_the_shop(api)
        redemption = await granted(api)
        for days, expected in ((1, []), (2, [2]), (3, [2, 1])):
            await come_to(api, days)
            events = [one.event for one in await api.worker.published(LOYALTY_REWARDS)][1:]
            assert [one["data"]["days"] for one in events] == expected
            assert await state(api, redemption) == "granted"
        await come_to(api, 4)
        assert await state(api, redemption) == "expired"
        events = [one.event for one in await api.worker.published(LOYALTY_REWARDS)][1:]
        assert [one["type"] for one in events] == ["reward.expiring", "reward.expiring", "reward.expired"]
        assert {one["origin"] for one in events} == {"backfill"}
        days_told = [ZONE.day_of(datetime.fromisoformat(one["time"])) - FIRST for one in events]
        assert days_told == [2, 3, 4]


async def test_it_can_be_used_while_the_stream_has_not_come_to_its_end_and_not_after(databases: Databases) -> None:
    async with an_api(databases) as api:
        await open_the_shop(api)
        early = await granted(api)
        again = {"customer": name(1), "reward": "ten-off"}
        assert (await api.ask("POST", "/v1/redemptions", again, key="stream")).status_code == 409, "one in a day"
        await come_to(api, 1)
        late = await granted(api)
        await come_to(api, 3)
        assert (await api.ask("POST", f"/v1/redemptions/{early}/use", key="stream")).json()["state"] == "used"
        await come_to(api, 9)
        assert [await state(api, one) for one in (early, late)] == ["used", "expired"]
        assert (await api.ask("POST", f"/v1/redemptions/{late}/use", key="stream")).status_code == 409
        await come_to(api, 30)
        refused = await api.ask("POST", "/v1/rewards/ten-off/quote", {"customer": name(1)}, key="stream")
        assert [why["reason"] for why in refused.json()["why_not"]] == ["over"]


async def test_a_stream_that_leaps_over_all_days_has_each_of_them_told_once(databases: Databases) -> None:
    async with an_api(databases) as api:
        await open_the_shop(api)
        redemption = await granted(api)
        await come_to(api, 3)
        assert await state(api, redemption) == "granted"
        await come_to(api, 400)
        assert await state(api, redemption) == "expired"
        types = [one.event["type"] for one in await api.worker.published(LOYALTY_REWARDS)]
        assert types == ["reward.granted", "reward.expiring", "reward.expiring", "reward.expired"]
