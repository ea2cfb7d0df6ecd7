"""Holding, granting, releasing and using rewards, each in the transaction of whoever asks.

One order of locks: the shop's pointers, the order, memberships, the redemption, the reward, what the person had, codes,
accounts, keys. What is on the shelf and what somebody may have change by conditional updates alone.
"""

from __future__ import annotations

import secrets
from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple

from services.loyalty import entitlements, orders, persons
from services.loyalty.clocks import day_now, partition_of, time_now
from services.loyalty.members import State as MemberState
from services.loyalty.members import members_of
from services.loyalty.persons import Person
from services.loyalty.points import (
    Capture,
    Cause,
    Done,
    GiveBack,
    Operation,
    Refusal,
    Release,
    Reserve,
    Terms,
    Who,
    post,
    spendable,
)
from services.loyalty.rewards import events
from services.loyalty.rewards.domain.judging import Asker, WhyNot, why_not
from services.loyalty.rewards.domain.redemption import (
    Redemption,
    State,
    Trouble,
    followed,
    revoked,
    step,
)
from services.loyalty.rewards.domain.reward import (
    Cart,
    Entitlement,
    Reward,
    Voucher,
    ends_at,
    period_of,
    used_at_once,
    worth_of,
)
from services.loyalty.rewards.domain.turning import granted
from services.loyalty.rewards.store import catalogue, redemptions
from services.loyalty.rewards.store.catalogue import Listed, Use
from services.loyalty.rewards.turning import turn_timer
from shared.contracts import topics
from shared.contracts.shops import Shop
from shared.db import Reads
from shared.kernel import ShopId, Zone, us_of
from shared.messaging.handling import Timer, Transaction

HOLD_TIMER = "reward_hold"
"""Of a redemption: the time of its hold is over."""
_SHARDS = 16
# Without letters and digits that people take for one another.
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_CODE_LENGTH = 16


class Desk(NamedTuple):
    """Where something is asked for."""

    tx: Transaction
    shop: Shop
    actor: str


class Asked(NamedTuple):
    """A customer, and what they could spend."""

    person: Person
    customer: int
    member: bool
    points: int
    had: dict[tuple[str, str], int]
    """How many of a reward in a period."""
    terms: Terms
    day: int
    now: datetime
    """The shop's time: rewards are offered, counted and expire by it; holds and word of them go by the wall."""

    def of(self, reward: str, period: str) -> Asker:
        """As one reward sees them."""
        return Asker(self.member, self.points, self.had.get((reward, period), 0))


async def asked_by(reads: Reads, shop: Shop, customer: int, now: datetime) -> Asked:
    """What can be known of a customer without changing anything."""
    person = await persons.identities_of_person(reads, shop.number, customer)
    found = await members_of(reads, [(shop.number, one) for one in person.identities])
    states = {one.state for one in found.values()}
    member = MemberState.ACTIVE in states and MemberState.BLOCKED not in states
    terms = await orders.terms_in_force(reads, shop, now)
    day = await day_now(reads, shop, now)
    points = await spendable(reads, shop.number, person.identities, day, terms)
    had = await catalogue.had_by(reads, shop.number, person.identities)
    return Asked(person, customer, member, points, had, terms, day, await time_now(reads, shop, now))


def judged(shop: Shop, asked: Asked, one: Listed, cart: Cart | None) -> tuple[WhyNot, ...]:
    """What stands between a customer and a reward."""
    period = period_of(one.reward, Zone(shop.zone), shop.calendar, asked.now)
    return why_not(one.reward, one.shelf, asked.of(one.id, period), cart, asked.now)


