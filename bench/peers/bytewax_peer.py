"""Bytewax: `stateful_map` with a recovery store; the changes go to a topic by its KafkaSink.

Every order gives one message with the changes of the counters; who wants the counters adds the messages up.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
from bytewax._bytewax import cli_main
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir

from bench.peers.job import Meter, OrderSeen, arguments, changes_of, order_of

Days = tuple[int | None, int | None]


def flow_of(bootstrap: str, topic: str, result: str, meter: Meter) -> Dataflow:
    """From the topic of orders to the topic of changes."""

    def decode(message: Any) -> tuple[str, OrderSeen] | None:
        meter.begin()
        event = json.loads(message.value)
        if event["type"] != "order.completed":
            return None
        order = order_of(event)
        return order.customer, order

    def handle(days: Days | None, order: OrderSeen) -> tuple[Days, bytes]:
        last, before_last = days or (None, None)
        changes = changes_of(last, before_last, order.day, order.revenue)
        meter.add(1)
        told = {"order": order.order_id, "changes": [[name, day, by] for (name, day), by in changes.items()]}
        return (order.day, last), json.dumps(told).encode()

    flow = Dataflow("retention")
    messages = op.input("orders", flow, KafkaSource([bootstrap], [topic], tail=False))
    orders = op.filter_map("decode", messages, decode)
    changes = op.stateful_map("days", orders, handle)
    out = op.map("message", changes, lambda one: KafkaSinkMessage(one[0].encode(), one[1]))
    op.output("changes", out, KafkaSink([bootstrap], result, add_config={"compression.type": "lz4"}))
    return flow


def main() -> None:
    """Entry of the subprocess: lines of progress, then one line of JSON."""
    given, meter = arguments(__doc__), Meter()
    store = Path(given.state) / given.name
    if not store.exists():
        store.mkdir(parents=True)
        init_db_dir(store, 1)
    cli_main(
        flow_of(given.bootstrap, given.topic, given.name, meter),
        epoch_interval=timedelta(seconds=given.save_seconds),
        recovery_config=RecoveryConfig(store, timedelta(0)),
    )
    meter.finish(ended=time.perf_counter())
    sys.stdout.flush()


if __name__ == "__main__":
    main()
