"""What an order costs the handler of metrics, in microseconds by step: `python -m bench.metrics_handler URL`.

Runs the handler alone, on decoded events, in transactions of its own on an empty database that it makes and drops.
What the runtime adds (fetch, decode, fence, ids) is not in the figures; the commit is. Beside the time on the clock
stands the processors' own, of this process and of PostgreSQL's backend: it hardly minds what else the machine does.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import msgspec
import numpy as np

from services.metrics import counters
from services.metrics.cohorts.domain import booked as booked_cohorts
from services.metrics.cohorts.domain import counting as cohorts
from services.metrics.lifecycle import consumer as lifecycle
from services.metrics.lifecycle import jobs, telling
from services.metrics.lifecycle.telling import LIFECYCLE_TIMER
from services.metrics.orders import consumer
from services.metrics.orders.store import customers, facts, past
from services.metrics.retention.domain import booked as booked_retention
from services.metrics.retention.domain import counting as retention
from shared.clocks import ShopsOwnClock
from shared.contracts.orders import Clock, ClockAdvanced, Order, OrderCompleted, OrdersEvent
from shared.contracts.shops import Lifecycle, Shop
from shared.db.engine import server_settings
from shared.db.transaction import OpenTransaction
from shared.kernel import CustomerId, customer_id_text, derive_event_id
from shared.messaging.chores import DueTimers, FiringSize
from shared.messaging.handling import Delivery
from shared.messaging.reference import write_shops
from shared.testing import Databases

START = datetime(2024, 1, 1, tzinfo=UTC)


class Shape(NamedTuple):
    """What is asked for."""

    orders: int
    customers: int
    days: int
    shop: Shop


class Spent(NamedTuple):
    """Seconds: on the clock, of this process, of the backend (where it runs on this machine, else 0)."""

    clock: float
    client: float
    backend: float

    def since(self, before: Spent) -> Spent:
        return Spent(*(now - then for now, then in zip(self, before, strict=True)))

    def plus(self, other: Spent) -> Spent:
        return Spent(*(one + more for one, more in zip(self, other, strict=True)))


class Steps:
    """Time by step, of functions that are called through it."""

    def __init__(self) -> None:
        self.spent: dict[str, Spent] = defaultdict(lambda: Spent(0, 0, 0))
        self.backend = Path("/nowhere")
        self.changes = 0
        """Of stages, in all."""

    def now(self) -> Spent:
        """The clocks, as they stand."""
        ran = float(self.backend.read_text().split()[0]) / 1e9 if self.backend.exists() else 0.0
        return Spent(time.perf_counter(), time.process_time(), ran)

    def wrap(self, module: Any, name: str, label: str) -> None:
        """Time every call of a function of a module."""
        inner: Callable[..., Any] = getattr(module, name)

        async def timed_async(*args: Any, **kwargs: Any) -> Any:
            with self.timed(label):
                return await inner(*args, **kwargs)

        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.timed(label):
                return inner(*args, **kwargs)

        setattr(module, name, timed_async if asyncio.iscoroutinefunction(inner) else timed)

    @contextmanager
    def timed(self, label: str) -> Iterator[None]:
        """Add the block's time to a step."""
        begin = self.now()
        try:
            yield
        finally:
            self.spent[label] = self.spent[label].plus(self.now().since(begin))


class BenchWork:
    """As much of the work as the handler touches."""

    shard = 0

    def __init__(self, conn: asyncpg.Connection[Any], shop: Shop, now: datetime) -> None:
        self.tx = OpenTransaction(conn, now)
        self._shop = shop

    def shop(self, _slug: str) -> Shop:
        return self._shop

    def refuse(self, *_: object) -> None:
        raise AssertionError("nothing of the benchmark is refused")


def events(shape: Shape, seed: int = 1) -> list[bytes]:
    """Orders as they lie on the topic; with a day's beginning before its first order, where the shop goes by that."""
    orders, customers = shape.orders, shape.customers
    rng = np.random.default_rng(seed)
    names = [customer_id_text(CustomerId(int(number))) for number in rng.integers(1, 2**62, customers)]
    who = rng.integers(0, customers, orders).tolist()
    revenue = rng.integers(100, 100_000, orders).tolist()
    tails = rng.integers(0, 1 << 48, orders).tolist()
    step = timedelta(days=shape.days) / orders
    made = []
    day = START.toordinal()
    for at in range(orders):
        moment = START + at * step
        while shape.shop.clock == "stream" and day < moment.toordinal():
            day += 1
            made.append(msgspec.json.encode(_tick(datetime.fromordinal(day).replace(tzinfo=UTC))))
        event = OrderCompleted(
            id=f"018f3c6e-{at & 0xFFFF:04x}-8abc-8def-{tails[at]:012x}",
            source="mandegar/gateway",
            subject=f"o-{at:07d}",
            time=START + at * step,
            shop="demo",
            receivedat=START + at * step + timedelta(seconds=2),
            data=Order(order_id=f"o-{at:07d}", customer=names[who[at]], currency="USD", revenue=revenue[at]),
        )
        made.append(msgspec.json.encode(event))
    return made


def _tick(until: datetime) -> ClockAdvanced:
    """A day begins."""
    identity = derive_event_id(int(until.timestamp() * 1000), "demo", "bench", "clock.advanced")
    tells = {"source": "mandegar/bench", "subject": "demo", "time": until, "shop": "demo"}
    return ClockAdvanced(id=identity, **tells, data=Clock(until=until))


