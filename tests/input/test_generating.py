"""Generated streams: the same for a seed, dirty in every way they should be, and true to their facts."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from mandegar.generating import Fact, Settings, Stream, generate
from mandegar.generating.plots import PLOTS
from mandegar.generating.writing import write
from mandegar.recount import ShopRules, purchases_of_events

NOW = datetime(2020, 1, 1, tzinfo=UTC)
SETTINGS = Settings(customers=600, days=400, seed=11, bad=36)


@pytest.fixture(scope="module")
def stream() -> Stream:
    return generate(SETTINGS)


def rules(stream: Stream) -> dict[str, ShopRules]:
    return {shop.slug: ShopRules(shop.zone, shop.currency, shop.phone_prefix) for shop in stream.shops}


def decoded(stream: Stream) -> list[dict[str, object]]:
    events = []
    for line in stream.lines:
        try:
            events.append(msgspec.json.decode(line))
        except (msgspec.DecodeError, RecursionError):
            continue
    return [event for event in events if event["source"] != "bad"]


def test_a_seed_gives_the_same_bytes_and_another_seed_others(stream: Stream) -> None:
    again, other = generate(SETTINGS), generate(Settings(customers=600, days=400, seed=12, bad=36))
    assert again.lines == stream.lines
    assert again.facts == stream.facts
    assert other.lines != stream.lines


@pytest.mark.parametrize("seed", range(6))
def test_the_truth_equals_an_independent_recount_of_the_events(seed: int) -> None:
    stream = generate(Settings(customers=250, days=450, seed=seed, bad=12))
    purchases = purchases_of_events(stream.lines, rules(stream), NOW)
    counted = [fact for fact in stream.facts if fact.counted]
    assert Counter((p.shop, p.day, p.currency, p.net) for p in purchases) == Counter(
        (f.shop, f.day, f.currency, f.net) for f in counted
    )
    assert Counter(_days_by_customer(purchases)) == Counter(_days_by_customer(counted))


def _days_by_customer(orders: list[Fact] | list[object]) -> list[tuple[date, ...]]:
    days: dict[tuple[str, str], list[date]] = defaultdict(list)
    for order in orders:
        if order.customer is not None:  # type: ignore[attr-defined] # purchases and facts both have it
            days[order.shop, order.customer].append(order.day)  # type: ignore[attr-defined] # the same
    return [(key[0], *sorted(of)) for key, of in days.items()]  # type: ignore[misc] # only compared


def test_every_plot_is_played(stream: Stream) -> None:
    assert {plot.__name__ for plot in PLOTS} == {fact.plot for fact in stream.facts}


def test_events_come_doubled_late_and_out_of_order(stream: Stream) -> None:
    events = decoded(stream)
    ids = Counter((event["shop"], event["id"]) for event in events)
    assert max(ids.values()) >= 2
    times = [datetime.fromisoformat(str(event["time"])) for event in events]
    behind = [max(times[: at + 1]) - time for at, time in enumerate(times)]
    assert sum(lag > timedelta(days=60) for lag in behind) > len(events) // 100
    seen: set[tuple[object, str]] = set()
    early = 0
    for event in events:
        order = (event["shop"], str(event["data"]["order_id"]))  # type: ignore[index] # a raw event
        kind = str(event["type"]).strip().lower()
        early += kind == "order refunded" and order not in seen
        if kind == "order completed":
            seen.add(order)
    assert early > 10


def test_two_shops_use_the_same_order_event_and_customer_ids(stream: Stream) -> None:
    by_shop: dict[object, set[object]] = defaultdict(set)
    for event in decoded(stream):
        by_shop[event["shop"]].add(event["id"])
    assert len(by_shop["cairo-crafts"] & by_shop["beirut-bakery"]) > 50


def test_there_are_orders_on_days_whose_midnight_does_not_exist(stream: Stream) -> None:
    missing = {
        (shop.slug, date(2014, 1, 1) + timedelta(days=step))
        for shop in stream.shops
        for step in range(400)
        if not _has_midnight(shop.zone, date(2014, 1, 1) + timedelta(days=step))
    }
    assert {slug for slug, _ in missing} == {"tehran-books", "cairo-crafts", "beirut-bakery"}
    assert {(fact.shop, fact.day) for fact in stream.facts} >= missing


def _has_midnight(zone: str, day: date) -> bool:
    wall = datetime.combine(day, datetime.min.time(), ZoneInfo(zone))
    return wall.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall.replace(tzinfo=None)


def test_guests_free_orders_same_days_and_every_currency_occur(stream: Stream) -> None:
    facts = stream.facts
    assert any(fact.customer is None and fact.counted for fact in facts)
    assert any(fact.revenue == 0 and fact.counted for fact in facts)
    assert {fact.currency for fact in facts} == {"IRR", "EGP", "USD", "EUR", "KWD"}
    assert max(Counter((f.shop, f.customer, f.day) for f in facts if f.customer).values()) > 1


def test_bad_lines_touch_no_order_of_the_truth(stream: Stream) -> None:
    clean = generate(Settings(customers=600, days=400, seed=11))
    assert clean.facts == stream.facts
    assert len(stream.lines) == len(clean.lines) + 36


def test_the_stream_its_truth_and_its_shops_are_written_as_json_lines(tmp_path: Path, stream: Stream) -> None:
    write(stream, tmp_path / "s.jsonl", tmp_path / "t.jsonl", tmp_path / "shops.jsonl")
    assert (tmp_path / "s.jsonl").read_bytes().splitlines() == stream.lines
    facts = [msgspec.json.decode(line, type=Fact) for line in (tmp_path / "t.jsonl").read_bytes().splitlines()]
    assert facts == stream.facts
    assert len((tmp_path / "shops.jsonl").read_bytes().splitlines()) == 5


@pytest.mark.parametrize("wrong", [{"customers": 0}, {"days": 0}, {"shops": 7}])
def test_settings_that_no_stream_can_have_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least"):
        generate(Settings(**{"customers": 1, "days": 1, "seed": 0, **wrong}))
