"""Profiles equal a recount of all events, however often and in whatever order these come."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.audience import Answered, Contacts, Profile, identities_of, persons_of
from services.campaigns.audience import joined as person_of
from shared.contracts.customers import Birthday
from shared.contracts.orders import Order, OrderCancelled, OrderCompleted, OrderRefunded
from shared.contracts.topics import (
    CUSTOMERS,
    ERASURES,
    FEEDBACK_SURVEYS,
    LOYALTY_MEMBERS,
    LOYALTY_POINTS,
    LOYALTY_TIERS,
    METRICS_LIFECYCLE,
    ORDERS,
    ORDERS_BACKFILL,
)
from shared.kernel import us_of
from shared.testing import Databases
from shared.testing.harness import Harness
from tests.campaigns.ground import (
    OTHER,
    SHOP,
    answered,
    detractor,
    erased,
    joined,
    name,
    points,
    retracted,
    stage,
    tier,
    told,
    worker,
)
from tests.loyalty_orders.ground import Story, completed, refunded

Bought = dict[tuple[int, str], tuple[int, int, datetime, datetime, set[str]]]
"""By shop's number and customer: orders that count, their net, the first and the last, and the products they kept."""
BORN = Birthday(year=1990, month=5, day=21)
_NUMBERS = {SHOP.slug: SHOP.number, OTHER.slug: OTHER.number}


def named(events: Iterable[Any]) -> list[Any]:
    """The same, with products in the lines of orders."""
    return [_named(one) if isinstance(one.data, Order) else one for one in events]


def _named(one: Any) -> Any:
    lines = [
        msgspec.structs.replace(line, product_id=f"p{at % 2}", sku=f"S{at}") for at, line in enumerate(one.data.lines)
    ]
    return msgspec.structs.replace(one, data=msgspec.structs.replace(one.data, lines=lines))


def standing(events: Iterable[Any]) -> Iterator[tuple[tuple[int, str], int, datetime]]:
    """Orders that count: whose, net, first completion. No batches, no tables, none of the service's code."""
    for whose, net, at, _ in _standing(events):
        yield whose, net, at


def _standing(events: Iterable[Any]) -> Iterator[tuple[tuple[int, str], int, datetime, set[str]]]:
    """The same, with the products of which a piece was kept."""
    by_order: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for one in events:
        by_order[one.shop, one.data.order_id].append(one)
    for (shop, _), told_of in by_order.items():
        said = [one for one in told_of if isinstance(one.data, Order)]
        marks = [one for one in said if isinstance(one, OrderCompleted | OrderCancelled)]
        completions = [one.time for one in marks if isinstance(one, OrderCompleted)]
        last = max(marks, key=lambda one: (one.time, isinstance(one, OrderCompleted)), default=None)
        if not isinstance(last, OrderCompleted):
            continue
        content: Order = max(said, key=lambda one: (one.time, one.id)).data
        refunds: dict[str, Any] = {}
        for one in sorted(told_of, key=lambda one: (one.time, one.id)):
            if isinstance(one, OrderRefunded):
                refunds[one.data.refund_id] = one.data
        net = _net(content, list(refunds.values()))
        if net is None or content.customer is None:
            continue
        back = Counter[str]()
        for refund in refunds.values():
            back.update({item.line_id: item.quantity for item in refund.items})
        left = [line for line in content.lines if line.quantity > back[line.line_id]]
        goods = {name for line in left for name in (line.product_id, line.sku)}
        yield (_NUMBERS[shop], content.customer), net, min(completions), goods


def recount(events: Iterable[Any]) -> Bought:
    """What customers bought."""
    found: Bought = {}
    for key, net, at, goods in _standing(events):
        orders, money, first, until, names = found.get(key, (0, 0, at, at, set()))
        found[key] = (orders + 1, money + net, min(first, at), max(until, at), names | goods)
    return found


def _net(content: Order, refunds: list[Any]) -> int | None:
    """What is left of an order; None when all of it came back."""
    back, pieces = 0, defaultdict[str, int](int)
    for one in refunds:
        if one.amount is None and not one.items:
            return None
        back += sum(item.amount for item in one.items) if one.amount is None else one.amount
        for item in one.items:
            pieces[item.line_id] += item.quantity
    had: dict[str, int] = defaultdict(int)
    for line in content.lines:
        had[line.line_id] += line.quantity
    if refunds and (back >= content.revenue or (had and all(pieces[line] >= count for line, count in had.items()))):
        return None
    return max(0, content.revenue - back)