async def run(url: str, shop: Shop, batches: Sequence[Sequence[bytes]], steps: Steps) -> Spent:
    """Time for all batches, commits included."""
    handle = consumer.OrderConsumer(
        count=(retention.count, cohorts.count),
        follow=lifecycle.follow,
        count_booked=(booked_retention.count, booked_cohorts.count),
    )
    timers = DueTimers({LIFECYCLE_TIMER: jobs.fall_due}, ShopsOwnClock(), FiringSize(limit_max=100_000))
    decoder = msgspec.json.Decoder(OrdersEvent)
    conn = await asyncpg.connect(url, server_settings=server_settings("metrics", "bench"))
    whole = Spent(0, 0, 0)
    try:
        await conn.execute("CHECKPOINT")
        await write_shops(conn, [shop], [1])
        steps.backend = Path(f"/proc/{conn.get_server_pid()}/schedstat")
        for batch in batches:
            # Decoded just before, as the runtime does: then they are still in the processor's caches.
            deliveries = [
                Delivery(event=decoder.decode(value), topic="", partition=0, offset=0, timestamp_ms=0, value=b"")
                for value in batch
            ]
            begin = steps.now()
            transaction = conn.transaction()
            await transaction.start()
            work = BenchWork(conn, shop, max(one.event.time for one in deliveries))
            with steps.timed("timers"):
                await timers.fire(work, [0])  # type: ignore[arg-type]  # as much of it as is needed
            await handle(work, deliveries)  # type: ignore[arg-type]  # as much of it as is needed
            with steps.timed("outbox, timers set"):
                await work.tx.finish()
            with steps.timed("commit"):
                await transaction.commit()
            whole = whole.plus(steps.now().since(begin))
        steps.changes = await conn.fetchval("SELECT count(*) FROM transition")
        return whole
    finally:
        await conn.close()


def watch(steps: Steps) -> None:
    """Time the handler's parts."""
    steps.wrap(consumer, "translate", "translate")
    steps.wrap(facts, "insert", "order facts (insert)")
    steps.wrap(facts, "claim", "order facts (claim)")
    steps.wrap(facts, "lock", "order facts (lock known)")
    steps.wrap(past, "load", "what was said before (load)")
    steps.wrap(facts, "amend", "order facts (amend)")
    steps.wrap(past, "record", "what is said (record)")
    steps.wrap(consumer, "moves_of", "decide")
    steps.wrap(consumer, "owners_of", "decide")
    steps.wrap(consumer, "plan", "decide")
    steps.wrap(consumer, "decide", "decide")
    steps.wrap(customers, "claim", "customers (lock, load)")
    steps.wrap(customers, "stretches", "customers (rewind)")
    steps.wrap(customers, "save", "customers (save)")
    steps.wrap(retention, "count", "count retention")
    steps.wrap(cohorts, "count", "count cohorts")
    steps.wrap(counters, "add", "counters")
    steps.wrap(lifecycle.Following, "read_clocks", "stages (clocks)")
    steps.wrap(lifecycle.Following, "_series", "stages (figures)")
    steps.wrap(lifecycle, "thresholds_of", "stages (columns)")
    steps.wrap(lifecycle, "quiet", "stages (columns)")
    steps.wrap(lifecycle.Following, "_pass", "stages (columns)")
    steps.wrap(lifecycle.Following, "_walk", "stages (walk)")
    steps.wrap(telling.Telling, "finish", "stages (tell)")


def report(whole: Spent, steps: Steps, orders: int) -> None:
    """Print µs an order by step, the dearest first."""
    listed = sorted(steps.spent.items(), key=lambda item: -item[1].client - item[1].backend)
    rest = whole
    for _, spent in listed:
        rest = rest.since(spent)
    print(f"  {steps.changes / orders:.2f} changes of stages an order")
    print("  clock processor = client + backend, µs an order")
    for label, spent in [("all", whole), *listed, ("rest", rest)]:
        clock, client, backend = (seconds * 1_000_000 / orders for seconds in spent)
        print(f"{clock:7.2f} {client + backend:9.2f} = {client:6.2f} + {backend:7.2f}  {label}", flush=True)


async def main() -> None:
    """Run the benchmark as the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="a PostgreSQL where databases may be created")
    parser.add_argument("--orders", type=int, default=200_000)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--days", type=int, default=730, help="over which the orders come")
    parser.add_argument("--clock", choices=("stream", "wall"), default="stream")
    parser.add_argument("--lapsing-days", type=int, help="a fixed threshold; without it, personal ones")
    asked = parser.parse_args()
    lifecycle = Lifecycle()
    if asked.lapsing_days:
        lifecycle = Lifecycle(lapsing="fixed", lapsing_days=asked.lapsing_days)
    shop = Shop(number=1, slug="demo", name="Demo", clock=asked.clock, lifecycle=lifecycle)
    made = events(Shape(asked.orders, asked.customers, asked.days, shop))
    batches = [made[at : at + asked.batch] for at in range(0, len(made), asked.batch)]
    databases = Databases(asked.url)
    steps = Steps()
    watch(steps)
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # as workers do
    try:
        for _ in range(asked.rounds):
            steps.spent.clear()
            report(await run(await databases.create("metrics"), shop, batches, steps), steps, asked.orders)
    finally:
        await databases.drop_all()


if __name__ == "__main__":
    asyncio.run(main())
