"""Who bought what, and who did something about messages, is kept by events and by days."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from services.campaigns.segments.domain.judging import day_at
from services.campaigns.segments.keeping import Settling
from shared.contracts.campaigns import MessageClicked, MessageOpened, MessageSent
from shared.contracts.orders import OrderLine, RefundedItem
from shared.contracts.topics import CAMPAIGNS_MESSAGES, CUSTOMERS, ORDERS
from shared.kernel import DayOrdinal, Zone
from shared.testing import Databases
from tests.campaigns.ground import SHOP, receipt, told
from tests.campaigns_segments.ground import Mail, Past, condition, keep_past
from tests.campaigns_segments.test_members import BUYERS, a_ground
from tests.loyalty_orders.ground import START, completed, refunded

pytestmark = pytest.mark.stack

BOUGHT = {
    "tea": condition("bought", field="category", values=["tea"]),
    "tea-lately": condition("bought", field="category", values=["tea"], days=10),
    "pot-twice": condition("bought", field="product", values=["p-2", "POT"], least=2),
    "clicked": condition("responded", did="clicked", campaign="sale", days=10),
    "opened": condition("responded", did="opened"),
    "converted": condition("responded", did="converted", campaign="sale"),
}


def basket(order_id: str, customer: int, days: float, *lines: tuple[str, str], **more: Any) -> Any:
    """An order of so many days after the start; each line a product with its category."""
    named = [OrderLine(line_id=f"l{n}", quantity=2, product_id=one, category=of) for n, (one, of) in enumerate(lines)]
    return completed(order_id, customer, hours=24 * days, lines=named, **more)


async def test_who_bought_what_and_who_responded_is_kept_by_events_and_by_days(databases: Databases) -> None:
    start = START + timedelta(days=5)
    async with a_ground(databases, now=start) as ground:
        for segment, value in BOUGHT.items():
            await ground.publish(segment, value)
        tea, pot = ("p-1", "tea"), ("p-2", "pots")
        orders = [basket("a", 1, 1, tea), basket("b", 2, 2, tea, pot), basket("c", 2, 3, pot), basket("d", 3, 4.5, tea)]
        await ground.harness.feed(ORDERS, orders, doubled=1.0, placed="random", rng=Random(1))
        await ground.agrees()
        members = await ground.members()
        assert (members[1, "tea"], members[1, "pot-twice"]) == ({1, 2, 3}, {2})
        back = [RefundedItem(line_id="l0", quantity=1), RefundedItem(line_id="l0", quantity=1)]
        await ground.harness.feed(ORDERS, [refunded("b", "r", None, 60, items=back[:1])])
        assert (await ground.members())[1, "tea"] == {1, 2, 3}, "one of two pieces was kept"
        await ground.harness.feed(ORDERS, [refunded("b", "r2", None, 61, items=back[1:])])
        assert (await ground.members())[1, "tea"] == {1, 3}

        mail = [
            Mail(1, "m1", "sale", "email", 2, False, START + timedelta(hours=1), [(4, False, 0, start)]),
            Mail(2, "m2", "sale", "email", 2, False, START, [(4, True, 0, start), (3, False, -1, start)]),
            Mail(3, "m3", "other", "email", 2, False, START + timedelta(days=4.4), []),
        ]
        await keep_past(ground.harness.pool, Past([], mail))
        words = [
            receipt(MessageClicked, 1, 1, message="m1", link=0),
            receipt(MessageClicked, 2, 2, message="m2", link=0, machine=True),
            receipt(MessageOpened, 2, 3, message="m2"),
            receipt(MessageSent, 3, 4, message="m3"),
        ]
        await ground.harness.feed(CAMPAIGNS_MESSAGES, words, doubled=1.0, shuffled=3, rng=Random(1))
        await ground.agrees()
        members = await ground.members()
        assert (members[1, "clicked"], members[1, "opened"], members[1, "converted"]) == ({1}, {2}, {1, 2})
        await ground.harness.feed(CUSTOMERS, [told(3, 1), told(3, 2, "merged", canonical=1)])
        await ground.agrees()
        left = set()
        for day in range(1, 20):
            ground.clock.instant = Zone(SHOP.zone).start_of(DayOrdinal(day_at(Zone(SHOP.zone), start) + day))
            await ground.fire()
            assert await ground.members() == await ground.recount()
            left |= {segment for (_, segment), who in members.items() if not (await ground.members()).get((1, segment))}
        assert left == {"tea-lately", "clicked"}
        await ground.agrees()


async def test_what_is_told_of_messages_settles_nobody_where_no_condition_asks(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled: list[Any] = []
    monkeypatch.setattr(Settling, "settle", lambda *given: settled.append(given))
    async with a_ground(databases) as ground:
        await ground.publish("buyers", BUYERS, make=False)
        await ground.harness.feed(CAMPAIGNS_MESSAGES, [receipt(MessageOpened, 1, 1)])
        assert settled == []
