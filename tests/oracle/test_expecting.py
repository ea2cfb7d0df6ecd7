"""Figures frozen as events came, and what follows: equal to the plain way where nothing is ever taken back."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from mandegar.generating import Inside, Settings, generate_inside
from mandegar.recount import ShopRules
from mandegar.recount.freezing import frozen_as_it_came
from mandegar.recount.shops import changes_of_shop
from mandegar.recount.stages import HELD, ShopGaps, StageRules
from shared.contracts.envelope import message_key
from shared.messaging.partitioning import partition_of
from tests.oracle.expecting import expected_of, stages_on

RULES = StageRules(lost_days=60, onboarding_days=15, floor=3)
SHOP = "tehran-books"
NOW = datetime(2024, 12, 1, tzinfo=UTC)


def order(number: int, kind: str, day: int, customer: str = "c") -> tuple[int, bytes]:
    data = {"order_id": str(number), "customer": customer, "currency": "USD", "revenue": 100}
    event = {"id": f"{number}{kind}", "type": f"order.{kind}", "shop": "s", "data": data}
    return 0, json.dumps({**event, "time": f"2024-01-{day:02}T12:00:00Z"}).encode()


def clock(day: int, hour: int = 0) -> tuple[int, bytes]:
    until = f"2024-01-{day:02}T{hour:02}:00:00Z"
    return 0, json.dumps({"type": "clock.advanced", "shop": "s", "time": until, "data": {"until": until}}).encode()


def test_a_figure_is_what_was_known_when_the_day_began() -> None:
    came = [
        order(1, "completed", 1), clock(2), order(2, "completed", 4), order(2, "completed", 4), clock(5), clock(5, 9),
        order(2, "cancelled", 5), order(3, "completed", 3), clock(6), order(9, "completed", 5, "other"), clock(9),
    ]  # fmt: skip
    frozen = frozen_as_it_came(
        came, "s", ShopRules("UTC", "USD"), 80, partition_of=lambda customer: int(customer == "other"), now=NOW
    )
    first = date(2023, 12, 31).toordinal()
    assert {day - first: figure for day, figure in frozen[0].items()} == {
        2: ShopGaps(0, None, 0, None),
        5: ShopGaps(1, 3, 1, 3),
        6: ShopGaps(1, 2, 1, 2),  # the order of the 4th counts no more, and one of the 3rd came late
        9: ShopGaps(1, 2, 1, 2),
    }


def only_completions(stream: Inside) -> Inside:
    """The stream without what happens to orders later: the first completion of each order, and the clocks."""
    kept, completed = [], {}
    for entry in stream.entries:
        event = json.loads(entry.value)
        if event["type"] == "order.completed":
            place = event["shop"], event["data"]["order_id"]
            if place in completed:
                continue
            completed[place] = event
        elif event["type"] != "clock.advanced":
            continue
        kept.append(entry)
    facts = [replace(fact, counted=True) for fact in stream.facts if (fact.shop, fact.order_id) in completed]
    return Inside(kept, facts, [], stream.shops)


def test_where_nothing_is_taken_back_it_is_what_the_plain_way_counts() -> None:
    settings = Settings(customers=500, days=150, seed=2, shops=1, in_order=True, edges=(60, 15, 3, 5))
    stream = only_completions(generate_inside(settings, clock=True, tail_days=70, partitions=2))
    orders: dict[str, list[int]] = defaultdict(list)
    for fact in stream.facts:
        if fact.customer and fact.day:
            orders[fact.customer].append(fact.day.toordinal())
    untils = [json.loads(entry.value)["data"]["until"] for entry in stream.entries if b"clock.advanced" in entry.value]
    end = (datetime.fromisoformat(max(untils)) + timedelta(hours=4)).date().toordinal()
    plain = changes_of_shop(
        orders, RULES, end, partition_of=lambda customer: partition_of(message_key(SHOP, customer), 2)
    )
    expected = expected_of(stream, SHOP, RULES, partitions=2)
    assert expected == plain
    assert sum(bool(change.patience and change.patience.personal) for own in expected.values() for change in own) > 100


def test_a_dirty_stream_has_every_stage_and_held_customers_are_those_who_ordered() -> None:
    settings = Settings(customers=100, days=240, seed=6, shops=1)
    stream = generate_inside(settings, visits=2, clock=True, tail_days=30, partitions=3)
    expected = expected_of(stream, SHOP, StageRules(lost_days=60, activity="either"), partitions=3)
    first = min(fact.day for fact in stream.facts if fact.day)
    for step in range(0, 270, 9):
        day = first + timedelta(days=step)
        counts = stages_on(expected, day.toordinal())
        held = {
            fact.customer
            for fact in stream.facts
            if fact.counted and fact.customer and fact.day and day - timedelta(days=60) < fact.day <= day
        }
        assert sum(counts[stage] for stage in HELD) == len(held)
    assert {change.stage for own in expected.values() for change in own} == {*HELD, "lost"}
