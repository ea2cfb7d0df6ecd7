"""The stream that every contestant reads: orders of known customers, made once from a seed and produced to Kafka.

It has the shape of the published measurements: about 250 bytes of JSON a message, ten orders a customer on the
average, two years, lz4, keyed by customer.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from aiokafka import AIOKafkaProducer
from numpy.typing import NDArray

from shared.contracts.envelope import ENCODER, message_key
from shared.contracts.orders import Clock, ClockAdvanced, Order, OrderCompleted
from shared.kernel import CustomerId, customer_id_text, derive_event_id

SHOP = "bench"
FIRST_DAY = datetime(2023, 1, 1, tzinfo=UTC)
DAYS = 730


@dataclass(frozen=True)
class Stream:
    """Arrays of one row an order, in stream order (by instant): customer number, day ordinal, revenue in cents."""

    customer: NDArray[np.int64]
    seconds: NDArray[np.int64]
    revenue: NDArray[np.int64]

    @property
    def day(self) -> NDArray[np.int64]:
        return FIRST_DAY.toordinal() + self.seconds // 86400

    def __len__(self) -> int:
        return len(self.customer)


def make_stream(orders: int, customers: int, seed: int = 1) -> Stream:
    """`orders` orders of `customers` customers over two years. Activity differs: a few buy often, most seldom."""
    rng = np.random.default_rng(seed)
    weight = rng.gamma(0.8, 1.0, customers)
    customer = rng.choice(customers, size=orders, p=weight / weight.sum()).astype(np.int64)
    seconds = np.sort(rng.integers(0, DAYS * 86400, orders))
    return Stream(customer, seconds, rng.integers(500, 50_000, orders))


def last_day() -> int:
    """The day that has begun when all has come: nothing of the stream is of it."""
    return FIRST_DAY.toordinal() + DAYS


def tick(day: int, partition: int) -> tuple[bytes, bytes]:
    """Key and value of the event that tells a partition that a day of the stream (from 1) has begun."""
    until = FIRST_DAY + timedelta(days=day)
    event = ClockAdvanced(
        id=derive_event_id(int(until.timestamp() * 1000), SHOP, f"bench:{partition}", "clock.advanced"),
        source="mandegar/gateway",
        subject=SHOP,
        time=until,
        shop=SHOP,
        data=Clock(until=until),
    )
    return message_key(SHOP, ""), ENCODER.encode(event)


def surrogate(number: int) -> CustomerId:
    """The surrogate id of a customer number: spread over the whole range, as random ids are."""
    return CustomerId((number + 1) * 0x9E3779B97F4A7C15 % ((1 << 62) - 1) + 1)


def encoded(stream: Stream, at: int, names: list[str]) -> tuple[bytes, bytes]:
    """Key and value of one order."""
    occurred = FIRST_DAY + timedelta(seconds=int(stream.seconds[at]))
    name = names[int(stream.customer[at])]
    order = f"o{at}"
    event = OrderCompleted(
        id=derive_event_id(int(occurred.timestamp() * 1000), SHOP, order, "order.completed"),
        source="mandegar/gateway",
        subject=order,
        time=occurred,
        shop=SHOP,
        receivedat=occurred,
        data=Order(order_id=order, customer=name, currency="EUR", revenue=int(stream.revenue[at])),
    )
    return message_key(SHOP, name), ENCODER.encode(event)


def _repeats(orders: int, share: float) -> dict[int, list[int]]:
    """After which order which earlier ones come again."""
    rng = np.random.default_rng(2)
    chosen = np.flatnonzero(rng.random(orders) < share)
    after = np.minimum(chosen + rng.integers(1, 400, len(chosen)), orders - 1)
    found: dict[int, list[int]] = {}
    for at, order in zip(after.tolist(), chosen.tolist(), strict=True):
        found.setdefault(at, []).append(order)
    return found


async def produce(bootstrap: str, topic: str, partitions: int, stream: Stream, *, doubled: float = 0.0) -> int:
    """Write the stream to a topic; all orders of a customer to one partition, and to each that a day has begun.

    Gives how many of those there are: after each day, in each partition. `doubled`: the share of orders that come
    again, some hundreds of orders later, as a producer that lost an acknowledgement sends them.
    """
    names = [customer_id_text(surrogate(number)) for number in range(int(stream.customer.max()) + 1)]
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, compression_type="lz4", linger_ms=20, acks="all")
    await producer.start()
    try:
        builders = [producer.create_batch() for _ in range(partitions)]

        async def append(partition: int, key: bytes, value: bytes) -> None:
            if builders[partition].append(key=key, value=value, timestamp=None) is None:
                await producer.send_batch(builders[partition], topic, partition=partition)
                builders[partition] = producer.create_batch()
                builders[partition].append(key=key, value=value, timestamp=None)

        again = _repeats(len(stream), doubled)
        begun = 0
        days = (stream.seconds // 86400).tolist()
        for at, day in enumerate(days):
            while begun < day:
                begun += 1
                for partition in range(partitions):
                    await append(partition, *tick(begun, partition))
            for order in (at, *again.get(at, ())):
                await append(int(stream.customer[order]) % partitions, *encoded(stream, order, names))
            if at % 10_000 == 0:
                await asyncio.sleep(0)
        while begun < DAYS:
            begun += 1
            for partition in range(partitions):
                await append(partition, *tick(begun, partition))
        for partition, builder in enumerate(builders):
            if builder.record_count():
                await producer.send_batch(builder, topic, partition=partition)
        await producer.flush()
    finally:
        await producer.stop()
    return DAYS * partitions