async def bought(harness: Harness) -> Bought:
    """The same as the profiles have it."""
    rows = await harness.pool.fetch(
        "SELECT shop, customer, orders, (money->>'USD')::bigint, first_order_at, last_order_at,"
        " ARRAY(SELECT unnest(q.products) FROM purchase q WHERE q.shop = p.shop AND q.customer = p.customer)"
        " FROM profile p WHERE orders > 0"
    )
    return {(shop, name(customer)): (*rest, set(goods)) for shop, customer, *rest, goods in rows}  # type: ignore[misc]  # five of them


@pytest.mark.stack
@pytest.mark.parametrize(("seed", "batch", "lane"), [(1, 7, False), (2, 1_000, False), (3, 25, True)])
async def test_orders_of_profiles_equal_a_recount(databases: Databases, seed: int, batch: int, lane: bool) -> None:
    rng = Random(seed)
    events = named(Story(rng, customers=6, shops=(SHOP, OTHER)).tell(60))
    topic = ORDERS_BACKFILL if lane else ORDERS
    async with worker(databases) as harness:
        await harness.feed(topic, events, batch=batch, placed="random", doubled=1.0, shuffled=60, rng=rng)
        assert await bought(harness) == recount(events)
        assert await harness.dead_letters() == []
        assert len(recount(events)) > 6, "the story is worth telling"


@pytest.mark.stack
async def test_an_order_that_turns_out_to_be_somebody_elses_counts_for_them_alone(databases: Databases) -> None:
    async with worker(databases) as harness:
        await harness.feed(ORDERS, [completed("a", 1), completed("b", None), refunded("c", "r", 500)])
        assert {who for _, who in await bought(harness)} == {name(1)}
        await harness.feed(ORDERS, [completed("a", 2, hours=1), completed("c", 2, 2_000, hours=2)])
        assert [(who, of[:2]) for (_, who), of in (await bought(harness)).items()] == [(name(2), (2, 11_500))]


@pytest.mark.stack
@pytest.mark.parametrize("seed", range(2))
async def test_the_last_word_holds_in_whatever_order_words_come(databases: Databases, seed: int) -> None:
    rng = Random(seed)
    async with worker(databases) as harness:
        say = {"batch": 3, "placed": "random", "doubled": 1.0, "shuffled": 30, "rng": rng}
        words = [
            told(1, n, name=f"Sara {n}", email=f"s{n}@example.com", birthday=Birthday(month=n, day=1))
            for n in range(1, 9)
        ]
        await harness.feed(CUSTOMERS, [*words, told(2, 9, phone="+989123456789")], **say)
        await harness.feed(LOYALTY_POINTS, [points(1, n, n * 10, pending=n) for n in range(10, 20)], **say)
        await harness.feed(LOYALTY_TIERS, [tier(1, 20, "silver"), tier(1, 21, "gold"), tier(2, 22, None)], **say)
        await harness.feed(LOYALTY_MEMBERS, [joined(1, 23)], **say)
        steps = [stage(1, 1, "new", 0), stage(1, 2, "active", 30), stage(1, 3, "lapsing", 60)]
        late = [retracted(1, 3, "lapsing", 60), retracted(1, 2, "active", 30), stage(1, 4, "active", 20)]
        await harness.feed(METRICS_LIFECYCLE, [*steps, *late], **say)
        reasons = {n: {"reason": [f"r{n}"], "household": n} for n in (31, 33)} | {34: {"reason": ["late", "price"]}}
        answers = [
            *(answered(1, n, n - 30, attributes=reasons.get(n, {})) for n in range(30, 36)),
            detractor(1, 35, 5),
            answered(1, 36, 4, "csat"),
        ]
        await harness.feed(FEEDBACK_SURVEYS, [*answers, answered(1, 37, 11)], **say)
        assert {one.reason for one in await harness.dead_letters()} == {"score"}, "there is no score of 11"
        async with harness.pool.acquire() as conn:
            whole = (await persons_of(conn, [(1, 1)]))[1, 1].profile
        assert (whole.last_answer, whole.last_nps) == tuple(
            Answered(us_of(one.time), one.data.answer, "after-purchase", one.data.kind, one.data.score)
            for one in (answers[-1], answers[5])
        )
        said = {name: (one.values, one.number) for name, one in whole.attributes.items()}
        assert said == {"reason": (("late", "price"), None), "household": ((), 33)}, "of each the last word"
        assert whole.contacts == Contacts("Sara 8", "s8@example.com", birthday="--08-01")
        assert (whole.points, whole.pending, whole.tier, whole.tier_name) == (190, 19, "gold", "Gold")
        assert (whole.stage, whole.member) == ("active", "active")
        await harness.feed(METRICS_LIFECYCLE, [retracted(1, 4, "active", 20)], **say)
        assert await harness.pool.fetchval("SELECT stage FROM profile WHERE customer = 1") == "new"


