"""Lift equals a recount of all runs and orders, however these come; who is merged is one; the API tells it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import pytest

from services.campaigns.results.domain import Arm, Lift, Variant, each
from services.campaigns.results.store import lift_of, variants_of
from shared.contracts.topics import CUSTOMERS, ORDERS
from shared.testing import Databases
from shared.testing.harness import Harness
from tests.campaigns.ground import OTHER, SHOP, name, told, worker
from tests.campaigns_audience.test_profiles import standing
from tests.campaigns_journeys.test_api import a_desk
from tests.campaigns_results.test_results import Sent
from tests.campaigns_results.test_results import write as write_messages
from tests.loyalty_orders.ground import START, Story, completed, refunded

JOURNEY = "winback"
CUSTOMERS_TOLD = 8
_INSERT = """
INSERT INTO journey_run (shop, id, customer, since, entered_at, changed_at, control, journey, variant, version,
                         partition, state, met, key, step, cause, trigger, context)
VALUES (1, $1, $2, $3, $3, $3, $4, $5, $6, 1, 0, 1, false, '', '', '', 'order.completed', '{}')
"""


class Entered(NamedTuple):
    """A run, as far as lift goes."""

    id: str
    customer: int
    since: datetime
    control: bool
    journey: str = JOURNEY
    variant: str = ""


def some_runs(rng: Random, count: int) -> list[Entered]:
    """Of two journeys. A customer is held out in all of their runs, or in none."""
    return [
        Entered(
            f"r-{number:03d}",
            customer := rng.randint(1, CUSTOMERS_TOLD),
            START + timedelta(hours=rng.randint(0, 1_000)),
            customer % 3 == 0,
            rng.choice((JOURNEY, JOURNEY, "other")),
            rng.choice(("", "tone:warm", "tone:warm", "tone:cold", "gift:yes")),
        )
        for number in range(count)
    ]


async def write(harness: Harness, runs: Iterable[Entered]) -> None:
    await harness.pool.executemany(_INSERT, runs)


def recount(
    runs: list[Entered], events: Iterable[Any], window: timedelta, canonical: dict[int, int] | None = None
) -> Lift | None:
    """One thing after the other, and none of the service's code."""
    joined = canonical or {}
    by_person: dict[int, list[Entered]] = defaultdict(list)
    for run in sorted(runs, key=lambda one: (one.since, one.id)):
        if run.journey == JOURNEY:
            by_person[joined.get(run.customer, run.customer)].append(run)
    numbers = {name(number): number for number in range(1, CUSTOMERS_TOLD + 1)}
    bought: dict[int, list[int]] = defaultdict(list)
    for (shop, customer), net, at in standing(events):
        person = joined.get(numbers[customer], numbers[customer])
        if shop == SHOP.number and any(run.since < at < run.since + window for run in by_person.get(person, ())):
            bought[person].append(net)
    arms = []
    for control in (False, True):
        group = [person for person, theirs in by_person.items() if theirs[0].control is control]
        nets = [net for person in group for net in bought[person]]
        arms.append(
            Arm(
                runs=sum(len(by_person[person]) for person in group),
                persons=len(group),
                converted=sum(1 for person in group if bought[person]),
                orders=len(nets),
                revenue=(("USD", sum(nets)),) if nets else (),
            )
        )
    return Lift(*arms) if arms[1].persons else None


def recount_variants(
    runs: list[Entered],
    events: Iterable[Any],
    window: timedelta,
    sent: Iterable[str] = (),
    canonical: dict[int, int] | None = None,
) -> list[Variant]:
    """Likewise. `sent`: variants of messages that were sent."""
    joined, counted = canonical or {}, Counter(sent)
    by_person: dict[int, list[Entered]] = defaultdict(list)
    for run in sorted(runs, key=lambda one: (one.since, one.id)):
        if run.journey == JOURNEY and run.variant:
            by_person[joined.get(run.customer, run.customer)].append(run)
    numbers = {name(number): number for number in range(1, CUSTOMERS_TOLD + 1)}
    bought: dict[int, list[int]] = defaultdict(list)
    for (shop, customer), net, at in standing(events):
        person = joined.get(numbers[customer], numbers[customer])
        first = by_person.get(person, [None])[0]
        if shop == SHOP.number and first is not None and first.since < at < first.since + window:
            bought[person].append(net)

    def arm(group: list[int]) -> Arm:
        nets = [net for person in group for net in bought[person]]
        runs_, converted = sum(len(by_person[person]) for person in group), sum(bool(bought[one]) for one in group)
        return Arm(runs_, len(group), converted, len(nets), (("USD", sum(nets)),) if nets else ())

    found = []
    for variant in sorted({of[0].variant for of in by_person.values() if not of[0].control}):
        split, _, way = variant.partition(":")
        treated = [one for one, of in by_person.items() if of[0].variant == variant and not of[0].control]
        held = [one for one, of in by_person.items() if of[0].variant.startswith(f"{split}:") and of[0].control]
        found.append(Variant(split, way, counted[variant], arm(treated), arm(held) if held else None))
    return found


