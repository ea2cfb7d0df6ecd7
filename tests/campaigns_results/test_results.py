"""Results equal a recount of all events, however often and in whatever order they come; intervals are as published."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.results.domain import Figures, Row, against, newcombe, wilson
from services.campaigns.results.store import rows_of
from shared.contracts.topics import CUSTOMERS, ORDERS
from shared.testing import Databases
from shared.testing.harness import Harness
from tests.campaigns.ground import OTHER, SHOP, name, told, worker
from tests.campaigns_audience.test_profiles import standing
from tests.loyalty_orders.ground import START, Story, completed, refunded

CAMPAIGN = "spring"
_INSERT = """
INSERT INTO message (shop, id, customer, planned_at, due, expires_at, ended_at, state, channel, purpose, campaign, step,
                     occasion, template, fields, variant, test, segments)
VALUES (1, $1, $2, $3, $3, $3, $3, $4, $5, 'news', $6, $7, $1, 't', '{}', $8, $9, $10)
"""
_RECEIPT = (
    "INSERT INTO receipt (shop, message, what, machine, link, at, hard, code) VALUES (1, $1, $2, $3, $4, $5, false, '')"
)
STATES = ("planned", "planned", "sent", "failed", "unknown", "suppressed")
WHAT = {"delivered": 1, "bounced": 2, "opened": 3, "clicked": 4, "complained": 5}


class Sent(NamedTuple):
    """A message, and what came of it."""

    id: str
    customer: int
    at: datetime
    state: int
    channel: str
    campaign: str
    step: str
    variant: str | None
    test: bool
    segments: int | None
    receipts: frozenset[tuple[int, bool, int]]

    @property
    def place(self) -> tuple[str, str, str]:
        return self.step, self.variant or "", self.channel


def some_messages(rng: Random, count: int) -> list[Sent]:
    """Of two campaigns, by several channels, to six customers."""
    return [
        Sent(
            id=f"m-{number:03d}",
            customer=rng.randint(1, 6),
            at=START + timedelta(hours=rng.randint(0, 1_000)),
            state=rng.choice((0, 2, 2, 2, 2, 3, 4, 5)),
            channel=rng.choice(("email", "sms", "push", "webhook", "task")),
            campaign=rng.choice((CAMPAIGN, CAMPAIGN, "other")),
            step=rng.choice(("hello", "again")),
            variant=rng.choice((None, "a", "b")),
            test=rng.random() < 0.1,
            segments=rng.choice((None, 1, 2)),
            receipts=frozenset(
                (rng.randint(1, 5), rng.random() < 0.3, rng.randint(-1, 1)) for _ in range(rng.randint(0, 4))
            ),
        )
        for number in range(count)
    ]


async def write(harness: Harness, messages: Iterable[Sent]) -> None:
    for one in messages:
        about = (one.state, one.channel, one.campaign, one.step, one.variant, one.test, one.segments)
        await harness.pool.execute(_INSERT, one.id, one.customer, one.at, *about)
        for what, machine, link in one.receipts:
            await harness.pool.execute(_RECEIPT, one.id, what, machine, link, one.at)


Counted = dict[tuple[str, str, str], tuple[dict[str, int], dict[str, int]]]


def recount(
    messages: list[Sent], events: Iterable[Any], window: timedelta, canonical: dict[int, int] | None = None
) -> Counted:
    """By step, variant and channel, and of all: one thing after the other, and none of the service's code."""
    joined = canonical or {}
    counts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    persons: dict[tuple[tuple[str, str, str], str], set[Any]] = defaultdict(set)
    money: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    counted = [one for one in messages if not one.test]
    whole = ("", "", "")
    counts[whole]["planned"] += 0
    for one in counted:
        if one.campaign != CAMPAIGN:
            continue
        happened = {
            name
            for name, what in WHAT.items()
            for kind, machine, _ in one.receipts
            if kind == what and not (machine and what in (3, 4))
        }
        for place in (one.place, whole):
            counts[place][STATES[one.state]] += 1
            counts[place].update(happened)
            counts[place]["segments"] += one.segments or 0
            if one.state == 2:
                persons[place, "reached"].add(joined.get(one.customer, one.customer))
    for (shop, customer), net, at in standing(events):
        if shop != SHOP.number:
            continue
        numbers = {name(number): number for number in range(1, 7)}
        person = joined.get(numbers[customer], numbers[customer])
        touches = [
            one
            for one in counted
            if one.state == 2 and one.channel in ("email", "sms", "push")
            if joined.get(one.customer, one.customer) == person and one.at <= at < one.at + window
        ]
        last = max(touches, key=lambda one: (one.at, one.id), default=None)
        if last is not None and last.campaign == CAMPAIGN:
            for place in (last.place, whole):
                counts[place]["orders"] += 1
                money[place]["USD"] += net
                persons[place, "converted"].add(person)
    for (place, what), who in persons.items():
        counts[place][what] = len(who)
    return {place: (dict(+found), dict(money[place])) for place, found in counts.items()}


async def counted(harness: Harness, window: timedelta) -> Counted:
    async with harness.pool.acquire() as conn:
        whole, rows = await rows_of(conn, SHOP.number, CAMPAIGN, window)
    return {
        (one.step, one.variant, one.channel): (
            {name: value for name, value in one.figures._asdict().items() if value},
            dict(one.revenue),
        )
        for one in (whole, *rows)
    }


