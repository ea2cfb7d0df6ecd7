"""Points the plain way: aiokafka and SQLAlchemy as their documents show, one event, one session, one commit, one event.

It does the same main job: a pair of entries, the balance of the customer, and an event that tells of it, sent once the
transaction has committed. It commits the Kafka offset in the background, as the library does by default. It keeps no
lots, no programme, no hashes, no outbox and no processed ids, and takes no refunds: a crash between commit and event
loses the event. It is given every advantage that leaving those out brings.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from sqlalchemy import BigInteger, Integer, MetaData, String, func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

CENTS_A_POINT = 100
ISSUED = "issued"


class Base(DeclarativeBase):
    """Tables of the plain consumer, in the schema `plain`."""

    metadata = MetaData(schema="plain")


class EntryRow(Base):
    """One side of a posting: what leaves an account is negative. The two of an order come to nothing."""

    __tablename__ = "entries"
    order_id: Mapped[str] = mapped_column(String, primary_key=True)
    account: Mapped[str] = mapped_column(String, primary_key=True, index=True)
    points: Mapped[int] = mapped_column(Integer)


class BalanceRow(Base):
    """What a customer has."""

    __tablename__ = "balances"
    customer: Mapped[str] = mapped_column(String, primary_key=True)
    points: Mapped[int] = mapped_column(BigInteger)


async def handle(sessions: async_sessionmaker[AsyncSession], value: bytes) -> dict[str, Any] | None:
    """One event, one transaction. Gives the event to be sent; None when the order was known."""
    event = json.loads(value)
    data = event["data"]
    customer, order = data["customer"], data["order_id"]
    points = data["revenue"] // CENTS_A_POINT
    async with sessions() as session, session.begin():
        if await session.get(EntryRow, (order, customer)) is not None:
            return None
        session.add(EntryRow(order_id=order, account=ISSUED, points=-points))
        session.add(EntryRow(order_id=order, account=customer, points=points))
        row = await session.get(BalanceRow, customer, with_for_update=True)
        if row is None:
            row = BalanceRow(customer=customer, points=0)
            session.add(row)
        row.points = balance = row.points + points
    change = {
        "customer": customer,
        "points": points,
        "balance": {"active": balance},
        "source": {"kind": "order", "id": order},
    }
    return {
        "id": f"points:{event['id']}",
        "type": "points.earned",
        "shop": event["shop"],
        "time": event["time"],
        "data": change,
    }


async def make_tables(engine: AsyncEngine) -> None:
    """Empty ones."""
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DROP SCHEMA IF EXISTS plain CASCADE")
        await connection.exec_driver_sql("CREATE SCHEMA plain")
        await connection.run_sync(Base.metadata.create_all)


async def standing(sessions: async_sessionmaker[AsyncSession]) -> dict[str, int]:
    """What the tables hold, to be compared with what was told."""
    async with sessions() as session:
        entries = await session.scalar(select(func.count()).select_from(EntryRow))
        rest = await session.scalar(select(func.sum(EntryRow.points)))
        points = await session.scalar(select(func.sum(BalanceRow.points)))
    return {"entries": entries or 0, "rest": rest or 0, "points": int(points or 0)}


async def run(bootstrap: str, database: str, topic: str, told: str, limit: int) -> dict[str, float]:
    """Consume `limit` orders and tell of each on the topic `told`."""
    engine = create_async_engine(database.replace("postgresql://", "postgresql+asyncpg://"))
    await make_tables(engine)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=f"plain-{time.monotonic_ns()}", auto_offset_reset="earliest"
    )
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await consumer.start()
    await producer.start()
    done, started = 0, 0.0
    try:
        async for record in consumer:
            started = started or time.perf_counter()
            if b'"order.completed"' not in record.value[:40]:
                continue  # that a day has begun concerns nobody here
            event = await handle(sessions, record.value)
            if event is not None:
                key = event["data"]["customer"].encode()
                await producer.send_and_wait(told, json.dumps(event).encode(), key=key)
            done += 1
            if done >= limit:
                break
        seconds = time.perf_counter() - started
    finally:
        await consumer.stop()
        await producer.stop()
    found = await standing(sessions)
    await engine.dispose()
    return {"events": done, "seconds": seconds, **found}


def main() -> None:
    """Entry of the subprocess: prints one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("bootstrap", "database", "topic", "told"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--limit", type=int, required=True)
    given = parser.parse_args()
    json.dump(asyncio.run(run(given.bootstrap, given.database, given.topic, given.told, given.limit)), sys.stdout)


if __name__ == "__main__":
    main()
