"""Rewards in the day's turn of their customers: they end behind what points expire, word of it goes out behind theirs.

Called wherever the ledger brings accounts up to the day, before these are locked; redemptions come before accounts.

Whoever sets or fires the timer of a customer holds the memberships of the person: so a reward that is granted while a
timer fires is either seen by that, or finds it gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from services.loyalty.points import TURN_TIMER, Beside, Operation, Step
from services.loyalty.rewards import events
from services.loyalty.rewards.domain.redemption import Redemption
from services.loyalty.rewards.domain.reward import Reward
from services.loyalty.rewards.domain.turning import Word, turn
from services.loyalty.rewards.events import Happened
from services.loyalty.rewards.store import catalogue, redemptions
from shared.clocks import timers_of
from shared.contracts import topics
from shared.contracts.shops import Shop
from shared.kernel import CustomerId, DayOrdinal, ShopId, Zone, customer_id_text
from shared.messaging.handling import Timer, Work


async def turn_rewards(work: Work, shops: Mapping[int, Shop], operations: Sequence[Operation]) -> list[Beside]:
    """What the days bring to rewards of those to whom operations are to be posted, each up to its operation's day."""
    besides: list[Beside] = []
    for number, own in _by_shop(operations).items():
        customers, day = {one.who.customer for one in own}, max(one.day for one in own)
        found = await redemptions.lock_due(work.tx.conn, number, customers, day)
        if found:
            turned, told = await _turned(work, shops[number], found, own)
            await redemptions.save_turned(work.tx.conn, number, turned)
            besides += told
    return sorted(besides, key=lambda one: (one.day, one.step))


class RewardTurns:
    """The same before orders, one for each worker: it remembers where nothing is due, which is nearly everywhere.

    What is granted later is due on a later day. Were clocks to differ around midnight, the customer's timer, which
    remembers nothing, would see to it.
    """

    def __init__(self) -> None:
        self._quiet: dict[int, int] = {}
        """By shop the last day for which nothing was due."""

    async def __call__(self, work: Work, shops: Mapping[int, Shop], operations: Sequence[Operation]) -> list[Beside]:
        due: list[Operation] = []
        for number, own in _by_shop(operations).items():
            day = max(one.day for one in own)
            if day > self._quiet.get(number, -1):
                if await redemptions.any_due(work.tx.conn, number, day):
                    due += own
                else:
                    self._quiet[number] = day
        return await turn_rewards(work, shops, due) if due else []


async def _turned(
    work: Work, shop: Shop, found: Sequence[Redemption], operations: Sequence[Operation]
) -> tuple[list[Redemption], list[Beside]]:
    last = {one.who.customer: one for one in sorted(operations, key=lambda one: one.day)}
    rewards = await catalogue.of_versions(work.tx.conn, shop.number, {(one.reward, one.version) for one in found})
    turned, besides = [], []
    for one in found:
        reward, operation = rewards[one.reward, one.version], last[one.customer]
        assert one.ends_at is not None, "it has a day on which it is due"
        after, words = turn(one, reward.reminders, operation.day, Zone(shop.zone).day_of(one.ends_at))
        turned.append(after)
        besides += [_told(shop, reward, word, operation.cause.origin) for word in words]
    return turned, besides


async def arm_rewards(work: Work, shops: Mapping[int, Shop], turns: Sequence[Operation]) -> None:
    """Timers of customers that fired are set anew, where a reward will be due."""
    for number, own in _by_shop(turns).items():
        partitions = {one.who.customer: one.partition for one in own}
        for customer, day in sorted((await redemptions.next_days(work.tx.conn, number, partitions)).items()):
            work.tx.set_timer(turn_timer(shops[number], customer, day, partitions[customer]))


def _by_shop(operations: Sequence[Operation]) -> dict[int, list[Operation]]:
    found: dict[int, list[Operation]] = {}
    for one in operations:
        found.setdefault(one.who.shop, []).append(one)
    return dict(sorted(found.items()))  # rows are locked in one order


def turn_timer(shop: Shop, customer: int, day: int, partition: int) -> Timer:
    """The one timer of a customer, for the beginning of a day."""
    place = timers_of(shop.number, partition) if shop.clock == "stream" else partition
    name, due = customer_id_text(CustomerId(customer)), Zone(shop.zone).start_of(DayOrdinal(day))
    return Timer(ShopId(shop.number), TURN_TIMER, name, due, place)


def _told(shop: Shop, reward: Reward, word: Word, origin: str) -> Beside:
    at = Zone(shop.zone).start_of(DayOrdinal(word.day))
    happened = (
        Happened("expiring", shop, word.one, reward, at, word.lead, origin=origin)
        if word.lead
        else Happened("expired", shop, word.one, reward, at, origin=origin)
    )
    step = Step.ANNOUNCE if word.lead else Step.EXPIRE
    key = events.key_of(shop, word.one.customer)
    return Beside(key, topics.LOYALTY_REWARDS, partial(events.told, happened), word.day, step)