async def hold(
    desk: Desk, customer: int, one: Listed, cart: Cart | None, order: str | None, *, name: str | None = None
) -> Redemption | tuple[WhyNot, ...]:
    """Set a reward and its points aside for a customer. What is refused has to be rolled back by the caller.

    `name`: of the redemption, where who asks has one for it.
    """
    tx, shop, reward = desk.tx, desk.shop, one.reward
    await persons.hold(tx.conn, [shop.number])
    asked = await asked_by(tx.conn, shop, customer, tx.now)
    if reasons := judged(shop, asked, one, cart):
        return reasons
    worth = worth_of(reward, cart) or 0
    period = period_of(reward, Zone(shop.zone), shop.calendar, asked.now)
    until = tx.now + timedelta(minutes=reward.hold_minutes)
    made = Redemption(
        name or secrets.token_hex(16), customer, one.id, one.version, State.HELD, reward.points, worth, reward.currency,
        period, tx.now, until, order_id=order, actor=desk.actor,
    )  # fmt: skip
    if not await catalogue.take(tx.conn, shop.number, one, worth):
        return await _why_gone(desk, one)
    use = Use(shop.number, one.id, period, customer)
    if not await catalogue.count_use(tx.conn, use, asked.person.identities, reward.each):
        return (WhyNot("limit_reached"),)
    if isinstance(reward.what, Voucher) and not await _take_code(desk, made, reward.what):
        return (WhyNot("no_codes_left"),)
    await redemptions.add(tx.conn, shop.number, made)
    if reward.points:
        also = tuple(Who(shop.number, other) for other in asked.person.identities if other != customer)
        asking = Reserve(_who(shop, made), made.id, reward.points, us_of(until), _cause(desk), asked.day, also)
        answer = await _post(desk, asked.terms, asking)
        if isinstance(answer, Refusal):
            return (WhyNot("points_missing"),)
    tx.set_timer(Timer(ShopId(shop.number), HOLD_TIMER, made.id, until, 0))
    return made


async def _why_gone(desk: Desk, one: Listed) -> tuple[WhyNot, ...]:
    """Others took it meanwhile, or it is another version now."""
    found = await catalogue.load(desk.tx.conn, desk.shop.number, one.id)
    if found is None or found.version != one.version:
        return (WhyNot("not_offered"),)
    left = found.reward.stock is None or found.shelf.taken < found.reward.stock
    return (WhyNot("budget_spent" if left else "sold_out"),)


async def _take_code(desk: Desk, one: Redemption, what: Voucher) -> bool:
    conn, shop = desk.tx.conn, desk.shop.number
    # One that was drawn for a hold that ended was never shown to anybody.
    if await catalogue.take_code(conn, shop, one.reward, one.id) is not None:
        return True
    if what.codes == "uploaded":
        return False
    code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
    await catalogue.keep_code(conn, shop, one.reward, one.id, code)
    return True


async def capture(desk: Desk, redemption: str, order: str | None) -> Redemption | Trouble | None:
    """The checkout went through: the points are spent, the reward is the customer's. None: there is no such one."""
    tx, shop = desk.tx, desk.shop
    await persons.hold(tx.conn, [shop.number])
    seen = await redemptions.load(tx.conn, shop.number, redemption)
    if seen is None:
        return None
    order = order or seen.order_id
    if order and seen.order_id and order != seen.order_id:
        return Trouble("other-order", "it was held for another order")
    reward = await catalogue.of_version(tx.conn, shop.number, seen.reward, seen.version)
    back = await _name_order(desk, seen, order) if seen.state is State.HELD else []
    void = await _is_void(desk, seen, reward, order)
    if reward.valid_days is not None:
        await _hold_membership(desk, seen)
    one = await redemptions.load(tx.conn, shop.number, redemption, lock=True)
    assert one is not None, "redemptions stay for ever"
    if one.state in (State.GRANTED, State.USED):
        again = order is None or order == one.order_id
        return one if again else Trouble("other-order", "it was captured before; use it on the order")
    wanted = State.USED if used_at_once(reward, order) else State.GRANTED
    after = step(one, wanted, tx.now)
    if isinstance(after, Trouble):
        return after
    after = after._replace(order_id=order, granted_at=tx.now)
    after = _granted(shop, reward, after, await time_now(tx.conn, shop, tx.now))
    terms = await orders.terms_in_force(tx.conn, shop, tx.now)
    day = await day_now(tx.conn, shop, tx.now)
    if one.points:
        why = orders.Why(_cause(desk), day, 0)
        active = await orders.activity_of(tx.conn, shop, one.customer, why, tx.now)
        answer = await _post(desk, terms, Capture(_who(shop, one), one.id, why.cause, day), *back, *active)
        if isinstance(answer, Refusal):
            return Trouble("hold-over", "the time of the hold is over; ask for another one")
    told: list[tuple[events.Happening, Redemption]] = [("granted", after)]
    if after.state is State.USED:
        told.append(("redeemed", after))
    if void:  # the order was gone before: what is granted on it is taken back with it
        after = followed(after, void=True, now=tx.now)
        told.append(("revoked", after))
    await _tell(desk, reward, told)
    await redemptions.save(tx.conn, shop.number, one.state, after)
    if after.due_day is not None:
        place = await partition_of(tx.conn, shop, after.customer)
        tx.set_timer(turn_timer(shop, after.customer, after.due_day, place))
    return after


