"""Quix Streams: a StreamingDataFrame with state, exactly once; the changes go to a topic, in its transactions.

Every order gives one message with the changes of the counters; who wants the counters adds the messages up.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from quixstreams import Application, State

from bench.peers.job import Meter, arguments, changes_of, order_of

IDLE_SECONDS = 3.0


def main() -> None:
    """Entry of the subprocess: lines of progress, then one line of JSON."""
    given, meter = arguments(__doc__), Meter()

    def handle(event: dict[str, Any], state: State) -> dict[str, Any]:
        meter.begin()
        order = order_of(event)
        last, before_last = state.get("days", default=[None, None])
        changes = changes_of(last, before_last, order.day, order.revenue)
        state.set("days", [order.day, last])
        meter.add(1)
        return {"order": order.order_id, "changes": [[name, day, by] for (name, day), by in changes.items()]}

    app = Application(
        broker_address=given.bootstrap,
        consumer_group=given.name,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=given.save_seconds,
        state_dir=f"{given.state}/{given.name}",
        # As short as the broker allows: a killed process is missed, and its open transaction ended, so much later.
        consumer_extra_config={"session.timeout.ms": 6_000},
        producer_extra_config={"transaction.timeout.ms": 10_000, "compression.type": "lz4"},
        loglevel="ERROR",
    )
    source = app.topic(given.topic, key_deserializer="bytes", value_deserializer="json")
    result = app.topic(given.name, key_serializer="bytes", value_serializer="json")
    orders = app.dataframe(source).filter(lambda event: event["type"] == "order.completed")
    orders.apply(handle, stateful=True).to_topic(result)
    if given.limit:
        app.run(count=given.limit, timeout=30, collect=False)
        meter.finish(ended=time.perf_counter())
    else:
        app.run(timeout=IDLE_SECONDS, collect=False)
        meter.finish()
    sys.stdout.flush()


if __name__ == "__main__":
    main()
