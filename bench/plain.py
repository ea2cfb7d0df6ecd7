"""The plain peer: aiokafka and SQLAlchemy as their documents show, one event, one session, one commit.

It does the same main job (order facts, customer state, day counters for held and repeat customers of four windows,
orders and revenue by day) and commits the Kafka offset in the background, as the library does by default. It keeps
no processed ids, no fence, no refunds: it is given every advantage that leaving those out brings.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from datetime import datetime

from aiokafka import AIOKafkaConsumer
from sqlalchemy import BigInteger, Integer, MetaData, String, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bench.peers.job import changes_of


class Base(DeclarativeBase):
    """Tables of the plain consumer, in the schema `plain`."""

    metadata = MetaData(schema="plain")


class OrderRow(Base):
    """One order."""

    __tablename__ = "orders"
    order_id: Mapped[str] = mapped_column(String, primary_key=True)
    customer: Mapped[str] = mapped_column(String, index=True)
    day: Mapped[int] = mapped_column(Integer)
    revenue: Mapped[int] = mapped_column(BigInteger)


class CustomerRow(Base):
    """What is known of a customer: first, last and last but one order day."""

    __tablename__ = "customers"
    customer: Mapped[str] = mapped_column(String, primary_key=True)
    first_day: Mapped[int] = mapped_column(Integer)
    last_day: Mapped[int] = mapped_column(Integer)
    before_last: Mapped[int | None] = mapped_column(Integer)


class CounterRow(Base):
    """A signed change of a measure on a day."""

    __tablename__ = "counters"
    measure: Mapped[str] = mapped_column(String, primary_key=True)
    day: Mapped[int] = mapped_column(Integer, primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


async def add(session: AsyncSession, changes: dict[tuple[str, int], int]) -> None:
    """Add the changes to the counters in one statement."""
    rows = [{"measure": measure, "day": day, "value": value} for (measure, day), value in sorted(changes.items())]
    statement = insert(CounterRow).values(rows)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["measure", "day"], set_={"value": CounterRow.value + statement.excluded.value}
        )
    )


async def handle(sessions: async_sessionmaker[AsyncSession], value: bytes) -> None:
    """One event, one transaction."""
    event = json.loads(value)
    data = event["data"]
    day = datetime.fromisoformat(event["time"]).toordinal()
    async with sessions() as session, session.begin():
        if await session.get(OrderRow, data["order_id"]) is not None:
            return
        session.add(OrderRow(order_id=data["order_id"], customer=data["customer"], day=day, revenue=data["revenue"]))
        row = await session.get(CustomerRow, data["customer"], with_for_update=True)
        last, before_last = (row.last_day, row.before_last) if row else (None, None)
        await add(session, changes_of(last, before_last, day, data["revenue"]))
        if row is None:
            session.add(CustomerRow(customer=data["customer"], first_day=day, last_day=day))
        else:
            row.before_last, row.last_day = row.last_day, day


async def run(bootstrap: str, database: str, topic: str, limit: int) -> dict[str, float]:
    """Consume `limit` events; returns the rate and the figures on the last day for verification."""
    engine = create_async_engine(database.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DROP SCHEMA IF EXISTS plain CASCADE")
        await connection.exec_driver_sql("CREATE SCHEMA plain")
        await connection.run_sync(Base.metadata.create_all)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=f"plain-{time.monotonic_ns()}", auto_offset_reset="earliest"
    )
    await consumer.start()
    done, started = 0, 0.0
    try:
        async for record in consumer:
            started = started or time.perf_counter()
            if b'"order.completed"' not in record.value[:40]:
                continue  # that a day has begun concerns nobody here
            await handle(sessions, record.value)
            done += 1
            if done >= limit:
                break
        seconds = time.perf_counter() - started
    finally:
        await consumer.stop()
    async with sessions() as session:
        orders = await session.scalar(select(func.count()).select_from(OrderRow))
        counted = await session.scalar(select(func.sum(CounterRow.value)).where(CounterRow.measure == "orders"))
    await engine.dispose()
    return {"events": done, "seconds": seconds, "orders": float(orders or 0), "counted": float(counted or 0)}


def main() -> None:
    """Entry of the subprocess: prints one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("bootstrap", "database", "topic"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--limit", type=int, required=True)
    given = parser.parse_args()
    json.dump(asyncio.run(run(given.bootstrap, given.database, given.topic, given.limit)), sys.stdout)


if __name__ == "__main__":
    main()