@pytest.mark.stack
async def test_a_person_is_what_their_identities_are_until_they_are_parted(databases: Databases) -> None:
    async with worker(databases) as harness:
        await harness.feed(CUSTOMERS, [told(1, 1, email="s@example.com"), told(2, 1, phone="+989123456789")])
        await harness.feed(ORDERS, [completed("a", 1), completed("b", 2, 5_000, hours=1), completed("c", 3, hours=2)])
        await harness.feed(CUSTOMERS, [told(2, 5, "merged", canonical=1, phone="+989123456789")], doubled=1.0)
        async with harness.pool.acquire() as conn:
            assert await identities_of(conn, 1, 2) == (1, (1, 2))
            whole = (await persons_of(conn, [(1, 2)]))[1, 2]
            assert (whole.profile.orders, dict(whole.profile.money), whole.identities) == (2, {"USD": 15_000}, (1, 2))
            assert (whole.profile.contacts.email, whole.profile.contacts.phone) == ("s@example.com", "+989123456789")
        await harness.feed(CUSTOMERS, [told(2, 7, "unmerged"), told(2, 6, "merged", canonical=3)])
        async with harness.pool.acquire() as conn:
            assert (await persons_of(conn, [(1, 2)]))[1, 2].identities == (2,)


@pytest.mark.stack
async def test_an_erasure_empties_contacts_for_good_and_keeps_what_sums_rest_on(databases: Databases) -> None:
    async with worker(databases) as harness:
        sara: dict[str, Any] = {"name": "Sara", "email": "s@example.com", "birthday": BORN}
        await harness.feed(CUSTOMERS, [told(1, 1, **sara), told(3, 1, name="Kaveh")])
        await harness.feed(ORDERS, [completed("a", 1)])
        await harness.feed(ERASURES, [erased(1, 2)], doubled=1.0)
        await harness.feed(CUSTOMERS, [told(1, 2, **sara), told(2, 3, email="late@example.com")])
        texts = [row[0] for row in await harness.pool.fetch("SELECT p::text FROM profile p")]
        assert not any("Sara" in text or "example.com" in text for text in texts) and any("Kaveh" in t for t in texts)
        assert not any("1990" in text or "521" in text for text in texts), "nor birthdays"
        (answer,) = await harness.published(ERASURES)
        assert (answer.event["data"]["removed"], answer.event["data"]["kept"]) == ({"contacts": 1}, {"orders": 1})
        assert [of[0] for of in (await bought(harness)).values()] == [1]


def some(rng: Random) -> list[Profile]:
    """Up to five identities, of which this and that is known."""
    return [
        Profile(
            customer=customer,
            contacts=Contacts(rng.choice([None, "n"]), rng.choice([None, "a@b", "c@d"])),
            orders=rng.randint(0, 3),
            money={currency: rng.randint(0, 9) for currency in rng.sample(["USD", "IRR"], rng.randint(0, 2))},
            first_order_at=rng.choice([None, *range(5)]),
            points=rng.randint(0, 9),
            member=rng.choice([None, "active", "left", "blocked"]),
            last_nps=rng.choice([None, Answered(rng.randint(0, 2), f"a{customer}", "s", "nps", rng.randint(0, 10))]),
        )
        for customer in rng.sample(range(1, 7), rng.randint(0, 5))
    ]


@given(st.integers(), st.integers(1, 6))
def test_a_person_is_the_same_in_whatever_order_identities_are_read(seed: int, canonical: int) -> None:
    rng = Random(seed)
    profiles = some(rng)
    whole = person_of(1, canonical, profiles)
    assert person_of(1, canonical, rng.sample(profiles, len(profiles))) == whole
    assert whole.profile.orders == sum(one.orders for one in profiles)
    assert sum(whole.profile.money.values()) == sum(sum(one.money.values()) for one in profiles)
    assert whole.profile.first_order_at == min(
        (one.first_order_at for one in profiles if one.first_order_at is not None), default=None
    )
    assert set(whole.identities) == {canonical, *(one.customer for one in profiles)}
