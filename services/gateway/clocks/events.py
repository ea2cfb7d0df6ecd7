"""Contracts to domain and back: Clock Advanced as shops' replays send it, `clock.advanced` as others hear it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import cast

from services.gateway.clocks.domain import Origin, Step, Told
from shared.contracts.envelope import message_key
from shared.contracts.orders import Clock, ClockAdvanced
from shared.contracts.raw_orders import RawClockEvent
from shared.contracts.shops import Shop
from shared.kernel import derive_event_id, moment_of, us_of
from shared.messaging.handling import Delivery
from shared.messaging.partitioning import partition_of

SOURCE = "mandegar/gateway"


def told(delivery: Delivery[RawClockEvent]) -> Told:
    """What the event says, not checked yet."""
    event = delivery.event
    return Told(event.data.until, cast(Origin, event.origin), event.data.partitions)


def received(delivery: Delivery[RawClockEvent]) -> datetime:
    """The broker's append time."""
    return moment_of(delivery.timestamp_ms * 1000)


def clock_advanced(shop: Shop, step: Step, partitions: int) -> Iterator[tuple[bytes, ClockAdvanced]]:
    """One event for each partition of `orders.v1`, under a key that leads there.

    Ids differ by partition, since every service drops a second event of one id. They and the content follow from the
    shop, the instant and the partition alone, so that whoever sends one again sends the same.
    """
    us = us_of(step.until)
    for partition in range(partitions):
        yield (
            clock_key(shop.slug, partition, partitions),
            ClockAdvanced(
                id=derive_event_id(us // 1000, shop.slug, f"clock/{us}/{partition}/{partitions}", "clock.advanced"),
                source=SOURCE,
                subject=shop.slug,
                time=step.until,
                shop=shop.slug,
                origin=step.origin,
                data=Clock(until=step.until),
            ),
        )


@lru_cache(maxsize=65_536)
def clock_key(slug: str, partition: int, partitions: int) -> bytes:
    """The first of the keys `shop:clock/0`, `shop:clock/1`, … that the partitioner of the relay sends there."""
    number = 0
    while True:  # each of them leads anywhere with equal chance: it ends after `partitions` on the average
        key = message_key(slug, f"clock/{number}")
        if partition_of(key, partitions) == partition:
            return key
        number += 1
