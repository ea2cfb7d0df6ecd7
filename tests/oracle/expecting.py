"""What must stand in the end for a stream between services: every customer's changes of stage, and the stage counts."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from mandegar.generating import Inside
from mandegar.recount import ShopRules
from mandegar.recount.freezing import frozen_as_it_came
from mandegar.recount.stages import Change, StageRules, changes_of, stage_at
from shared.contracts.envelope import message_key
from shared.messaging.partitioning import partition_of

NOW = datetime(2020, 1, 1, tzinfo=UTC)


def expected_of(stream: Inside, slug: str, rules: StageRules, *, partitions: int = 12) -> dict[str, list[Change]]:
    """The changes that stand of each customer of a shop on the stream clock, by surrogate.

    Judged up to the last clock of the stream, which must have clocks. A customer without any counted order has none.
    """
    shop = next(shop for shop in stream.shops if shop.slug == slug)
    own = ShopRules(shop.zone, shop.currency, shop.phone_prefix)
    arrived = [
        (entry.partition, entry.value)
        for entry in stream.entries
        if entry.topic == "orders.v1" and json.loads(entry.value)["shop"] == slug
    ]

    def place(customer: str) -> int:
        return partition_of(message_key(slug, customer), partitions)

    frozen = frozen_as_it_came(arrived, slug, own, rules.quantile, partition_of=place, now=NOW)
    untils = [
        datetime.fromisoformat(event["data"]["until"])
        for _, value in arrived
        if (event := json.loads(value))["type"] == "clock.advanced"
    ]
    end = max(untils).astimezone(ZoneInfo(shop.zone)).date().toordinal()
    orders: dict[str, list[int]] = defaultdict(list)
    visits: dict[str, set[int]] = defaultdict(set)
    for fact in stream.facts:
        if fact.shop == slug and fact.counted and fact.customer and fact.day:
            orders[fact.customer].append(fact.day.toordinal())
    for visit in stream.visits:
        if visit.shop == slug:
            visits[visit.customer].add(visit.day.toordinal())
    return {
        customer: changes_of(days, visits[customer], rules, frozen.get(place(customer), {}), end)
        for customer, days in orders.items()
    }


def stages_on(changes: Mapping[str, list[Change]], day: int) -> Counter[str]:
    """How many customers were in each stage at the end of a day; prospects are not counted."""
    counts = Counter(stage_at(own, day) for own in changes.values())
    del counts["prospect"]
    return counts
