"""Streams of events between services: true to their facts, received when they say, and parted by clocks."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from mandegar.generating import Inside, Settings, Stream, generate, generate_inside
from mandegar.recount import ShopRules, account_of_events
from mandegar.recount.calendars import next_month
from mandegar.recount.measures import CohortCell
from shared.contracts.envelope import message_key
from shared.messaging.partitioning import partition_of

NOW = datetime(2020, 1, 1, tzinfo=UTC)
EDGES = (30, 60, 120)
DIRTY = Settings(customers=240, days=420, seed=8, shops=6, edges=EDGES)
ORDERLY = Settings(customers=60, days=120, seed=9, shops=6, edges=EDGES, in_order=True)


def rules(stream: Inside | Stream) -> dict[str, ShopRules]:
    return {shop.slug: ShopRules(shop.zone, shop.currency, shop.phone_prefix) for shop in stream.shops}


def orders_of(stream: Inside) -> list[bytes]:
    return [entry.value for entry in stream.entries if entry.topic == "orders.v1"]


@pytest.fixture(scope="module")
def dirty() -> Inside:
    return generate_inside(DIRTY, visits=3)


@pytest.fixture(scope="module")
def orderly() -> Inside:
    return generate_inside(ORDERLY, visits=3, clock=True, tail_days=40)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("in_order", [False, True])
def test_the_truth_equals_an_independent_recount_of_the_events(seed: int, in_order: bool) -> None:
    settings = Settings(customers=150, days=300, seed=seed, shops=6, edges=EDGES, in_order=in_order)
    stream = generate_inside(settings, visits=1, clock=in_order)
    purchases = account_of_events(orders_of(stream), rules(stream), NOW).purchases
    assert Counter((p.shop, p.customer, p.day, p.currency, p.net) for p in purchases) == Counter(
        (f.shop, f.customer, f.day, f.currency, f.net) for f in stream.facts if f.counted
    )


def test_raw_events_that_tell_their_receipt_come_to_the_same_facts() -> None:
    plain = generate(Settings(customers=100, days=300, seed=4, shops=6))
    told = generate(Settings(customers=100, days=300, seed=4, shops=6, received=True))
    assert told.facts == plain.facts
    assert len(told.lines) == len(plain.lines)
    account = account_of_events(told.lines, rules(told), NOW)
    assert account.purchases == account_of_events(plain.lines, rules(plain), NOW).purchases
    by_id: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    for line in told.lines:
        event = json.loads(line)
        assert datetime.fromisoformat(event["receivedat"]) >= datetime.fromisoformat(event["time"]) - timedelta(
            milliseconds=1
        )
        by_id[event["shop"], event["id"]].add(line)
    assert {len(lines) for lines in by_id.values()} == {1}  # a repetition is the same to the byte


def test_events_are_received_months_later_and_after_their_month_has_closed(dirty: Inside) -> None:
    late = closed = doubled = 0
    seen = set()
    for entry in dirty.entries:
        event = json.loads(entry.value)
        occurred, received = (datetime.fromisoformat(event[name]) for name in ("time", "receivedat"))
        late += received - occurred > timedelta(days=60)
        closed += received.date() > next_month(occurred.date(), "gregorian") + timedelta(days=2)
        doubled += event["id"] in seen
        seen.add(event["id"])
    assert min(late, closed, doubled) > 10


def test_books_and_restated_facts_differ_and_agree_in_the_end(dirty: Inside) -> None:
    account = account_of_events(orders_of(dirty), rules(dirty), NOW)
    assert sum(spell.end is not None for spell in account.books.spells) > 30
    assert sum(spell.end is None for spell in account.books.spells) == len(account.purchases)
    by_currency: Counter[tuple[str, str]] = Counter()
    for posting in account.books.postings:
        by_currency[posting.shop, posting.currency] += posting.revenue
    for purchase in account.purchases:
        by_currency[purchase.shop, purchase.currency] -= purchase.net
    assert not any(by_currency.values())


@pytest.mark.parametrize("seed", range(3))
def test_what_stands_in_a_closed_month_never_changes(seed: int) -> None:
    stream = generate_inside(Settings(customers=80, days=240, seed=seed, shops=2))
    received = sorted({entry.received for entry in stream.entries})
    whole = account_of_events(orders_of(stream), rules(stream), NOW).books
    for share in (4, 2):
        instant = received[len(received) // share]
        known = [line for line in orders_of(stream) if datetime.fromisoformat(json.loads(line)["receivedat"]) < instant]
        early = account_of_events(known, rules(stream), NOW).books
        for shop in stream.shops:
            today = instant.astimezone(ZoneInfo(shop.zone)).date()
            closed = (today - timedelta(days=4)).replace(day=1) - timedelta(days=1)  # of the last month surely closed
            for step in range(0, 120, 7):
                day = closed - timedelta(days=step)
                assert early.alive(shop.slug, day) == whole.alive(shop.slug, day)
                assert sum(p.revenue for p in early.postings if p.shop == shop.slug and p.day == day) == sum(
                    p.revenue for p in whole.postings if p.shop == shop.slug and p.day == day
                )
            cells, later = (
                {
                    cell
                    for currency in {posting.currency for posting in books.postings}
                    for cell in books.cohorts(shop.slug, today, currency=currency)
                    if last_day(cell) <= closed
                }
                for books in (early, whole)
            )
            assert cells == later
            assert len(cells) > 3
        assert early.spells != whole.spells


def last_day(cell: CohortCell) -> date:
    """The last day of the month of a cell."""
    month = cell.cohort
    for _ in range(cell.months_since + 1):
        month = next_month(month, "gregorian")
    return month - timedelta(days=1)


def test_some_customers_lose_their_only_order(dirty: Inside) -> None:
    orders = Counter((fact.shop, fact.customer) for fact in dirty.facts if fact.customer)
    alone = [f for f in dirty.facts if f.customer and orders[f.shop, f.customer] == 1 and f.day and not f.counted]
    assert len(alone) >= 5


def test_many_orders_fall_on_the_days_on_which_something_is_due(dirty: Inside) -> None:
    days: dict[tuple[str, str], set[date]] = defaultdict(set)
    for fact in dirty.facts:
        if fact.customer and fact.day and fact.counted:
            days[fact.shop, fact.customer].add(fact.day)
    gaps = Counter((after - before).days for own in days.values() for before, after in pairwise(sorted(own)))
    assert all(sum(gaps[edge + beside] for edge in EDGES) for beside in (-1, 1))
    assert min(gaps[edge] for edge in EDGES) >= 5


def test_visits_are_those_of_the_truth(dirty: Inside) -> None:
    zones = {shop.slug: ZoneInfo(shop.zone) for shop in dirty.shops}
    told = {
        (event["shop"], event["data"]["customer"], _instant(event["time"]).astimezone(zones[event["shop"]]).date())
        for entry in dirty.entries
        if entry.topic == "interactions.v1"
        for event in [json.loads(entry.value)]
    }  # fmt: skip
    assert told == {tuple(visit) for visit in dirty.visits}
    assert len(told) > 200


def test_a_marker_parts_what_occurred_before_it_from_what_did_not(orderly: Inside) -> None:
    until: dict[tuple[str, int], datetime] = {}
    counts: Counter[tuple[str, int]] = Counter()
    last = max(datetime.fromisoformat(json.loads(e.value)["time"]) for e in orderly.entries if e.topic != "orders.v1")
    for entry in orderly.entries:
        event = json.loads(entry.value)
        place = event["shop"], entry.partition
        if event["type"] == "clock.advanced":
            counts[place] += 1
            until[place] = max(until.get(place, datetime.min.replace(tzinfo=UTC)), _instant(event["data"]["until"]))
            continue
        assert _instant(event["time"]) >= until[place]
        assert entry.partition == partition_of(entry.key, 12)
    assert len(counts) == 6 * 12
    assert min(until.values()) > last + timedelta(days=35)
    assert min(counts.values()) > 150


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_days_begin_where_the_zone_says_even_without_a_midnight() -> None:
    stream = generate_inside(Settings(customers=12, days=330, seed=1, shops=6, in_order=True), clock=True)
    zones = {shop.slug: ZoneInfo(shop.zone) for shop in stream.shops}
    odd: Counter[str] = Counter()
    for entry in stream.entries:
        event = json.loads(entry.value)
        if event["type"] == "clock.advanced" and entry.partition == 0:
            zone = zones[event["shop"]]
            begin = _instant(event["data"]["until"]).astimezone(zone)
            assert begin.date() != (_instant(event["data"]["until"]) - timedelta(seconds=1)).astimezone(zone).date()
            odd[event["shop"]] += begin.hour != 0
    assert {shop for shop, count in odd.items() if count} == {
        "tehran-books",
        "cairo-crafts",
        "beirut-bakery",
        "paulista",
    }


def test_a_seed_gives_the_same_entries(dirty: Inside) -> None:
    assert generate_inside(DIRTY, visits=3).entries == dirty.entries
    assert {entry.key for entry in dirty.entries} >= {
        message_key(fact.shop, fact.customer) for fact in dirty.facts if fact.customer
    }