async def release(desk: Desk, redemption: str) -> Redemption | Trouble | None:
    """The checkout did not go through: points, reward and code are free again."""
    tx, shop = desk.tx, desk.shop
    await persons.hold(tx.conn, [shop.number])
    one = await redemptions.load(tx.conn, shop.number, redemption, lock=True)
    if one is None or one.state is State.LAPSED:
        return one
    after = step(one, State.RELEASED, tx.now)
    if isinstance(after, Trouble) or after is one:
        return after
    await put_back(desk.tx, shop, one, after)
    if one.points:
        terms = await orders.terms_in_force(tx.conn, shop, tx.now)
        asking = Release(_who(shop, one), one.id, _cause(desk), await day_now(tx.conn, shop, tx.now))
        await _post(desk, terms, asking)
    return after


async def put_back(tx: Transaction, shop: Shop, one: Redemption, after: Redemption) -> None:
    """Everything but points, which the ledger gives back."""
    await redemptions.save(tx.conn, shop.number, one.state, after)
    await catalogue.put_back(tx.conn, shop.number, one.reward, one.worth)
    await catalogue.uncount_use(tx.conn, Use(shop.number, one.reward, one.period, one.customer))
    await catalogue.put_code_back(tx.conn, shop.number, one.id)


async def use(desk: Desk, redemption: str, order: str | None) -> Redemption | Trouble | None:
    """A reward that was granted is used. An order that is named gives its points back when it is refunded.

    Once: whoever shows it again is refused, but for the order that it was used on, whose checkout repeats itself.
    """
    tx, shop, named = desk.tx, desk.shop, order
    await persons.hold(tx.conn, [shop.number])
    seen = await redemptions.load(tx.conn, shop.number, redemption)
    if seen is None:
        return None
    order = order or seen.order_id
    if order and seen.order_id and order != seen.order_id:
        return Trouble("other-order", "it is of another order")
    fresh = seen.state is State.GRANTED and seen.order_id is None
    back = await _name_order(desk, seen, order) if fresh else []
    one = await redemptions.load(tx.conn, shop.number, redemption, lock=True)
    assert one is not None, "redemptions stay for ever"
    if one.state is State.HELD:
        return Trouble("not-granted", "capture it first")
    if one.state is State.USED:
        return one if named is not None and named == one.order_id else Trouble("used-before", "it was used before")
    after = step(one, State.USED, await time_now(tx.conn, shop, tx.now))
    if isinstance(after, Trouble):
        return after
    after = after._replace(order_id=order, used_at=tx.now)
    reward = await catalogue.of_version(tx.conn, shop.number, one.reward, one.version)
    if back:
        await _post(desk, await orders.terms_in_force(tx.conn, shop, tx.now), *back)
    await _tell(desk, reward, [("redeemed", after)])
    await redemptions.save(tx.conn, shop.number, one.state, after)
    return after


