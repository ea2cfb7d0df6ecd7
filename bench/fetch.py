"""The ceiling: aiokafka's `getmany` alone, with and without decoding. Nothing is kept."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.ground import PARTITIONS
from shared.contracts.orders import OrdersEvent


async def run(bootstrap: str, topic: str, limit: int, decode: bool) -> dict[str, float]:
    """Fetch `limit` records from the start of the topic; returns events and seconds."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, max_partition_fetch_bytes=4 << 20)
    await consumer.start()
    decoder = msgspec.json.Decoder(OrdersEvent)
    try:
        parts = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(parts)
        await consumer.seek_to_beginning(*parts)
        done, started = 0, time.perf_counter()
        while done < limit:
            batches = await asyncio.wait_for(consumer.getmany(timeout_ms=1000, max_records=20_000), 30)
            for records in batches.values():
                done += len(records)
                if decode:
                    for record in records:
                        decoder.decode(record.value)
        seconds = time.perf_counter() - started
    finally:
        await consumer.stop()
    return {"events": done, "seconds": seconds}


def main() -> None:
    """Entry of the subprocess: prints one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--limit", type=int, required=True)
    parser.add_argument("--decode", action="store_true")
    given = parser.parse_args()
    json.dump(asyncio.run(run(given.bootstrap, given.topic, given.limit, given.decode)), sys.stdout)


if __name__ == "__main__":
    main()