@pytest.mark.stack
@pytest.mark.parametrize(("seed", "batch"), [(1, 1), (2, 7), (3, 20_000)])
async def test_results_equal_a_recount(databases: Databases, seed: int, batch: int) -> None:
    rng = Random(seed)
    events = Story(rng, customers=6, shops=(SHOP, OTHER)).tell(90)
    messages = some_messages(rng, 120)
    async with worker(databases) as harness:
        await write(harness, messages)
        await harness.feed(ORDERS, events, batch=batch, placed="random", doubled=1.0, shuffled=60, rng=rng)
        for days in (1, 7, 30):
            window = timedelta(days=days)
            assert await counted(harness, window) == recount(messages, events, window)
        found = recount(messages, events, timedelta(days=30))["", "", ""]
        assert found[0]["orders"] > 5 and found[1]["USD"] > 0, "the story is worth telling"


@pytest.mark.stack
async def test_what_merged_customers_bought_counts_for_what_any_of_them_was_sent(databases: Databases) -> None:
    rng = Random(5)
    events = Story(rng, customers=6, shops=(SHOP,)).tell(60)
    messages = some_messages(rng, 120)
    window = timedelta(days=14)
    async with worker(databases) as harness:
        await write(harness, messages)
        await harness.feed(ORDERS, events, placed="random")
        apart = await counted(harness, window)
        await harness.feed(CUSTOMERS, [told(one, 1) for one in range(1, 7)])
        await harness.feed(
            CUSTOMERS, [told(2, 5, "merged", canonical=1), told(4, 5, "merged", canonical=3)], doubled=1.0
        )
        merged = await counted(harness, window)
        assert merged == recount(messages, events, window, {2: 1, 4: 3}) != apart
        await harness.feed(CUSTOMERS, [told(2, 9, "unmerged"), told(4, 9, "unmerged")])
        assert await counted(harness, window) == apart


@pytest.mark.stack
async def test_an_order_counts_for_the_last_message_before_it_and_for_nothing_once_it_is_undone(
    databases: Databases,
) -> None:
    none: frozenset[tuple[int, bool, int]] = frozenset()
    first = Sent("m-1", 1, START, 2, "email", CAMPAIGN, "hello", None, False, None, none)
    second = first._replace(id="m-2", at=START + timedelta(hours=5), step="again")
    window = timedelta(days=1)
    async with worker(databases) as harness:
        await write(harness, [first, second])
        before, between = completed("a", 1, 1_000, hours=-1), completed("b", 1, 2_000, hours=4)
        last, late = completed("c", 1, 4_000, hours=28.9), completed("d", 1, 8_000, hours=29)
        await harness.feed(ORDERS, [late, last, between, before])
        found = await counted(harness, window)
        assert {place[0]: money for place, (_, money) in found.items()} == {
            "": {"USD": 6_000},
            "hello": {"USD": 2_000},
            "again": {"USD": 4_000},
        }
        await harness.feed(ORDERS, [refunded("c", "r-1", 1_000, hours=40)], doubled=1.0)
        assert (await counted(harness, window))["", "", ""][1] == {"USD": 5_000}
        await harness.feed(ORDERS, [refunded("c", "r-2", None, hours=41)])
        whole, money = (await counted(harness, window))["", "", ""]
        assert (money, whole["orders"], whole["converted"]) == ({"USD": 2_000}, 1, 1)


@pytest.mark.stack
async def test_a_campaign_without_messages_has_led_to_nothing(databases: Databases) -> None:
    async with worker(databases) as harness:
        assert await counted(harness, timedelta(days=7)) == {("", "", ""): ({}, {})}


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_shares_have_the_published_intervals(hits: int, total: int, low: float, high: float) -> None:
    """Newcombe (1998), Statistics in Medicine 17:857-872, table I, method 3."""
    found = wilson(hits, total)
    assert found is not None and (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_differences_have_the_published_intervals(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    """Newcombe (1998), Statistics in Medicine 17:873-890, table II, method 10."""
    found = newcombe(*one, *other)
    assert found is not None and (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_a_variant_is_held_against_the_first_of_its_step_and_channel() -> None:
    def row(step: str, variant: str, converted: int, reached: int) -> Row:
        return Row(step, variant, "email", Figures(converted=converted, reached=reached), ())

    rows = [row("hello", "a", 48, 80), row("hello", "b", 56, 70), row("again", "b", 1, 2), row("again", "c", 0, 0)]
    found = [against(one, rows) for one in rows]
    assert found[0] is None and found[2] is None and found[3] is None
    assert found[1] is not None and found[1][0] == "a" and round(found[1][1].low, 4) == 0.0524


def test_nobody_has_no_share() -> None:
    assert wilson(0, 0) is None and newcombe(1, 2, 0, 0) is None and newcombe(0, 0, 1, 2) is None


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 50), st.integers(1, 50))
def test_an_interval_holds_its_share_and_a_difference_turns_with_its_sides(a: int, m: int, b: int, n: int) -> None:
    a, b = min(a, m), min(b, n)
    one, turned = newcombe(a, m, b, n), newcombe(b, n, a, m)
    assert one is not None and turned is not None
    assert -1 - 1e-9 <= one.low <= one.value <= one.high <= 1 + 1e-9
    assert one.low == pytest.approx(-turned.high) and one.high == pytest.approx(-turned.low)