async def revoke(desk: Desk, redemption: str, why: str, *, give_back: bool) -> Redemption | Trouble | None:
    """Staff take a reward back. `give_back`: its points are the customer's again. None: there is no such one.

    Once, for whatever reason. What it took of stock, budget and the customer's limit stays taken.
    """
    tx, shop = desk.tx, desk.shop
    await persons.hold(tx.conn, [shop.number])
    one = await redemptions.load(tx.conn, shop.number, redemption, lock=True)
    if one is None:
        return None
    reward = await catalogue.of_version(tx.conn, shop.number, one.reward, one.version)
    after = revoked(one, why, tx.now, lasts=isinstance(reward.what, Entitlement))
    if isinstance(after, Trouble) or after is one:
        return after
    if give_back and one.order_id is not None:
        return Trouble("of-an-order", "its points come back as its order is refunded; revoke it without `give_back`")
    if give_back and one.points:
        person = await persons.identities_of_person(tx.conn, shop.number, one.customer)
        also = tuple(Who(shop.number, other) for other in person.identities if other != one.customer)
        day = await day_now(tx.conn, shop, tx.now)
        asking = GiveBack(_who(shop, one), one.id, one.points, _cause(desk), day, also)
        await _post(desk, await orders.terms_in_force(tx.conn, shop, tx.now), asking)
    await _tell(desk, reward, [("revoked", after)])
    await redemptions.save(tx.conn, shop.number, one.state, after)
    return after


def _granted(shop: Shop, reward: Reward, one: Redemption, now: datetime) -> Redemption:
    """`now`: the shop's time, from which on it is valid."""
    zone = Zone(shop.zone)
    if one.state is State.USED:
        return one._replace(used_at=one.granted_at)
    ends = ends_at(reward, zone, now)
    if ends is None:
        return one
    return granted(one._replace(ends_at=ends), reward.reminders, zone.day_of(now), zone.day_of(ends))


async def _hold_membership(desk: Desk, one: Redemption) -> None:
    """Nobody turns the person's day meanwhile: what is granted is seen by their timer, or finds it gone."""
    person = await persons.identities_of_person(desk.tx.conn, desk.shop.number, one.customer)
    await members_of(desk.tx.conn, [(desk.shop.number, each) for each in person.identities], lock=True)


async def _name_order(desk: Desk, one: Redemption, order: str | None) -> list[Operation]:
    """Have the order remember the points; what comes back of them at once, since the order was refunded already."""
    if order is None or not one.points:
        return []
    tx, shop = desk.tx, desk.shop
    why = orders.Why(_cause(desk), await day_now(tx.conn, shop, tx.now), 0)
    back = await orders.spent_on(tx, shop.number, order, (one.id, one.customer, one.points), why)
    return [] if back is None else [back]


async def _is_void(desk: Desk, one: Redemption, reward: Reward, order: str | None) -> bool:
    """Whether what would be granted goes with an order that is gone. The order stays as it is until the commit."""
    if order is None or one.state is not State.HELD or not isinstance(reward.what, Entitlement):
        return False
    return await orders.is_void_now(desk.tx, desk.shop.number, order)


async def _tell(desk: Desk, reward: Reward, what: list[tuple[events.Happening, Redemption]]) -> None:
    """Told to all, and of entitlements to whoever grants them. All of it is of one customer."""
    tx, key = desk.tx, events.key_of(desk.shop, what[0][1].customer)
    happened = [events.Happened(happening, desk.shop, one, reward, tx.now) for happening, one in what]
    for each in happened:
        if (notice := events.notice_of(each)) is not None:
            await entitlements.note(tx.conn, desk.shop.number, notice)
    await tx.lock_keys(Counter({key: len(happened)}))
    for each in happened:
        tx.publish(topics.LOYALTY_REWARDS, key, events.told(each, tx.sequence(key)))


async def _post(desk: Desk, terms: Terms, *operations: Operation) -> Done | Refusal:
    """The first refusal, or that all was done."""
    shard = operations[0].who.customer % _SHARDS
    answers = await post(desk.tx, {desk.shop.number: terms}, operations, shard=shard)
    return next((one for one in answers if isinstance(one, Refusal)), answers[0])


def _who(shop: Shop, one: Redemption) -> Who:
    return Who(shop.number, one.customer)


def _cause(desk: Desk) -> Cause:
    return Cause(us_of(desk.tx.now), reason="reward", actor=desk.actor)