async def counted_variants(harness: Harness, window: timedelta) -> list[Variant]:
    async with harness.pool.acquire() as conn:
        return await variants_of(conn, SHOP.number, JOURNEY, window)


async def counted(harness: Harness, window: timedelta, journey: str = JOURNEY) -> Lift | None:
    async with harness.pool.acquire() as conn:
        return await lift_of(conn, SHOP.number, journey, window)


@pytest.mark.stack
@pytest.mark.parametrize(("seed", "batch"), [(1, 1), (2, 20_000)])
async def test_lift_equals_a_recount(databases: Databases, seed: int, batch: int) -> None:
    rng = Random(seed)
    events = Story(rng, customers=CUSTOMERS_TOLD, shops=(SHOP, OTHER)).tell(90)
    runs = some_runs(rng, 30)
    async with worker(databases) as harness:
        await write(harness, runs)
        await harness.feed(ORDERS, events, batch=batch, placed="random", doubled=1.0, shuffled=60, rng=rng)
        for days in (1, 7, 30):
            window = timedelta(days=days)
            assert await counted(harness, window) == recount(runs, events, window)
            assert await counted_variants(harness, window) == recount_variants(runs, events, window)
        ways = recount_variants(runs, events, timedelta(days=30))
        assert len(ways) > 1 and any(one.difference is not None for one in ways), "worth telling"
        found = recount(runs, events, timedelta(days=30))
        assert found is not None and found.treated.orders > 5 and found.control.orders > 1, "worth telling"


@pytest.mark.stack
async def test_merged_customers_are_one_person_of_the_group_of_their_first_run(databases: Databases) -> None:
    rng = Random(5)
    events = Story(rng, customers=CUSTOMERS_TOLD, shops=(SHOP,)).tell(60)
    runs = some_runs(rng, 30)
    window = timedelta(days=7)
    async with worker(databases) as harness:
        await write(harness, runs)
        await harness.feed(ORDERS, events, placed="random")
        await harness.feed(CUSTOMERS, [told(one, 1) for one in range(1, CUSTOMERS_TOLD + 1)])
        apart = await counted(harness, window)
        assert apart == recount(runs, events, window)
        merges = [told(2, 5, "merged", canonical=1), told(6, 5, "merged", canonical=4)]  # the second: of both groups
        await harness.feed(CUSTOMERS, merges, doubled=1.0)
        merged = await counted(harness, window)
        assert merged == recount(runs, events, window, {2: 1, 6: 4}) != apart
        ways = recount_variants(runs, events, window, canonical={2: 1, 6: 4})
        assert await counted_variants(harness, window) == ways
        await harness.feed(CUSTOMERS, [told(2, 9, "unmerged"), told(6, 9, "unmerged")])
        assert await counted(harness, window) == apart


@pytest.mark.stack
async def test_an_order_counts_once_after_runs_began_and_for_nothing_once_it_is_undone(databases: Databases) -> None:
    runs = [
        Entered("r-1", 1, START, False),
        Entered("r-2", 1, START + timedelta(hours=2), False),
        Entered("r-3", 2, START, False),
        Entered("r-4", 3, START, True),
    ]
    window = timedelta(days=1)
    async with worker(databases) as harness:
        await write(harness, runs)
        entering, both = completed("a", 1, 1_000, hours=0), completed("b", 1, 2_000, hours=4)
        last, late = completed("c", 1, 4_000, hours=25.9), completed("d", 1, 8_000, hours=26)
        held_out = completed("e", 3, 500, hours=1)
        await harness.feed(ORDERS, [late, held_out, last, both, entering])
        control = Arm(1, 1, 1, 1, (("USD", 500),))
        assert await counted(harness, window) == Lift(Arm(3, 2, 1, 2, (("USD", 6_000),)), control)
        await harness.feed(ORDERS, [refunded("c", "r-1", 1_000, hours=40)], doubled=1.0)
        assert await counted(harness, window) == Lift(Arm(3, 2, 1, 2, (("USD", 5_000),)), control)
        await harness.feed(ORDERS, [refunded("b", "r-2", None, hours=41), refunded("c", "r-3", None, hours=41)])
        assert await counted(harness, window) == Lift(Arm(3, 2, 0, 0), control)


