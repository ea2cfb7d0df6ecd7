"""FastStream with SQLAlchemy: batches by `batch=True`, one session and one commit a batch, acknowledged after it.

The order's id is the table's key, so what comes again is dropped; that is the job's doing, not the library's.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from typing import Any

from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker
from sqlalchemy import BigInteger, Integer, String, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bench.peers.job import Meter, arguments, changes_of, order_of

IDLE_SECONDS = 4.0
START_SECONDS = 20.0
BATCH = 500


class Base(DeclarativeBase):
    """Tables of this contestant, in the schema of the run."""


class OrderRow(Base):
    """One order."""

    __tablename__ = "orders"
    order_id: Mapped[str] = mapped_column(String, primary_key=True)
    customer: Mapped[str] = mapped_column(String, index=True)
    day: Mapped[int] = mapped_column(Integer)
    revenue: Mapped[int] = mapped_column(BigInteger)


class CustomerRow(Base):
    """Last and last but one order day of a customer."""

    __tablename__ = "customers"
    customer: Mapped[str] = mapped_column(String, primary_key=True)
    last_day: Mapped[int] = mapped_column(Integer)
    before_last: Mapped[int | None] = mapped_column(Integer)


class CounterRow(Base):
    """A signed change of a measure on a day."""

    __tablename__ = "counters"
    measure: Mapped[str] = mapped_column(String, primary_key=True)
    day: Mapped[int] = mapped_column(Integer, primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


async def handle(session: AsyncSession, events: list[dict[str, Any]]) -> None:
    """A batch: what is there of its orders and customers in two queries, the counters in one statement."""
    orders = [order_of(event) for event in events if event["type"] == "order.completed"]
    ids, names = {one.order_id for one in orders}, {one.customer for one in orders}
    seen = set(await session.scalars(select(OrderRow.order_id).where(OrderRow.order_id.in_(ids))))
    found = await session.scalars(select(CustomerRow).where(CustomerRow.customer.in_(names)).with_for_update())
    customers = {row.customer: row for row in found}
    changes: Counter[tuple[str, int]] = Counter()
    for order in orders:
        if order.order_id in seen:
            continue
        seen.add(order.order_id)
        session.add(OrderRow(**order._asdict()))
        row = customers.get(order.customer)
        last, before_last = (row.last_day, row.before_last) if row else (None, None)
        for key, by in changes_of(last, before_last, order.day, order.revenue).items():
            changes[key] += by
        if row is None:
            customers[order.customer] = row = CustomerRow(customer=order.customer, last_day=order.day)
            session.add(row)
        else:
            row.before_last, row.last_day = row.last_day, order.day
    if changes:
        rows = [{"measure": name, "day": day, "value": value} for (name, day), value in sorted(changes.items())]
        statement = insert(CounterRow).values(rows)
        counted = {"value": CounterRow.value + statement.excluded.value}
        await session.execute(statement.on_conflict_do_update(index_elements=["measure", "day"], set_=counted))


async def run() -> None:
    """Consume until the limit, or until nothing comes any more."""
    given, meter, stop, busy = arguments(__doc__), Meter(), asyncio.Event(), asyncio.Event()
    engine = create_async_engine(
        given.database.replace("postgresql://", "postgresql+asyncpg://"),
        execution_options={"schema_translate_map": {None: given.name}},
    )
    async with engine.begin() as connection:
        await connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{given.name}"')
        await connection.run_sync(Base.metadata.create_all)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    broker = KafkaBroker(given.bootstrap)

    @broker.subscriber(
        given.topic,
        group_id=given.name,
        auto_offset_reset="earliest",
        batch=True,
        max_records=BATCH,
        ack_policy=AckPolicy.NACK_ON_ERROR,
        # As short as the broker allows: a killed process is missed so much later.
        session_timeout_ms=6_000,
    )
    async def orders(events: list[dict[str, Any]]) -> None:
        meter.begin()
        busy.set()
        async with sessions() as session, session.begin():
            await handle(session, events)
        busy.clear()
        meter.add(sum(event["type"] == "order.completed" for event in events))
        if given.limit and meter.handled >= given.limit:
            stop.set()

    async with FastStreamRunning(broker):
        waited = 0.0
        while not stop.is_set() and waited < (IDLE_SECONDS if meter.started else START_SECONDS):
            handled = meter.handled
            await asyncio.sleep(0.1)
            waited = 0.0 if busy.is_set() or meter.handled > handled else waited + 0.1
    await engine.dispose()
    meter.finish()
    sys.stdout.flush()


class FastStreamRunning:
    """The application beside our waiting for its end."""

    def __init__(self, broker: KafkaBroker) -> None:
        self._app = FastStream(broker)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._app.run(log_level=40))

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._app.exit()
        await asyncio.wait_for(self._task, 30)


if __name__ == "__main__":
    asyncio.run(run())