@pytest.mark.stack
async def test_each_way_of_a_split_stands_against_all_who_were_held_out_there(databases: Databases) -> None:
    runs = [
        Entered("r-1", 1, START, False, variant="tone:warm"),
        Entered("r-2", 1, START + timedelta(days=9), False, variant="tone:cold"),
        Entered("r-3", 2, START, False, variant="tone:cold"),
        Entered("r-4", 3, START, True, variant="tone:warm"),
        Entered("r-5", 4, START, True, variant="tone:cold"),
        Entered("r-6", 5, START, True),
        Entered("r-7", 6, START, False, variant="gift:yes"),
    ]
    window = timedelta(days=1)
    async with worker(databases) as harness:
        await write(harness, runs)
        sent = ("tone:warm", "tone:warm", "tone:cold", "gift:yes")
        for number, variant in enumerate(sent):
            message = Sent(f"m-{number}", 1, START, 2, "email", JOURNEY, "s", variant, False, None, frozenset())
            await write_messages(harness, [message, message._replace(id=f"t-{number}", test=True)])
        orders = [completed("a", 1, 1_000, hours=4), completed("b", 1, 500, hours=9 * 24 + 1)]
        await harness.feed(ORDERS, [*orders, completed("c", 3, 2_000, hours=1)], doubled=1.0)
        found = await counted_variants(harness, window)
        held = Arm(2, 2, 1, 1, (("USD", 2_000),))
        assert found == [
            Variant("gift", "yes", 1, Arm(1, 1), None),
            Variant("tone", "cold", 1, Arm(1, 1), held),
            Variant("tone", "warm", 2, Arm(2, 1, 1, 1, (("USD", 1_000),)), held),
        ]
        assert found == recount_variants(runs, [*orders, completed("c", 3, 2_000, hours=1)], window, sent)
        apart = found[2].difference
        assert found[0].difference is None and apart is not None and apart.value == 0.5 and apart.low < 0 < apart.high


@pytest.mark.stack
async def test_without_a_control_group_there_is_no_lift(databases: Databases) -> None:
    async with worker(databases) as harness:
        assert await counted(harness, timedelta(days=7)) is None
        await write(harness, [Entered("r-1", 1, START, False), Entered("r-2", 2, START, True, "other")])
        assert await counted(harness, timedelta(days=7)) is None
        other = await counted(harness, timedelta(days=7), "other")
        assert other == Lift(Arm(), Arm(1, 1)) and other.difference is None


@pytest.mark.stack
async def test_the_api_tells_the_lift_of_its_own_shop_before_anything_was_sent(databases: Databases) -> None:
    async with a_desk(databases) as desk:
        ways = ("tone:warm", "tone:cold")
        await write(desk.ground.harness, [Entered(f"r-{n}", n, START, n == 3, variant=ways[n // 2]) for n in (1, 3)])
        await desk.ground.harness.feed(ORDERS, [completed("a", 1, 1_000, hours=4)])

        async def ask(shop: str) -> Any:
            headers = {"Authorization": f"Bearer {desk.keys[shop]}"}
            return await desk.http.get(f"/v1/campaigns/{JOURNEY}/results", headers=headers)

        found = (await ask("laleh")).json()
        assert found["steps"] == [] and found["lift"]["control"]["converted"] == 0
        treated = found["lift"]["treated"]
        assert (treated["runs"], treated["persons"], treated["converted"], treated["orders"]) == (1, 1, 1, 1)
        assert treated["revenue"] == [{"amount": 1_000, "currency": "USD", "per_person": 1_000.0}]
        assert found["lift"]["difference"]["difference"] == 1.0
        (way,) = found["variants"]
        assert (way["split"], way["variant"], way["sent"], way["treated"]["converted"]) == ("tone", "warm", 0, 1)
        assert way["control"]["persons"] == 1 and way["difference"]["difference"] == 1.0
        assert (await ask("sib")).status_code == 404


def test_the_difference_is_of_persons_and_as_published() -> None:
    found = Lift(Arm(runs=99, persons=70, converted=56), Arm(runs=99, persons=80, converted=48)).difference
    assert found is not None and (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)
    assert each(1_000, 3) == 333.33
